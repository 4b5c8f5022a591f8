"""Warnings on what is valid and still to be checked before a result is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sim.scenario.lists import ListTable
from sim.scenario.resolve import Resolved, described, is_of_country, stand_ins, years
from sim.scenario.tables.inventory import Inventory

_OF_TABLES = ("provider", "region", "service", "asn")
"""Columns by which ``overblock exposure`` groups the hosts of a file."""


def list_warnings(resolved: Resolved) -> list[str]:
    """Warnings to check before trusting the result."""
    return [*_of_tables(resolved), *_of_orders(resolved), *_of_files(resolved)]


def _of_tables(resolved: Resolved) -> Iterator[str]:
    """Name the tables of another country or time, and what they leave out."""
    scenario, economy = resolved.scenario, resolved.economy
    if found := stand_ins(resolved):
        head = (
            f"tables of another country or time are used for {scenario.country} in "
            f"{years(scenario)}"
            if scenario.country
            else "the scenario names no country (key country), but these tables are of one, or of "
            f"a time other than {years(scenario)}"
        )
        yield f"{head}: {', '.join(f'{name} ({described(note)})' for name, note in found.items())}"
    if not is_of_country(economy, scenario):
        assert economy.note is not None
        other = f"is of {scenario.country}" if scenario.country else "names no country"
        yield (
            "losses by national methods are not computed: "
            f"{economy.name} is of {economy.note.country}, the scenario {other} "
            "(keys money.economy and country)"
        )


def _of_orders(resolved: Resolved) -> Iterator[str]:
    """Count orders that the run does not reach."""
    start, end = resolved.scenario.start, resolved.scenario.end
    rows = resolved.orders.rows if resolved.orders is not None else ()
    if late := sum(row.effective >= end for row in rows):
        yield f"{late} orders fall at or after the end of the run and are not placed"
    idle = sum(
        (isinstance(one.from_, datetime) and one.from_ >= end)
        or (isinstance(one.to, datetime) and one.to <= start)
        for one in resolved.given_orders
    )
    if idle:
        yield f"{idle} of {len(resolved.given_orders)} orders are in force at no time of the run"


def _of_files(resolved: Resolved) -> Iterator[str]:
    """Name data that a file of sites lacks, or has and a run ignores; then notes of the readers."""
    inventory = resolved.inventory
    if inventory is not None and (n_without := inventory.n_without_address):
        yield (
            f"{inventory.name}: {n_without} of {inventory.n_rows + n_without} rows have no address."
            " A site without any is placed by chance (column drawn of sites.csv); one with another "
            "row has fewer addresses here than in truth"
        )
    columns = inventory.columns if inventory is not None else ()
    if inventory is not None and (unused := [name for name in _OF_TABLES if name in columns]):
        yield (
            f"{inventory.name}: a run takes from its own tables, and not from the file: "
            f"{', '.join(unused)}"
        )
    for table in resolved.tables:
        if isinstance(table, ListTable | Inventory):
            yield from (f"{table.name}: {note}" for note in table.notes)
