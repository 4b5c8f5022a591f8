"""Dated facts that results may contradict: rows of a table, and those of one scenario.

In: the shipped table. Out: typed, frozen rows. Whether a result contradicts one is for the report.
"""

from __future__ import annotations

from pydantic import field_validator

from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.scenario.library import shipped
from sim.scenario.quantities import Instant
from sim.scenario.tables.rows import NonNegative
from sim.scenario.tables.seeds import Row, read_table

NAME = "dated-facts"


class FactRow(Row):
    """The most that a curve of a scenario was at a time, and measures that are wrong above it."""

    scenario: str
    at: Instant
    curve: str
    at_most: NonNegative
    metrics: str
    source: str

    @field_validator("curve", "metrics")
    @classmethod
    def check_names(cls, value: str) -> str:
        """Refuse names that the catalogue does not have."""
        for name in value.split(";"):
            if name not in CURVES and name not in MEASURES:
                raise ValueError(f"expected the name of a curve or a measure, got {name!r}")
        return value

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Measures that a result has wrong where it contradicts the fact."""
        return tuple(self.metrics.split(";"))


def facts_of(scenario: str) -> tuple[FactRow, ...]:
    """Read the dated facts about the block that a shipped scenario models."""
    table = read_table(NAME, shipped("seeds") / f"{NAME}.csv", FactRow)
    return tuple(row for row in table.rows if row.scenario == scenario)
