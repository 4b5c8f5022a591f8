"""Questions that courts asked: rows of a table, and the forums it has.

In: the shipped table. Out: typed, frozen rows. What answers them is for the assessment.
"""

from __future__ import annotations

from datetime import date

from sim.scenario.library import shipped
from sim.scenario.tables.seeds import Row, Table, read_table

NAME = "court-questions"


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
    return read_table(NAME, shipped("seeds") / f"{NAME}.csv", CourtQuestionRow)


def forums() -> tuple[str, ...]:
    """Names of the forums, in the sequence of the table."""
    return tuple(dict.fromkeys(row.forum for row in read_court_questions().rows))
