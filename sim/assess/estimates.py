"""Means over replicates with their intervals, as an assessment quotes them.

In: the measures of a comparison. Out: estimates, differences and ratios. It weighs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import EFFICACY
from sim.errors import DataError, Problem, UsageError
from sim.measure.missed import has_missed
from sim.measure.ratios import ratio_interval
from sim.results.read import Measures
from sim.scenario.refusal import hint
from sim.statistics.paired import PairedDifference, mean_intervals, paired_differences
from sim.streams import Stream, Streams

UNKNOWN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A mean over replicates with its interval.

    Attributes
    ----------
    mean, low, high
        BCa interval of the mean; NaN where not known.
    denominator
        What it is out of, mean over replicates; NaN where there is nothing.
    """

    mean: float
    low: float
    high: float
    denominator: float = UNKNOWN


class PairedMeasures:
    """Measures by strategy and metric, in the replicates that all strategies share."""

    def __init__(
        self,
        measures: Measures,
        labels: Sequence[str],
        efficacy: str,
        collateral: str,
        n_drawn: float,
    ) -> None:
        self._measures, self._n_drawn = measures, n_drawn
        self._wanted = (efficacy, collateral)
        self.units: dict[str, str] = dict(
            zip(measures.metric.tolist(), measures.unit.tolist(), strict=True)
        )
        known = sorted(self.units)
        for metric in self._wanted:
            if metric not in self.units and metric != EFFICACY:
                raise UsageError(
                    f"expected one of the metrics {', '.join(known)}, got {metric!r}"
                    f"{hint(metric, known)}"
                )
        shared: NDArray[np.int64] | None = None
        for label in labels:
            mine = np.unique(measures.replicate[measures.strategy == label])
            shared = mine if shared is None else np.intersect1d(shared, mine)
        if shared is None or not shared.size:
            problem = Problem("measures.parquet", "expected a replicate that all strategies share")
            raise DataError([problem])
        self.replicates = shared

    @property
    def n_replicates(self) -> int:
        """Number of replicates."""
        return int(self.replicates.size)

    def of(self, label: str, metric: str) -> tuple[NDArray[np.float64], float]:
        """Values in the shared replicates and mean denominator; NaN where not measured."""
        measures = self._measures
        row = (measures.strategy == label) & (measures.metric == metric)
        row &= np.isin(measures.replicate, self.replicates)
        if np.count_nonzero(row) != self.n_replicates:
            return np.full(self.n_replicates, np.nan), UNKNOWN
        order = np.argsort(measures.replicate[row])
        values, denominator = measures.value[row][order], float(measures.denominator[row].mean())
        if metric == self._wanted[1] and self.has_missed(lambda name: self._all_of(label, name)):
            values = np.full_like(values, np.nan)
        return values, denominator

    def _all_of(self, label: str, metric: str) -> NDArray[np.float64]:
        measures = self._measures
        rows = (measures.strategy == label) & (measures.metric == metric)
        return np.asarray(measures.value[rows], np.float64)

    def has_missed(self, values_of: Callable[[str], NDArray[np.float64]]) -> bool:
        """Whether collateral is that of a sample that could hardly be hit: not known, no zero."""
        metric = self._wanted[1]
        return has_missed(metric, self.units[metric], self._n_drawn, values_of)

    def rows(self, label: str) -> NDArray[np.float64]:
        """Effect and collateral, shape (2, n_replicates)."""
        return np.array([self.of(label, metric)[0] for metric in self._wanted])


def bootstrap_luck(streams: Streams) -> np.random.Generator:
    """A generator that starts anew for each resampling, so that no number depends on another."""
    return streams.generator(Stream.BOOTSTRAP)


def estimate_mean(values: PairedMeasures, label: str, metric: str, luck: Streams) -> Estimate:
    """Mean of a metric under a strategy."""
    row, denominator = values.of(label, metric)
    (found,) = mean_intervals(row[None], bootstrap_luck(luck))
    return Estimate(found.mean, found.low, found.high, denominator)


def estimate_difference(
    values: PairedMeasures, label: str, other: str, metric: str, luck: Streams
) -> PairedDifference:
    """Paired difference of a metric between two strategies."""
    rows = [values.of(name, metric)[0][None] for name in (label, other)]
    (found,) = paired_differences(rows[0], rows[1], bootstrap_luck(luck))
    return found


def estimate_ratio(
    above: NDArray[np.float64], below: NDArray[np.float64], luck: Streams
) -> Estimate:
    """Ratio of two means with its BCa interval; NaN where the lower one may be zero."""
    if not below.mean() > 0:
        return Estimate(UNKNOWN, UNKNOWN, UNKNOWN)
    found = ratio_interval(above, below, bootstrap_luck(luck))
    return Estimate(found.mean, found.low, found.high)
