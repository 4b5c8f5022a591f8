"""Tables of another country or time, and which of them a scenario says it borrows.

In: a scenario and the notes of its tables. Out: the tables that stand in, by name. It refuses
nothing: ``resolve`` refuses those that are not borrowed, ``cautions`` names all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sim.scenario.schema import Scenario
from sim.scenario.tables.assumptions import assumptions_path
from sim.scenario.tables.notes import ANY, SourceNote
from sim.scenario.tables.seeds import Table, read_note

ASSUMPTIONS = "assumptions"
"""What the table of assumed values is called."""


def stand_ins(
    scenario: Scenario, tables: Iterable[Table[Any]], *, has_assumed: bool
) -> Mapping[str, SourceNote]:
    """Notes of the tables that are of another country or time, by name, in sequence.

    Parameters
    ----------
    has_assumed
        Whether the scenario takes assumed values.
    """
    notes = {table.name: table.note for table in tables}
    if has_assumed:
        notes[ASSUMPTIONS] = read_note(assumptions_path())
    return {
        name: note
        for name, note in sorted(notes.items())
        if note is not None
        and (note.country not in ("", ANY, scenario.country) or not _is_of_time(note, scenario))
    }


def undeclared(scenario: Scenario, found: Mapping[str, SourceNote]) -> list[str]:
    """Names of tables that stand in for a scenario's country and that it does not borrow.

    A table of no country in particular may be of another time without a word; a scenario that does
    not name its country borrows nothing.
    """
    if scenario.country is None:
        return []
    return [
        name
        for name, note in found.items()
        if note.country not in ("", ANY) and name not in scenario.borrow
    ]


def described(note: SourceNote) -> str:
    """Country and time of a table, in words."""
    parts = (note.country, note.time.replace("/", " to "))
    return ", ".join(part for part in parts if part not in ("", ANY))


def years(scenario: Scenario) -> str:
    """Years of the run, in words."""
    first, last = _years(scenario)
    return f"{first}" if first == last else f"{first} to {last}"


def _is_of_time(note: SourceNote, scenario: Scenario) -> bool:
    """Whether the years of a table and of the scenario have one in common."""
    if note.time in ("", ANY):
        return True
    first, _, last = note.time.partition("/")
    begins, ends = _years(scenario)
    return int(first[:4]) <= ends and begins <= int((last or first)[:4])


def _years(scenario: Scenario) -> tuple[int, int]:
    """First and last year of the run."""
    return scenario.start.year, (scenario.end - timedelta(seconds=1)).year
