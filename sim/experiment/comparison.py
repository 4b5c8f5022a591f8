"""Strategies side by side: means, and paired differences to a baseline.

In: measures by strategy and replicate. Out: the rows of ``comparison.csv``. Differences are paired:
a replicate is the same luck under every strategy. The statistics are in ``paired`` and ``ratios``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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

    def at(self, replicates: NDArray[np.int64], metric_rows: Sequence[int]) -> Values:
        """Values in some of the replicates, shape (n_rows, n_replicates)."""
        column = np.searchsorted(self.replicate, replicates)
        return self.value[np.ix_(np.array(metric_rows, np.int64), column)]

    def row(self, metric: str) -> int | None:
        """Row of a metric; None where it was not measured."""
        names = [measure.metric for measure in self.metrics]
        return names.index(metric) if metric in names else None


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
    Means are over a strategy's own replicates, differences over those it shares with the baseline;
    these are the same unless runs failed or were interrupted. Ratios are ratios of sums over
    replicates, and their differences have no t test.
    """
    lines = []
    against = measured.get(baseline)
    for labels, replicates in _alike(measured):
        parts = [measured[label] for label in labels]
        rows = [_rows_of(part, metrics) for part in parts]
        values = [part.at(replicates, row) for part, row in zip(parts, rows, strict=True)]
        means = mean_intervals(np.concatenate(values), luck_of(root_seed))
        pairs: list[PairedDifference | None] = [None] * len(means)
        if against is not None:
            shared = np.intersect1d(replicates, against.replicate)
            pairs = _differences(parts, rows, against, shared, root_seed)
        at = 0
        for label, part, row in zip(labels, parts, rows, strict=True):
            for metric_row in row:
                pair = None if label == baseline else pairs[at]
                mean, ratio = means[at], RATIOS.get(part.metrics[metric_row].metric)
                if ratio is not None:
                    mean = ratio_of(part, ratio, root_seed)
                if ratio is not None and pair is not None and against is not None:
                    pair = ratio_to(part, against, ratio, root_seed)
                lines.append(_line(label, part, metric_row, mean, baseline, pair))
                at += 1
    corrected = holm([line.p_value for line in lines]) if lines else ()
    order = list(measured)
    done = [replace(line, p_holm=float(p)) for line, p in zip(lines, corrected, strict=True)]
    return tuple(sorted(done, key=lambda line: order.index(line.strategy)))


def _alike(measured: Mapping[str, Measured]) -> Iterator[tuple[list[str], NDArray[np.int64]]]:
    """Group labels by their replicates: one resampling serves all labels of a group."""
    groups: dict[bytes, list[str]] = {}
    for label, part in measured.items():
        groups.setdefault(part.replicate.tobytes(), []).append(label)
    for labels in groups.values():
        yield labels, measured[labels[0]].replicate


def _rows_of(part: Measured, metrics: Sequence[str]) -> list[int]:
    names = [measure.metric for measure in part.metrics]
    return [row for row, name in enumerate(names) if not metrics or name in metrics]


def _differences(
    parts: Sequence[Measured],
    rows: Sequence[Sequence[int]],
    against: Measured,
    shared: NDArray[np.int64],
    root_seed: int,
) -> list[PairedDifference | None]:
    """Differences of all rows of some strategies to those of the baseline."""
    if not shared.size:
        return [None] * sum(len(row) for row in rows)
    values = [part.at(shared, row) for part, row in zip(parts, rows, strict=True)]
    base = [against.at(shared, row) for row in rows]
    return list(
        paired_differences(np.concatenate(values), np.concatenate(base), luck_of(root_seed))
    )


def ratio_of(part: Measured, ratio: Ratio, root_seed: int) -> Interval:
    """Ratio of sums over a strategy's replicates; NaN where its parts were not measured."""
    found = _parts_of(part, ratio, part.replicate)
    return ratio_interval(found[0], found[1], luck_of(root_seed), per=ratio.per)


def ratio_to(part: Measured, against: Measured, ratio: Ratio, root_seed: int) -> PairedDifference:
    """Ratio of a strategy minus that of the baseline, over the replicates that both have."""
    shared = np.intersect1d(part.replicate, against.replicate)
    one, other = (_parts_of(each, ratio, shared) for each in (part, against))
    return ratio_difference(one, other, luck_of(root_seed), per=ratio.per)


def _parts_of(part: Measured, ratio: Ratio, replicates: NDArray[np.int64]) -> Values:
    """Numerator and denominator of a ratio, shape (2, n_replicates)."""
    rows = [part.row(metric) for metric in (ratio.above, ratio.below)]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return np.full((len(rows), replicates.size), np.nan)
    return part.at(replicates, known)


def _line(
    label: str,
    part: Measured,
    row: int,
    mean: Interval,
    baseline: str,
    pair: PairedDifference | None,
) -> ComparisonLine:
    values = part.value[row]
    spread = spread_of(values)
    pair = pair or PairedDifference.unknown(0)
    measure = part.metrics[row]
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
