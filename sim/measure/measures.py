"""A measure: one number of one run, with its unit and what it is out of.

In: the catalogue. Out: the type that all modules of this room share.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.catalogue.measures import MEASURES

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
