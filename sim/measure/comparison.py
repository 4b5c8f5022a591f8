"""Strategies side by side: means, paired differences to a baseline, and the trade-off.

In: measures by strategy and replicate. Out: the rows of ``comparison.csv`` and ``tradeoff.csv``.
Replicates are pairs: the same one is the same luck under every strategy. The statistics themselves
stand in ``paired`` and ``dominance``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.measure.dominance import tradeoff
from sim.measure.impact import Measure
from sim.measure.paired import Interval, PairedDifference, holm, mean_intervals, paired_differences
from sim.measure.resampling import CONFIDENCE
from sim.measure.summary import LEVEL
from sim.streams import Stream, Streams

EFFICACY = "target_user_hours_denied"
COLLATERAL = "business_hours_impaired"
NAN = float("nan")


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
        """Collect the measures of runs by replicate; at least one."""
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


Values = NDArray[np.float64]


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


@dataclass(frozen=True)
class TradeoffLine:
    """One strategy among the others: a row of ``tradeoff.csv``."""

    strategy: str
    efficacy_metric: str
    efficacy: float
    efficacy_low: float
    efficacy_high: float
    collateral_metric: str
    collateral: float
    collateral_low: float
    collateral_high: float
    collateral_per_efficacy: float
    ratio_low: float
    ratio_high: float
    is_dominated: bool | None
    dominated_by: str | None
    is_on_frontier: bool | None
    share_of_draws_on_frontier: float
    n_draws: int
    n_replicates: int


def compare_strategies(
    measured: Mapping[str, Measured], baseline: str, metrics: Sequence[str], root_seed: int
) -> tuple[ComparisonLine, ...]:
    """Hold every strategy against the baseline.

    Parameters
    ----------
    measured
        Measures by label; one without finished runs is left out.
    metrics
        The family of metrics compared; all if empty.
    root_seed
        Root of the bootstrap's luck.

    Notes
    -----
    Means span a strategy's own replicates, differences those it shares with the baseline: the same,
    unless runs failed or were interrupted.
    """
    lines = []
    against = measured.get(baseline)
    for labels, replicates in _alike(measured):
        parts = [measured[label] for label in labels]
        rows = [_rows_of(part, metrics) for part in parts]
        values = [part.at(replicates, row) for part, row in zip(parts, rows, strict=True)]
        means = mean_intervals(np.concatenate(values), _luck(root_seed))
        pairs: list[PairedDifference | None] = [None] * len(means)
        if against is not None:
            shared = np.intersect1d(replicates, against.replicate)
            pairs = _differences(parts, rows, against, shared, root_seed)
        at = 0
        for label, part, row in zip(labels, parts, rows, strict=True):
            for metric_row in row:
                pair = None if label == baseline else pairs[at]
                lines.append(_line(label, part, metric_row, means[at], baseline, pair))
                at += 1
    corrected = holm([line.p_value for line in lines]) if lines else ()
    order = list(measured)
    done = [replace(line, p_holm=float(p)) for line, p in zip(lines, corrected, strict=True)]
    return tuple(sorted(done, key=lambda line: order.index(line.strategy)))


def weigh_strategies(
    measured: Mapping[str, Measured],
    root_seed: int,
    efficacy: str = EFFICACY,
    collateral: str = COLLATERAL,
) -> tuple[TradeoffLine, ...]:
    """Weigh what the target lost against what others lost; nothing where either is not measured."""
    labels = list(measured)
    rows = [(part.row(efficacy), part.row(collateral)) for part in measured.values()]
    shared = _shared(measured)
    if not labels or not shared.size or any(None in pair for pair in rows):
        return ()
    both = np.array(
        [
            part.at(shared, [row for row in pair if row is not None])
            for part, pair in zip(measured.values(), rows, strict=True)
        ]
    )
    found = tradeoff(both[:, 0], both[:, 1], _luck(root_seed))
    lines = []
    for row, label in enumerate(labels):
        is_known = bool(found.is_known[row])
        by = int(found.dominated_by[row])
        lines.append(
            TradeoffLine(
                strategy=label,
                efficacy_metric=efficacy,
                efficacy=float(found.efficacy[row]),
                efficacy_low=float(found.efficacy_low[row]),
                efficacy_high=float(found.efficacy_high[row]),
                collateral_metric=collateral,
                collateral=float(found.collateral[row]),
                collateral_low=float(found.collateral_low[row]),
                collateral_high=float(found.collateral_high[row]),
                collateral_per_efficacy=float(found.ratio[row]),
                ratio_low=float(found.ratio_low[row]),
                ratio_high=float(found.ratio_high[row]),
                is_dominated=bool(found.is_dominated[row]) if is_known else None,
                dominated_by=labels[by] if by >= 0 else None,
                is_on_frontier=bool(found.is_on_frontier[row]) if is_known else None,
                share_of_draws_on_frontier=float(found.share_of_draws_on_frontier[row]),
                n_draws=found.n_draws,
                n_replicates=found.n_replicates,
            )
        )
    return tuple(lines)


def _alike(measured: Mapping[str, Measured]) -> Iterator[tuple[list[str], NDArray[np.int64]]]:
    """Labels with the same replicates, together: one resampling serves all of them."""
    groups: dict[bytes, list[str]] = {}
    for label, part in measured.items():
        groups.setdefault(part.replicate.tobytes(), []).append(label)
    for labels in groups.values():
        yield labels, measured[labels[0]].replicate


def _shared(measured: Mapping[str, Measured]) -> NDArray[np.int64]:
    """Replicates that all strategies have."""
    parts = [part.replicate for part in measured.values()]
    shared = parts[0] if parts else np.empty(0, np.int64)
    for other in parts[1:]:
        shared = np.intersect1d(shared, other)
    return shared


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
    return list(paired_differences(np.concatenate(values), np.concatenate(base), _luck(root_seed)))


def _line(
    label: str,
    part: Measured,
    row: int,
    mean: Interval,
    baseline: str,
    pair: PairedDifference | None,
) -> ComparisonLine:
    values = part.value[row]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail]) if values.size > 1 else (NAN, NAN)
    pair = pair or PairedDifference(NAN, NAN, NAN, NAN, NAN, NAN, 0)
    measure = part.metrics[row]
    return ComparisonLine(
        strategy=label,
        metric=measure.metric,
        unit=measure.unit,
        n_replicates=int(values.size),
        mean=mean.mean,
        median=float(np.median(values)),
        low=float(low),
        high=float(high),
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
        p_holm=NAN,
        confidence=CONFIDENCE,
        denominator=float(part.denominator[row].mean()),
        denominator_unit=measure.denominator_unit,
    )


def _luck(root_seed: int) -> np.random.Generator:
    """Luck of one resampling: always the same, so that a table does not hang on another."""
    return Streams(root_seed, 0).generator(Stream.BOOTSTRAP)
