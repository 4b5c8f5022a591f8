"""Summarises measures over replicates: mean, median and an interval.

In: the measures of each replicate. Out: one line per measure. The interval spans luck alone, not
what the assumptions may change. Ratios are ratios of sums over replicates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import RATIOS
from sim.catalogue.declaration import Ratio
from sim.measure.measures import Measure
from sim.measure.ratios import over, ratio_interval
from sim.scenario.tables.rows import FigureRow
from sim.streams import Stream, Streams

LEVEL = 0.90
"""Share of replicates inside the interval that summaries and bands show."""


def luck_of(root_seed: int) -> np.random.Generator:
    """Generator of one resampling, always the same: no table depends on which came before it."""
    return Streams(root_seed, 0).generator(Stream.BOOTSTRAP)


class Spread(NamedTuple):
    """Statistics of many values of one number, named like the columns of tables."""

    mean: float
    median: float
    low: float
    high: float


def spread_of(values: NDArray[np.float64], n: int | None = None) -> Spread:
    """Mean, median, 5th and 95th percentile (linear between order statistics).

    Parameters
    ----------
    values
        NaN in one makes all four NaN; so do no values at all.
    n
        With fewer than two of these, low and high are NaN: the number of values when None.
    """
    if values.size == 0:
        return Spread(math.nan, math.nan, math.nan, math.nan)
    tail = (1 - LEVEL) / 2
    has_range = (values.size if n is None else n) > 1
    low, high = np.quantile(values, [tail, 1 - tail]) if has_range else (math.nan, math.nan)
    return Spread(float(values.mean()), float(np.median(values)), float(low), float(high))


def spreads_of(values: NDArray[np.float64]) -> list[Spread]:
    """`spread_of` each row: hundreds of rows take hardly longer than one.

    Parameters
    ----------
    values : shape (n, n_values)
    """
    if values.size == 0:
        return [spread_of(row) for row in values]
    tail = (1 - LEVEL) / 2
    low, high = (
        np.quantile(values, [tail, 1 - tail], axis=1)
        if values.shape[1] > 1
        else np.full((2, len(values)), math.nan)
    )
    columns = values.mean(axis=1), np.median(values, axis=1), low, high
    return [Spread(*row) for row in np.transpose(columns).tolist()]


@dataclass(frozen=True)
class SummaryLine:
    """One measure over replicates.

    Attributes
    ----------
    low, high
        5th and 95th percentile over replicates; NaN with one replicate. Of a ratio, the BCa
        interval at that level.
    published, published_source
        The published figure it stands beside; empty where there is none.
    """

    strategy: str
    metric: str
    unit: str
    mean: float
    median: float
    low: float
    high: float
    level: float
    n_replicates: int
    denominator: float
    denominator_unit: str
    published: str = ""
    published_source: str = ""


def summarise(
    strategy: str,
    replicates: Sequence[Sequence[Measure]],
    figures: Sequence[FigureRow] = (),
) -> list[SummaryLine]:
    """Summarise each measure over replicates.

    Parameters
    ----------
    replicates
        Measures of each replicate, all in the same order.
    figures
        Published figures; those that name a metric are set beside it.
    """
    beside: Mapping[str, FigureRow] = {row.metric: row for row in figures if row.metric}
    lines = []
    rows = list(zip(*replicates, strict=True))
    spreads = spreads_of(np.array([[measure.value for measure in row] for row in rows]))
    for measures, spread in zip(rows, spreads, strict=True):
        first = measures[0]
        figure = beside.get(first.metric)
        lines.append(
            SummaryLine(
                strategy=strategy,
                metric=first.metric,
                unit=first.unit,
                **spread._asdict(),
                level=LEVEL,
                n_replicates=len(measures),
                denominator=float(np.mean([measure.denominator for measure in measures])),
                denominator_unit=first.denominator_unit,
                published=figure.value if figure else "",
                published_source=figure.source if figure else "",
            )
        )
    return lines


def summarise_ratios(
    lines: Sequence[SummaryLine], replicates: Sequence[Sequence[Measure]], root_seed: int
) -> list[SummaryLine]:
    """Replace the mean of each ratio by the ratio of sums over replicates, with a BCa interval.

    A mean of ratios is not known as soon as one replicate has none. The median stays as it is.

    Parameters
    ----------
    lines
        As ``summarise`` returns them.
    replicates
        Measures of each replicate, all in the same order.
    root_seed
        Root of the random streams of the bootstrap.
    """
    column = {measure.metric: row for row, measure in enumerate(replicates[0])}
    done = []
    for line in lines:
        ratio = RATIOS.get(line.metric)
        if ratio is not None:
            above, below = (
                np.array([measures[column[part]].value for measures in replicates])
                for part in (ratio.above, ratio.below)
            )
            luck = luck_of(root_seed)
            found = ratio_interval(above, below, luck, per=ratio.per, confidence=LEVEL)
            done.append(replace(line, mean=found.mean, low=found.low, high=found.high))
        else:
            done.append(line)
    return done


def price_ratio(ratio: Ratio, loss: SummaryLine, denied: SummaryLine) -> SummaryLine:
    """Money for each unit denied: every draw of the loss over the mean denied.

    Parameters
    ----------
    loss
        Summary of the draws of the numerator.
    denied
        Summary of the denominator.

    Notes
    -----
    The range is that of the loss, over draws of all replicates. The denominator is its mean over
    replicates, so that the mean is the ratio of the two sums.
    """
    mean, median, low, high = over(
        [loss.mean, loss.median, loss.low, loss.high], [denied.mean] * 4, ratio.per
    ).tolist()
    return SummaryLine(
        strategy=loss.strategy,
        metric=ratio.name,
        unit=ratio.unit,
        mean=mean,
        median=median,
        low=low,
        high=high,
        level=loss.level,
        n_replicates=loss.n_replicates,
        denominator=denied.mean,
        denominator_unit=ratio.of,
    )
