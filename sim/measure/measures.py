"""Measures of one run, ratios of two of them, and the demand that shares are out of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.catalogue.measures import MEASURES
from sim.world.build import World

UNKNOWN = float("nan")


@dataclass(frozen=True)
class Measure:
    """One number of one run.

    Attributes
    ----------
    metric, unit
        Name and unit.
    value
        The number; NaN where it is not known.
    denominator, denominator_unit
        What it is out of; NaN and empty where there is nothing.
    """

    metric: str
    unit: str
    value: float
    denominator: float = UNKNOWN
    denominator_unit: str = ""


def measured(name: str, value: float, denominator: float = UNKNOWN) -> Measure:
    """Return a measure with its units from the catalogue.

    Raises
    ------
    KeyError
        If the catalogue has no such measure.
    """
    entry = MEASURES[name]
    return Measure(name, entry.unit, value, denominator, entry.of)


def over(above: ArrayLike, below: ArrayLike, per: float) -> NDArray[np.float64]:
    """Elementwise ratio; NaN where the denominator is not above zero.

    Parameters
    ----------
    above, below : equal shapes
    per
        Number of units of the denominator that the ratio is for.
    """
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    unknown = np.full(below.shape, np.nan)
    ratio: NDArray[np.float64] = np.divide(above, below / per, where=below > 0, out=unknown)
    return ratio


def demand_micro_usd(world: World) -> float:
    """Domestic demand of all businesses over the run, in micro-dollars at mean revenue.

    Notes
    -----
    ``sum of v(i) * D(i, T)``, with v the mean domestic revenue and D the demand of the business's
    sector over the run, in hours of mean demand.
    """
    businesses = world.businesses
    value = businesses.value_micro_usd_per_h.astype(float)
    whole = world.demand.cumulative(world.horizon_s)[businesses.sector_row].astype(float)
    return float((value * world.demand.hours(whole, businesses.sector_row)).sum())
