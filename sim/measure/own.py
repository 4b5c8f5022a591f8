"""Measures that a user wrote: a function from a run to a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sim.catalogue.measures import MEASURES
from sim.engine.record.outcome import Outcome
from sim.errors import Problem
from sim.measure.measures import Measure
from sim.scenario.own import OwnCodeError, failure, load_name
from sim.scenario.resolve import Resolved
from sim.world.build import World

Formula: TypeAlias = Callable[[World, Outcome], float]


@dataclass(frozen=True)
class OwnMeasure:
    """A measure of one's own.

    Attributes
    ----------
    formula
        From the world and what happened in it to a number; NaN where it is not known.
    unit
        Unit of the number.
    """

    formula: Formula
    unit: str


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
        If its file does not define it, or its name is that of a shipped measure.
    """
    for asked in resolved.scenario.measures or ():
        found = load_name(resolved.code, asked.file, asked.name)
        if asked.name in MEASURES:
            message = f"expected another name than that of a shipped measure, got {asked.name!r}"
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
        except Exception as error:
            raise failure(file, error) from error
        yield Measure(name, one.unit, value)
