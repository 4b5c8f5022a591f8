"""Tables that the program reads by itself: assumed values, questions of courts, dated facts."""

from __future__ import annotations

from datetime import date

from pydantic import field_validator

from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.scenario.quantities import Instant
from sim.scenario.tables.rows import AssumptionRow, NonNegative
from sim.scenario.tables.seeds import Row, Table, read_shipped


def read_assumptions() -> Table[AssumptionRow]:
    """Read the assumed values."""
    return read_shipped("assumptions", AssumptionRow)


def assumed_by_key() -> dict[str, AssumptionRow]:
    """Rows by the key of the scenario that takes them."""
    return {row.key: row for row in read_assumptions().rows}


class CourtQuestionRow(Row):
    """One question of one court or law."""

    forum: str
    forum_title: str
    on: date
    id: str
    question: str
    source: str
    parts: str
    """Parts of an assessment that answer it."""


def read_court_questions() -> Table[CourtQuestionRow]:
    """Read the shipped questions."""
    return read_shipped("court-questions", CourtQuestionRow)


def forums() -> tuple[str, ...]:
    """Names of the forums, in the sequence of the table."""
    return tuple(dict.fromkeys(row.forum for row in read_court_questions().rows))


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
    rows = read_shipped("dated-facts", FactRow).rows
    return tuple(row for row in rows if row.scenario == scenario)
