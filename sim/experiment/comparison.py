"""Strategies side by side: means, and paired differences to a baseline.

In: measures by strategy and replicate. Out: the rows of ``comparison.csv``. Differences are paired:
a replicate is the same luck under every strategy. The statistics are in ``paired`` and ``ratios``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import RATIOS
from sim.catalogue.declaration import Ratio
from sim.measure.measures import Measure
from sim.measure.ratios import ratio_difference, ratio_interval
from sim.measure.summary import LEVEL, luck_of, spread_of
from sim.statistics.paired import (
    Interval,
    PairedDifference,
    holm,
    mean_intervals,
    paired_differences,
)
from sim.statistics.resampling import CONFIDENCE, Values


@dataclass(frozen=True, eq=False)
class Measured:
    """Measures of one strategy.

    Attributes
    ----------
    replicate : shape (n_replicates,), ascending
        Which replicates are finished.
    metrics
        Name, unit and unit of the denominator of each row, in the sequence of measuring.
    value, denominator : shape (n_metrics, n_replicates)
        NaN where not known.
    """

    replicate: NDArray[np.int64]
    metrics: tuple[Measure, ...]
    value: NDArray[np.float64]
    denominator: NDArray[np.float64]

    @classmethod
    def of(cls, runs: Mapping[int, Sequence[Measure]]) -> Measured:
        """Collect the measures of at least one run, by replicate."""
        rows = [runs[replicate] for replicate in sorted(runs)]
        return cls(
            np.array(sorted(runs), np.int64),
            tuple(rows[0]),
            np.array([[measure.value for measure in row] for row in rows]).T,
            np.array([[measure.denominator for measure in row] for row in rows]).T,
        )

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Row of each metric that was measured."""
        return {measure.metric: row for row, measure in enumerate(self.metrics)}

    def values(self, metrics: Sequence[str]) -> Values:
        """Values of metrics, shape (n_metrics, n_replicates); NaN where one was not measured.

        By name: strategies need not have the same rows.
        """
        found = np.full((len(metrics), self.replicate.size), np.nan)
        for values, metric in zip(found, metrics, strict=True):
            if metric in self.row:
                values[:] = self.value[self.row[metric]]
        return found

    def only(self, replicates: NDArray[np.int64]) -> Measured:
        """Return the measures in some of the replicates."""
        is_kept = np.isin(self.replicate, replicates)
        columns = (self.value[:, is_kept], self.denominator[:, is_kept])
        return Measured(self.replicate[is_kept], self.metrics, *columns)


def in_shared_replicates(measured: Mapping[str, Measured]) -> dict[str, Measured]:
    """Measures in the replicates that all strategies have; nothing where there are none."""
    parts = [part.replicate for part in measured.values()]
    shared = reduce(np.intersect1d, parts) if parts else np.empty(0, np.int64)
    return {label: part.only(shared) for label, part in measured.items() if shared.size}


@dataclass(frozen=True)
class ComparisonLine:
    """One strategy in one metric: a row of ``comparison.csv``."""

    strategy: str
    metric: str
    unit: str
    n_replicates: int
    mean: float
    median: float
    low: float
    high: float
    level: float
    mean_low: float
    mean_high: float
    baseline: str
    difference: float
    difference_low: float
    difference_high: float
    difference_t_low: float
    difference_t_high: float
    p_value: float
    p_holm: float
    confidence: float
    denominator: float
    denominator_unit: str


def compare_strategies(
    measured: Mapping[str, Measured], baseline: str, metrics: Sequence[str], root_seed: int
) -> tuple[ComparisonLine, ...]:
    """Compare every strategy with the baseline.

    Parameters
    ----------
    measured
        Measures by label; one without finished runs is left out.
    metrics
        The family of metrics compared; all if empty.
    root_seed
        Root of the random streams of the bootstrap.

    Notes
    -----
    Means and differences are over the replicates that all strategies have, so that each difference
    is that of the means beside it. Nothing is compared where there are none. Ratios are ratios of
    sums over replicates, and their differences have no t test.
    """
    measured = in_shared_replicates(measured)
    if not measured:
        return ()
    rows = {
        label: [name for name in part.row if not metrics or name in metrics]
        for label, part in measured.items()
    }
    values = np.concatenate([part.values(rows[label]) for label, part in measured.items()])
    means = iter(mean_intervals(values, luck_of(root_seed)))
    pairs: Iterator[PairedDifference | None] = repeat(None)
    if (against := measured.get(baseline)) is not None:
        base = np.concatenate([against.values(names) for names in rows.values()])
        pairs = iter(paired_differences(values, base, luck_of(root_seed)))
    lines: list[ComparisonLine] = []
    for label, part in measured.items():
        for metric in rows[label]:
            mean, pair, ratio = next(means), next(pairs), RATIOS.get(metric)
            if ratio is not None:
                mean = ratio_of(part, ratio, root_seed)
            if label == baseline:
                pair = None
            elif ratio is not None and against is not None:
                pair = ratio_to(part, against, ratio, root_seed)
            lines.append(_line(label, part, metric, mean, baseline, pair))
    corrected = holm([line.p_value for line in lines])
    return tuple(replace(line, p_holm=float(p)) for line, p in zip(lines, corrected, strict=True))


def ratio_of(part: Measured, ratio: Ratio, root_seed: int) -> Interval:
    """Ratio of sums over a strategy's replicates; NaN where its parts were not measured."""
    above, below = part.values((ratio.above, ratio.below))
    return ratio_interval(above, below, luck_of(root_seed), per=ratio.per)


def ratio_to(part: Measured, against: Measured, ratio: Ratio, root_seed: int) -> PairedDifference:
    """Ratio of a strategy minus that of the baseline, in the same replicates."""
    one, other = (each.values((ratio.above, ratio.below)) for each in (part, against))
    return ratio_difference(one, other, luck_of(root_seed), per=ratio.per)


def _line(
    label: str,
    part: Measured,
    metric: str,
    mean: Interval,
    baseline: str,
    pair: PairedDifference | None,
) -> ComparisonLine:
    row = part.row[metric]
    values, measure = part.value[row], part.metrics[row]
    spread = spread_of(values)
    pair = pair or PairedDifference.unknown(0)
    return ComparisonLine(
        strategy=label,
        metric=measure.metric,
        unit=measure.unit,
        n_replicates=int(values.size),
        mean=mean.mean,
        median=spread.median,
        low=spread.low,
        high=spread.high,
        level=LEVEL,
        mean_low=mean.low,
        mean_high=mean.high,
        baseline=baseline,
        difference=pair.mean,
        difference_low=pair.low,
        difference_high=pair.high,
        difference_t_low=pair.t_low,
        difference_t_high=pair.t_high,
        p_value=pair.p_value,
        p_holm=math.nan,
        confidence=CONFIDENCE,
        denominator=float(part.denominator[row].mean()),
        denominator_unit=measure.denominator_unit,
    )
