"""Key figures, or the trade-off of strategies, of the runs that are finished so far.

In: measures of runs, one after the other. Out: the same table as of a finished result, from means
of the scenario as given. Ratios of means are left out: they are not the mean of ratios.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.catalogue.choices import RATIOS
from sim.experiment.executors.task import Key
from sim.explore.answer import figures_of
from sim.measure.measures import Measure
from sim.results.tables import Row


class LiveFigures:
    """Means of measures over the finished replicates of the scenario as given.

    Parameters
    ----------
    strategies
        As in a manifest, in the sequence in which they are shown; none for a run.
    baseline
        Of a comparison, the strategy that is not shown.
    """

    def __init__(self, strategies: Sequence[Mapping[str, Any]], baseline: str | None) -> None:
        self._strategies, self._baseline = strategies, baseline
        self._values: dict[tuple[str, str], list[Measure]] = {}

    def finish(self, key: Key, measures: Iterable[Measure]) -> None:
        """Take in the measures of a finished run."""
        if int(key[0]) > 0:
            return  # a draw
        for one in measures:
            if one.metric not in RATIOS:
                self._values.setdefault((str(key[1]), one.metric), []).append(one)

    def table(self) -> dict[str, Any]:
        """Headings and rows; none while nothing is finished."""
        rows = [_row(label, known) for (label, _), known in self._values.items()]
        return figures_of(rows, self._strategies, self._baseline, n_draws=0)


def _row(label: str, known: Sequence[Measure]) -> Row:
    first = known[0]
    return {
        "strategy": label,
        "metric": first.metric,
        "unit": first.unit,
        "mean": math.fsum(one.value for one in known) / len(known),
        "low": math.nan,
        "high": math.nan,
        "denominator": math.fsum(one.denominator for one in known) / len(known),
        "denominator_unit": first.denominator_unit,
    }
