"""Summarises measures over the simulations of an ensemble: median and 90 % range.

The simulations have equal weight. Where a measure is not known in some of them, its statistics are
those of the others, and both numbers of simulations are reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.catalogue import choices
from sim.measure.measures import Measure
from sim.results.tables import Line
from sim.scenario.tables.rows import FigureRow

LEVEL = 0.90
"""Share of simulations inside the range that every table, figure and page shows."""
SHARES = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
"""Shares of simulations below the lower end, the median and the upper end."""


class Spread(NamedTuple):
    """Statistics of many values of one number, named like the columns of tables."""

    median: float
    low: float
    high: float


NOT_KNOWN = Spread(math.nan, math.nan, math.nan)


def ends(name: str, spread: Spread) -> dict[str, float]:
    """Columns of a spread that are named after what it is of."""
    return {name: spread.median, f"{name}_low": spread.low, f"{name}_high": spread.high}


def is_zero(spread: Spread) -> bool:
    """Whether a median and its range are zero."""
    return spread.median == 0 and not (spread.low < 0 or spread.high > 0)


def spread_of(values: NDArray[np.float64]) -> Spread:
    """Median, 5th and 95th percentile of known values, as `quantiles_of` reads them.

    Parameters
    ----------
    values : shape (n,)
        NaN where not known.

    Returns
    -------
    spread
        NaN where nothing is known; low and high are NaN where one value is.
    """
    known = values[~np.isnan(values)]
    if known.size < 2:
        return Spread(float(known[0]), math.nan, math.nan) if known.size else NOT_KNOWN
    low, median, high = quantiles_of(known).tolist()
    return Spread(median, low, high)


def quantiles_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """5th percentile, median and 95th over the last axis; NaN where a value is.

    They lie between order statistics, unless a value is in two simulations on average. Then each is
    a value that a simulation has: none has 0.15 of three sites.
    """
    kinds = 1 + (np.diff(np.sort(values)) != 0).sum(axis=-1)
    steps, linear = (
        np.quantile(values, SHARES, axis=-1, method=method) for method in ("inverted_cdf", "linear")
    )
    return np.where(2 * kinds <= values.shape[-1], steps, linear)


def spreads_of(values: NDArray[np.float64]) -> list[Spread]:
    """`spread_of` of each row: hundreds of rows take hardly longer than one.

    Parameters
    ----------
    values : shape (n, n_values)
    """
    whole = np.flatnonzero(~np.isnan(values).any(axis=1) & (values.shape[1] > 1)).tolist()
    low, median, high = quantiles_of(values[whole]) if len(whole) else ((),) * 3
    found = {row: Spread(*one) for row, *one in zip(whole, median, low, high, strict=True)}
    return [found[row] if row in found else spread_of(one) for row, one in enumerate(values)]


def end_errors(values: NDArray[np.float64]) -> tuple[float, float]:
    """Standard errors of the 5th and the 95th percentile of known values, by the bootstrap.

    The bootstrap of an order statistic needs no resampling: which value a resample's percentile is
    has a beta distribution (Maritz and Jarrett 1978, Journal of the American Statistical
    Association 73, 194-196).

    Parameters
    ----------
    values : shape (n,)
        NaN where not known.

    Returns
    -------
    low_error, high_error
        NaN where fewer than two values are known.
    """
    from scipy.special import betainc

    known = np.sort(values[~np.isnan(values)])
    if (n := known.size) < 2:
        return math.nan, math.nan
    # Around the middle, since squares of large numbers would leave nothing of a small spread.
    apart = known - known[n // 2]
    steps = np.arange(n + 1) / n
    found = []
    for share in (SHARES[0], SHARES[-1]):
        rank = share * (n - 1) + 1  # where `numpy.quantile` reads a percentile, from 1
        weight = np.diff(betainc(rank, n + 1 - rank, steps))
        found.append(math.sqrt(max(weight @ apart**2 - (weight @ apart) ** 2, 0.0)))
    return found[0], found[1]


def summarise(
    strategy: str, part: Measured, figures: Sequence[FigureRow] = (), sample: Sample | None = None
) -> list[Line]:
    """Summarise each measure over simulations: rows of ``summary.csv``.

    Parameters
    ----------
    figures
        Published figures; those that name a metric are shown next to it.
    sample
        What their zeros show: where none is given, that there is none of it.
    """
    beside: Mapping[str, FigureRow] = {row.metric: row for row in figures if row.metric}
    lines = []
    described = part.describe(list(part.row), sample or CERTAIN)
    for line, values in zip(described, part.value, strict=True):
        figure = beside.get(line["metric"])
        low_error, high_error = end_errors(values) if line["n_known"] else NOT_KNOWN[1:]
        lines.append(
            Line.of(
                "summary.csv",
                strategy=strategy,
                published=figure.value if figure else "",
                published_source=figure.source if figure else "",
                low_error=low_error,
                high_error=high_error,
                **line,
            )
        )
    return lines


TOO_FEW = 3.0
"""Expected below it, a sample shows none in more than one draw of twenty by chance alone."""
RULE_OF_THREE = 3.0
"""Upper end of a 95 % interval of a share, times n, if none of n trials had the event: the rule of
three, as 0.05 is about exp(-3) (Hanley and Lippman-Hand 1983)."""


class Sample(NamedTuple):
    """Upper bounds that zeros of a sample give for the businesses it represents."""

    at_most: float
    """Share of all below which harm is where none of the sample has any: the rule of three. 0 where
    no address was listed, or none was drawn: a zero is one. NaN where what was listed contains no
    range of a drawn host, so that none could be hit, or sites were not polled everywhere."""
    is_hit: bool
    """Whether any business was affected in more than one simulation of twenty."""

    @classmethod
    def of(cls, values_of: Callable[[str], NDArray[np.float64]], n_drawn: float) -> Sample:
        """Read it off the measures of a strategy.

        Parameters
        ----------
        values_of
            Values of a measure by name; NaN where one is not known.
        n_drawn
            Businesses that are drawn.
        """
        is_hit = spread_of(values_of(choices.AFFECTED))
        listed = np.concatenate([values_of(name) for name in choices.LISTED])
        known = listed[~np.isnan(listed)]
        is_reached = not is_zero(spread_of(values_of(choices.EXPECTED)))
        at_most = min(RULE_OF_THREE / n_drawn, 1.0) if n_drawn > 0 else 0.0
        if known.size and not known.any():
            at_most = 0.0
        elif at_most and not is_reached and is_zero(is_hit):
            at_most = math.nan
        return cls(at_most, not is_zero(is_hit))

    @property
    def has_missed(self) -> bool:
        """Whether none was hit, or not all polled, so that zeros are not certain."""
        return math.isnan(self.at_most) or (not self.is_hit and self.at_most > 0)

    def bound(self, metric: str, unit: str, of: str, whole: float) -> float:
        """Number below which a harm is, where the sample has none: in three states.

        Parameters
        ----------
        unit, of, whole
            Unit of the measure, and of what it is out of, with how much of that there is.

        Returns
        -------
        bound
            In the unit of the measure. 0 where a zero is certain, NaN where it is not known: where
            none could be hit, and where none was and the measure counts no part of businesses or
            of their hours.
        """
        if choices.harm_of(metric) not in choices.OF_SAMPLE or self.at_most == 0:
            return 0.0
        if metric == choices.EVER_SHARE:
            return self.at_most
        if unit == of:
            return self.at_most * whole
        return 0.0 if self.is_hit and self.at_most > 0 else math.nan


CERTAIN = Sample(0.0, is_hit=True)
"""A sample in which each zero is exact."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Measures of one strategy."""

    replicate: NDArray[np.int64]
    """Which simulations are finished; shape (n_simulations,), ascending."""
    metrics: tuple[Measure, ...]
    """Name, unit and unit of the denominator of each row, in the sequence of measuring."""
    value: NDArray[np.float64]
    denominator: NDArray[np.float64]
    """NaN where not known; shape (n_metrics, n_simulations)."""
    n_missed: int = 0
    """Sites without an address that no simulation affects, among those not known."""

    @classmethod
    def of(cls, runs: Mapping[int, Sequence[Measure]]) -> Measured:
        """Collect the measures of at least one run, by simulation."""
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

    def values(self, metrics: Sequence[str]) -> NDArray[np.float64]:
        """Values of metrics, shape (n_metrics, n_simulations); NaN where one was not measured.

        By name: strategies need not have the same rows.
        """
        found = np.full((len(metrics), self.replicate.size), np.nan)
        for values, metric in zip(found, metrics, strict=True):
            if metric in self.row:
                values[:] = self.value[self.row[metric]]
        return found

    @property
    def is_unpolled(self) -> bool:
        """Whether sites were not polled at every operator, so that counts are lower bounds."""
        return bool(np.nan_to_num(self.values(choices.UNPOLLED) - [[self.n_missed], [0]]).any())

    @property
    def is_open(self) -> bool:
        """Whether sites are not known for want of polls or an address: likewise."""
        return self.is_unpolled or self.n_missed > 0

    def with_missed(self, n: int) -> Measured:
        """Return the measures with more sites not known; shares of all are then not known."""
        value = self.value.copy()
        if n:
            value[self.row[choices.UNPOLLED[0]]] += n
            value[[self.row[name] for name in choices.SHARES_OF_BUSINESSES if name in self.row]] = (
                math.nan
            )
        return Measured(self.replicate, self.metrics, value, self.denominator, n)

    def sample(self) -> Sample:
        """Sample by which zeros of these measures are read."""
        n_drawn = (
            np.median(self.denominator[self.row[choices.EXPECTED]])
            if choices.EXPECTED in self.row
            else 0.0
        )
        found = Sample.of(lambda name: self.values((name,))[0], float(n_drawn))
        return found._replace(at_most=math.nan) if self.is_open else found

    def describe(self, metrics: Sequence[str], sample: Sample) -> list[dict[str, Any]]:
        """Columns that every table of measures has, for each of some metrics.

        Parameters
        ----------
        sample
            What their zeros show.
        """
        rows = [self.row[name] for name in metrics]
        value = self.value[rows]
        whole = np.where(np.isnan(value), np.nan, self.denominator[rows])
        lines = []
        for row, values, spread, of in zip(
            rows, value, spreads_of(value), spreads_of(whole), strict=True
        ):
            one = self.metrics[row]
            bound = sample.bound(one.metric, one.unit, one.denominator_unit, of.median)
            is_missed = is_zero(spread) and math.isnan(bound)
            lines.append(
                {
                    "metric": one.metric,
                    "unit": one.unit,
                    **(NOT_KNOWN if is_missed else spread)._asdict(),
                    "level": LEVEL,
                    "n_simulations": int(values.size),
                    "n_known": 0 if is_missed else int((~np.isnan(values)).sum()),
                    "denominator": of.median,
                    "denominator_unit": one.denominator_unit,
                    "zero_at_most": bound,
                }
            )
        return lines

    def only(self, replicates: NDArray[np.int64]) -> Measured:
        """Return the measures in some of the simulations."""
        is_kept = np.isin(self.replicate, replicates)
        columns = (self.value[:, is_kept], self.denominator[:, is_kept], self.n_missed)
        return Measured(self.replicate[is_kept], self.metrics, *columns)

    def has_missed(self, metric: str, n_drawn: float) -> bool:
        """Whether no value of a harm is above zero, though what was listed hardly hit any business.

        Parameters
        ----------
        metric
            The measure; an effect on the target is no sample.
        n_drawn
            Businesses that are drawn; without any only names are a sample.
        """
        if metric not in self.row or metric in (*choices.EFFECTS, choices.TARGET_LOST):
            return False
        if not (n_drawn or self.metrics[self.row[metric]].unit.startswith("names")):
            return False
        harm = self.values((metric,))
        if not (harm == 0).any() or np.nan_to_num(harm).any():
            return False
        listed, expected = self.values(choices.LISTED), self.values((choices.EXPECTED,))
        known = listed[~np.isnan(listed)]
        if known.size and not known.any():
            return False
        expected = expected[~np.isnan(expected)]
        return not (expected.size and expected.mean() >= TOO_FEW)
