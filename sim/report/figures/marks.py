"""Published totals of addresses, to stand beside what is drawn or told.

In: a run folder. Out: totals with their times. It draws nothing, so that it loads no matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.scenario.tables.rows import PublishedTotalRow

DAY_S = 86_400


@dataclass(frozen=True)
class Mark:
    """One published total.

    Attributes
    ----------
    from_s, to_s
        When it was true, in seconds since the scenario's start; equal for a point in time.
    addresses
        The total.
    is_published
        Whether it was published as such; else computed or derived from what was published.
    """

    from_s: int
    to_s: int
    addresses: int
    is_published: bool


def read_marks(run: RunFolder) -> list[Mark]:
    """Published totals of a run, from the copy in its folder."""
    marks = []
    for row in input_rows(run, "published", "totals", PublishedTotalRow):
        is_published = row.source.startswith("published")
        if "T" in row.when:
            at_s = int((datetime.fromisoformat(row.when) - run.start).total_seconds())
            marks.append(Mark(at_s, at_s, row.addresses, is_published))
        else:
            day = datetime.fromisoformat(row.when).replace(tzinfo=run.start.tzinfo)
            from_s = int((day - run.start).total_seconds())
            marks.append(Mark(from_s, from_s + DAY_S, row.addresses, is_published))
    return marks
