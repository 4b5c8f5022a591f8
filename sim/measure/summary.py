"""Measures over replicates: mean, median and an interval.

In: the measures of each replicate. Out: one line per measure. The interval spans luck alone;
what the assumptions may change is not in it. Ratios are those of sums over replicates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.catalogue.choices import RATIOS
from sim.catalogue.declaration import Ratio
from sim.measure.measures import Measure
from sim.measure.ratios import over, ratio_interval
from sim.scenario.tables.rows import FigureRow
from sim.streams import Stream, Streams

LEVEL = 0.90
"""Share of replicates inside the interval that summaries and bands show."""


@dataclass(frozen=True)
class SummaryLine:
    """One measure over replicates.

    Attributes
    ----------
    low, high
        5th and 95th percentile over replicates (linear between order statistics); NaN, not zero,
        with a single replicate. Of a ratio, the BCa interval at that level.
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
    """Summarise each measure over replicates, in the sequence in which it was measured.

    Parameters
    ----------
    replicates
        Measures of each replicate, all in the same sequence.
    figures
        Published figures; those that name a metric are set beside it.
    """
    beside: Mapping[str, FigureRow] = {row.metric: row for row in figures if row.metric}
    lines = []
    for measures in zip(*replicates, strict=True):
        first = measures[0]
        values = np.array([measure.value for measure in measures])
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(values, [tail, 1 - tail]) if values.size > 1 else (math.nan,) * 2
        figure = beside.get(first.metric)
        lines.append(
            SummaryLine(
                strategy=strategy,
                metric=first.metric,
                unit=first.unit,
                mean=float(values.mean()),
                median=float(np.median(values)),
                low=float(low),
                high=float(high),
                level=LEVEL,
                n_replicates=int(values.size),
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
    """Lines in which each ratio is one of sums over replicates, with a BCa interval.

    The mean of ratios would not be known as soon as one replicate has none; the median still is
    not.

    Parameters
    ----------
    lines
        As ``summarise`` returns them.
    replicates
        Measures of each replicate, all in the same sequence.
    root_seed
        Root of the bootstrap's luck.
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
            luck = Streams(root_seed, 0).generator(Stream.BOOTSTRAP)
            found = ratio_interval(above, below, luck, per=ratio.per, confidence=LEVEL)
            done.append(replace(line, mean=found.mean, low=found.low, high=found.high))
        else:
            done.append(line)
    return done


def price_ratio(ratio: Ratio, loss: SummaryLine, denied: SummaryLine) -> SummaryLine:
    """Money for each unit of what was denied: every draw of the loss over the mean denied.

    Parameters
    ----------
    loss
        Summary of the draws of the money above the ratio.
    denied
        Summary of what stands below it.

    Notes
    -----
    The range is that of the loss, over draws of all replicates; what is denied is taken at its mean
    over replicates, so that the mean is the ratio of the two sums.
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
