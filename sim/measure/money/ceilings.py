"""Published losses beside the model's, and how far apart they are per business and day.

In: measures of a run, the published figures of its scenario, its length. Out: one line per
published loss. Neither is corrected by the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sim.catalogue.choices import PRICED, measure_name
from sim.measure.money.providers import NAMED_LOSS
from sim.scenario.tables.rows import FigureRow

N_BUSINESSES, FIRST_DAY, LAST_DAY = (
    "businesses_affected",
    "enforcement_start",
    "loss_horizon_end",
)
"""Rows of the table of figures with the number of businesses and the days of published losses."""
AFFECTED = measure_name("businesses_ever_affected")


class Spread(NamedTuple):
    """A measure over replicates, for money over draws as well: mean, 5th and 95th percentile."""

    mean: float
    low: float
    high: float


_NOTHING = Spread(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Ceiling:
    """One published loss beside the same measure of a run.

    Attributes
    ----------
    metric
        Measure of the run.
    published_usd, unit, note
        The figure, its unit as published, and how it is to be read.
    published_n_businesses, published_duration_d
        Whom and how many days it is about; NaN where that is not published.
    published_usd_per_business_d
        The figure over both; NaN where one is not known.
    ratio_mean, ratio_low, ratio_high
        The run's loss over the published figure: mean, 5th and 95th percentile.
    n_businesses, duration_d
        Businesses affected at least once (mean over replicates), and length of the run.
    usd_per_business_d
        Mean loss of the run over both; NaN where nobody was affected.
    is_in_scenario
        Whether the scenario has such a loss at all; providers lose only where businesses may move.
    """

    metric: str
    published_usd: float
    unit: str
    note: str
    published_n_businesses: float
    published_duration_d: float
    published_usd_per_business_d: float
    ratio_mean: float
    ratio_low: float
    ratio_high: float
    n_businesses: float
    duration_d: float
    usd_per_business_d: float
    is_in_scenario: bool


def ceilings(
    losses: Mapping[str, Spread], figures: Sequence[FigureRow], duration_d: float
) -> tuple[Ceiling, ...]:
    """Set the losses of a run beside published ones.

    Parameters
    ----------
    losses
        Measures of one strategy by name: losses, and businesses affected. The loss of providers is
        not among them where no business may move.
    figures
        Published figures; those that name a money measure and are numbers count.
    duration_d
        Length of the run.
    """
    by_id = {row.id: row for row in figures}
    n_published = _number(by_id, N_BUSINESSES)
    days = _days(by_id)
    affected = losses[AFFECTED].mean if AFFECTED in losses else math.nan
    found = []
    for row in figures:
        line = losses.get(row.metric)
        published = _number(by_id, row.id)
        if row.metric not in PRICED or not published > 0:
            continue
        is_in_scenario = line is not None
        if line is None:
            if row.metric != NAMED_LOSS:
                continue
            line = _NOTHING
        found.append(
            Ceiling(
                metric=row.metric,
                published_usd=published,
                unit=row.unit,
                note=row.note,
                published_n_businesses=n_published,
                published_duration_d=days,
                published_usd_per_business_d=_over(published, n_published * days),
                ratio_mean=line.mean / published,
                ratio_low=line.low / published,
                ratio_high=line.high / published,
                n_businesses=affected,
                duration_d=duration_d,
                usd_per_business_d=_over(line.mean, affected * duration_d),
                is_in_scenario=is_in_scenario,
            )
        )
    return tuple(found)


def _number(by_id: Mapping[str, FigureRow], name: str) -> float:
    """Value of a row, NaN where there is none or it is no number."""
    try:
        return float(by_id[name].value)
    except (KeyError, ValueError):
        return math.nan


def _days(by_id: Mapping[str, FigureRow]) -> float:
    """Days from the first to the last, both of them whole; NaN where one is not known."""
    try:
        first, last = (date.fromisoformat(by_id[name].value) for name in (FIRST_DAY, LAST_DAY))
    except (KeyError, ValueError):
        return math.nan
    return float((last - first).days + 1)


def _over(total: float, by: float) -> float:
    return total / by if by > 0 else math.nan
