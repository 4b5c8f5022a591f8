"""Warnings about a scenario: tables made for another country or time, orders after its end.

In: a resolved scenario. Out: sentences, and whether a table is of the scenario's country. It
changes nothing and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sim.scenario.resolve import Resolved
from sim.scenario.schema import Scenario
from sim.scenario.tables.assumptions import assumptions_path
from sim.scenario.tables.notes import ANY, SourceNote
from sim.scenario.tables.seeds import Table, read_note


def list_warnings(resolved: Resolved) -> list[str]:
    """What to check before trusting the result."""
    return [*_stand_ins(resolved), *_foreign_economy(resolved), *_late_orders(resolved)]


def is_of_country(table: Table[Any], scenario: Scenario) -> bool:
    """Whether a table is of the scenario's country, or does not say of which it is.

    Where the scenario does not name its country, only tables that name none are taken for its own.
    """
    country = table.note.country if table.note else ""
    return country in ("", ANY, scenario.country)


def _stand_ins(resolved: Resolved) -> Iterator[str]:
    """One sentence that names the tables of another country or time, if there are any."""
    scenario = resolved.scenario
    notes = {table.name: table.note for table in resolved.tables}
    if resolved.assumed:
        notes["assumptions"] = read_note(assumptions_path())
    named = [
        f"{name} ({_of(note)})"
        for name, note in sorted(notes.items())
        if note is not None
        and (note.country not in ("", ANY, scenario.country) or not _is_of_time(note, scenario))
    ]
    if not named:
        return
    first, last = _years(scenario)
    years = f"{first}" if first == last else f"{first} to {last}"
    yield (
        f"tables of another country or time stand in for {scenario.country} in {years}: "
        if scenario.country
        else "the scenario names no country (key country), but these tables are of one, or of a "
        f"time other than {years}: "
    ) + ", ".join(named)


def _foreign_economy(resolved: Resolved) -> Iterator[str]:
    scenario, economy = resolved.scenario, resolved.economy
    if not is_of_country(economy, scenario):
        assert economy.note is not None
        other = f"is of {scenario.country}" if scenario.country else "names no country"
        yield (
            f"losses by national methods are left out: {economy.name} is of {economy.note.country}"
            f", the scenario {other} (keys money.economy and country)"
        )


def _late_orders(resolved: Resolved) -> Iterator[str]:
    if resolved.orders is not None:
        late = sum(row.effective >= resolved.scenario.end for row in resolved.orders.rows)
        if late:
            yield f"{late} orders fall at or after the end of the run and are not placed"


def _of(note: SourceNote) -> str:
    """Country and time of a table, in words."""
    parts = (note.country, note.time.replace("/", " to "))
    return ", ".join(part for part in parts if part not in ("", ANY))


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
