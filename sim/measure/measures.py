"""Measures of one run, ratios of two of them, and the demand that shares are out of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.catalogue.measures import MEASURES, USD
from sim.engine.record.outcome import Outcome
from sim.errors import Problem
from sim.scenario.own import OwnCodeError, failure, load_name
from sim.scenario.resolve import Resolved
from sim.scenario.tables.money import Amounts
from sim.world.build import World

UNKNOWN = float("nan")


@dataclass(frozen=True)
class Measure:
    """One number of one run."""

    metric: str
    unit: str
    """Name and unit."""
    value: float
    """The number; NaN where it is not known."""
    denominator: float = UNKNOWN
    denominator_unit: str = ""
    """Denominator and its unit; NaN and empty where there is none."""


def measured(name: str, value: float, denominator: float = UNKNOWN) -> Measure:
    """Return a measure with its units from the catalogue.

    Raises
    ------
    KeyError
        If the catalogue has no such measure.
    """
    entry = MEASURES[name]
    return Measure(name, entry.unit, value, denominator, entry.of)


def given_in(amounts: Amounts, measures: Iterable[Measure]) -> Iterator[Measure]:
    """Return measures with sums of dollars given in the currency of results.

    The ending ``_usd`` of a name stays: the unit says what the value is in.
    """
    for one in measures:
        units = one.unit, one.denominator_unit
        value, whole = (amounts.factor if USD in unit else 1.0 for unit in units)
        unit, of = (unit.replace(USD, amounts.currency) for unit in units)
        yield Measure(one.metric, unit, one.value * value, one.denominator * whole, of)


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


def remainder(whole: ArrayLike, part: ArrayLike) -> NDArray[np.float64]:
    """Sum less a part; 0 if the difference is rounding, which may be negative."""
    found = np.subtract(whole, part)
    return np.where(found > 1e-12 * np.asarray(whole), found, 0.0)


_ROUNDING = 1e-9
"""Part of a value up to which a difference is rounding, so none."""


def difference_of(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """One less the other, elementwise; 0 where they differ by rounding alone."""
    is_equal = np.isclose(one, other, rtol=_ROUNDING, atol=0)
    return np.where(is_equal, 0.0, np.subtract(one, other))


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


Formula: TypeAlias = Callable[[World, Outcome], float]


@dataclass(frozen=True)
class OwnMeasure:
    """A measure of one's own."""

    formula: Formula
    """From the world and what happened in it to a number; NaN where it is not known."""
    unit: str
    """Unit of the number."""


def measure(*, unit: str) -> Callable[[Formula], OwnMeasure]:
    """Make a measure of a function, which gives it its name.

    Parameters
    ----------
    unit
        Unit of the number that it returns, such as ``"addresses"``.
    """
    return lambda formula: OwnMeasure(formula, unit)


def own_measures(resolved: Resolved) -> Iterator[tuple[str, str, OwnMeasure]]:
    """File, name and function of each measure of one's own that a scenario asks for.

    Raises
    ------
    OwnCodeError
        If its file does not define it, or its name is that of another measure.
    """
    names = [one.name for one in resolved.scenario.measures or ()]
    for asked in resolved.scenario.measures or ():
        found = load_name(resolved.code, asked.file, asked.name)
        if asked.name in MEASURES or names.count(asked.name) > 1:
            message = f"expected another name than that of any other measure, got {asked.name!r}"
            raise OwnCodeError([Problem(asked.file, message)])
        if not isinstance(found, OwnMeasure):
            message = f"expected @overblock.rules.measure(unit=...) above {asked.name}, got none"
            raise OwnCodeError([Problem(asked.file, message)])
        yield asked.file, asked.name, found


def measure_own(resolved: Resolved, world: World, outcome: Outcome) -> Iterator[Measure]:
    """Measures of one's own, of one run.

    Raises
    ------
    OwnCodeError
        If one of them fails, or returns no number.
    """
    for file, name, one in own_measures(resolved):
        try:
            value = float(one.formula(world, outcome))
            if np.isinf(value):
                raise ValueError(f"expected a number, or nan where it is not known, got {value}")
        except (Exception, SystemExit) as error:
            raise failure(file, error) from error
        yield Measure(name, one.unit, value)
