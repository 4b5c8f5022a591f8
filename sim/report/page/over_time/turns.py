"""Days on which orders or withdrawals changed most for businesses, as the run's own events tell.

In: a run folder of one strategy. Out: marks for the axis of time, each with what was ordered that
day. A change at a second is put down to the entries that operators began or ceased to enforce in
that very second, and with them to the day on which these were ordered or withdrawn. Where the
register empties in between, a session stands in the place of a day, and its orders alone are told:
what they did ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sim.catalogue.choices import curve_name
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses
from sim.results.read import RunFolder
from sim.results.relations import connect_tables

IMPAIRED = curve_name("businesses_impaired")
MOST = 4
"""Most days that are marked."""
LEAST = 0.02
"""Least change, as a share of the most businesses impaired at once, for a day to be marked."""
APART = 30
"""Two marks are at least a run's length over this apart, so that each can be read."""
DAY_S = 86_400
_REPLICATES = 20
"""Replicates of which events are read."""

_CHANGES = """
WITH
curve AS (
    SELECT replicate, t_s, value - coalesce(lag(value) OVER (
        PARTITION BY replicate ORDER BY t_s), 0) AS change
    FROM curves
    WHERE metric = $metric AND replicate IN (SELECT unnest($replicates))
        AND provider IS NULL AND sector IS NULL AND role IS NULL
),
real AS (
    SELECT replicate, entry, kind, t_s
    FROM events ANTI JOIN (SELECT replicate, entry FROM entries WHERE mechanism = 'exempt')
        USING (replicate, entry)
    WHERE replicate IN (SELECT unnest($replicates))
),
acts AS (
    SELECT DISTINCT replicate, t_s, entry, kind = 'released' AS is_release
    FROM real WHERE kind IN ('enforced', 'released')
),
shared AS (
    SELECT replicate, t_s, entry, is_release,
        change / count(*) OVER (PARTITION BY replicate, t_s) AS change
    FROM acts JOIN curve USING (replicate, t_s)
    WHERE change <> 0 AND is_release = (change < 0)
),
placed AS (
    SELECT replicate, entry, t_s AS placed_s, kind = 'unblock' AS is_release
    FROM real WHERE kind IN ('block', 'unblock')
),
dated AS (
    SELECT shared.replicate, shared.t_s, shared.entry, shared.is_release, change, placed_s
    FROM shared ASOF JOIN placed
    ON shared.replicate = placed.replicate AND shared.entry = placed.entry
        AND shared.is_release = placed.is_release AND shared.t_s >= placed.placed_s
)
, starts AS (SELECT unnest($starts) AS from_s)
SELECT from_s, is_release, min(placed_s),
    sum(change ORDER BY replicate, t_s, entry) AS total, count(DISTINCT (replicate, entry))
FROM dated ASOF JOIN starts ON dated.placed_s >= starts.from_s
GROUP BY from_s, is_release ORDER BY abs(total) DESC, from_s, is_release
"""
"""Sums have a sequence, so that their last digits do not hang on how threads share the rows."""


@dataclass(frozen=True)
class Turn:
    """A day whose orders or withdrawals changed how many businesses were impaired.

    Attributes
    ----------
    at_s
        When the first of them was placed.
    is_withdrawal
        Whether entries were withdrawn; else they were ordered.
    n_entries, change
        Entries that changed something, and by how many businesses, means over replicates.
    """

    at_s: int
    is_withdrawal: bool
    n_entries: float
    change: float


def turns(run: RunFolder, sessions_s: Sequence[int] = ()) -> list[Turn]:
    """Days or sessions that changed most, in their sequence; none of a comparison.

    Parameters
    ----------
    sessions_s
        When sessions begin; of fewer than two, days are told.

    Raises
    ------
    DataError
        If the folder's tables cannot be read.
    """
    if len(run.strategies) > 1 or not (run.path / "events.parquet").is_file():
        return []
    points = run.curve(IMPAIRED)
    replicates = sorted(set(points.replicate.tolist()))[:_REPLICATES]
    midnight = run.start.replace(hour=0, minute=0, second=0, microsecond=0)
    by_session = len(sessions_s) > 1
    first_s = (midnight - run.start) // timedelta(seconds=1)
    starts = list(sessions_s) if by_session else list(range(first_s, run.horizon_s, DAY_S))
    with connect_tables(run.path) as connection:
        found = connection.execute(
            _CHANGES,
            {
                "metric": IMPAIRED,
                "replicates": replicates,
                "starts": starts,
            },
        ).fetchall()
    n = max(len(replicates), 1)
    # What turned one business is no cliff.
    least = max(LEAST * float(points.value.max(initial=0.0)), 1.0)
    told: list[Turn] = []
    for _, is_withdrawal, at_s, change, n_entries in found:
        one = Turn(int(at_s), bool(is_withdrawal), n_entries / n, change / n)
        if by_session and one.is_withdrawal:
            continue
        is_near = any(abs(one.at_s - other.at_s) < run.horizon_s / APART for other in told)
        # A sum of many parts of one business may come to a little more than it.
        if round(abs(one.change), 6) > least and not is_near and len(told) < MOST:
            told.append(one)
    return sorted(told, key=lambda one: one.at_s)


def turn_marks(
    run: RunFolder, words: Language = IN_ENGLISH, sessions_s: Sequence[int] = ()
) -> list[dict[str, Any]]:
    """Marks of the axis of time, as JSON values: a second, and a few words each."""
    has_clock = len(sessions_s) > 1
    found = turns(run, sessions_s)
    return [{"t": one.at_s, "text": _said(run, one, words, has_clock=has_clock)} for one in found]


def _said(run: RunFolder, one: Turn, words: Language, *, has_clock: bool) -> str:
    at = run.start + timedelta(seconds=one.at_s)
    what = (
        "{day}: entries withdrawn: {n}; businesses impaired: {change}"
        if one.is_withdrawal
        else "{day}: entries ordered: {n}; businesses impaired: {change}"
    )
    sign = "+" if one.change > 0 else "\N{MINUS SIGN}"
    return words.say(
        what,
        day=f"{words.short_day(at)}, {at:%H:%M}" if has_clock else words.short_day(at),
        n=words.digits(businesses(one.n_entries)),
        change=f"{sign}{words.digits(businesses(abs(one.change)))}",
    )
