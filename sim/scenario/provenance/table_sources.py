"""What the cells of a table rest on: the note of the column, or what the row itself says.

In: a table with its note. Out: for each column that claims something, its cells in groups that rest
on the same thing. Columns that name a row, or that say what it rests on, claim nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.scenario.provenance.source import Source
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.lists import ListTable
from sim.scenario.tables.notes import ColumnNote, SourceNote
from sim.scenario.tables.seeds import Table

UNITS_OF_SITES = {
    "revenue_usd_per_h": "USD/h",
    "visits_per_h": "visits/h",
    "n_names": "names",
}
NO_NOTE = "A table without a source note"


@dataclass(frozen=True)
class _Support:
    """What one cell rests on."""

    unit: str
    kind: str
    source: str = ""
    date: str = ""
    formula: str = ""
    why: str = ""


@dataclass
class _Group:
    """Cells gathered so far."""

    lines: list[int] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    rows: list[Mapping[str, str]] = field(default_factory=list)


def table_sources(table: Table[Any], *, each_row: bool = False) -> Iterator[Source]:
    """Sources of a table's cells, by column; empty cells are left out.

    Parameters
    ----------
    each_row
        One for each cell, instead of one for all that rest on the same.
    """
    if isinstance(table, Inventory):
        yield from _inventory_sources(table)
        return
    if isinstance(table, ListTable):
        yield _list_source(table)
        return
    header, rows = _read(table)
    note = table.note
    for column in claiming_columns(header, note):
        groups: dict[object, tuple[_Support, _Group]] = {}
        for line, row in zip(table.lines, rows, strict=True):
            if not row[column]:
                continue
            support = _support(column, row, note)
            key = line if each_row else support
            _, group = groups.setdefault(key, (support, _Group()))
            group.lines.append(line)
            group.cells.append(row[column])
            group.rows.append(row)
        for support, group in groups.values():
            yield _summed_up(table, column, support, group, header)


def _inventory_sources(table: Inventory) -> Iterator[Source]:
    """One source for each column of an inventory: what its owner says of its sites."""
    for column in table.columns:
        yield Source(
            key=f"{table.name}.{column}",
            n_values=table.n_rows,
            value=None,
            unit=UNITS_OF_SITES.get(column, ""),
            kind="fact",
            source=table.note.title if table.note else "The inventory, as its owner gives it",
            why="What it leaves out is drawn, and marked as drawn in sites.csv",
            needs_range=False,
        )


def _list_source(table: ListTable) -> Source:
    """What a list of addresses rests on: whoever gives it says that these are blocked."""
    return Source(
        key=f"{table.name}.prefix",
        n_values=len(table.rows),
        value=None,
        unit="prefix",
        kind="choice",
        source=table.note.title if table.note else "",
        why="What is asked: the list as it is given",
        needs_range=False,
    )


def claiming_columns(header: Sequence[str], note: SourceNote | None) -> list[str]:
    """Columns that claim something: all but names of rows, bounds of ranges, and sources."""
    if note is None:
        return list(header)
    bounds = {
        name
        for column in note.columns.values()
        if column.range is not None and column.range.columns is not None
        for name in column.range.columns
    }
    silent = {*note.keys, *note.rows.columns, *bounds}
    return [name for name in header if name not in silent]


def _read(table: Table[Any]) -> tuple[list[str], list[dict[str, str]]]:
    """Header and cells as written; the table was read before, so they are sound."""
    reader = csv.reader(io.StringIO(table.data.decode("utf-8-sig"), newline=""))
    header = next(reader)
    return header, [dict(zip(header, record, strict=True)) for record in reader if record]


def _support(column: str, row: Mapping[str, str], note: SourceNote | None) -> _Support:
    """What one cell rests on: its row's own word, else the column's."""
    if note is None or column not in note.columns:
        return _Support("", "assumption", why=NO_NOTE)
    about = note.columns[column]

    def said(name: str) -> str:
        return " ".join(row[name].split()) if name else ""

    kind = said(note.rows.kind) or about.kind
    source, date, why = said(note.rows.source), said(note.rows.date), said(note.rows.why)
    unit = said(note.rows.unit) if about.unit == f"as in the column {note.rows.unit}" else ""
    unit = unit or about.unit
    if kind == "assumption":
        # A row that is assumed says why, in the column of sources where there is none for reasons.
        reason = why or (source if note.rows.kind else "") or _plain(about.why)
        return _Support(unit, kind, why=reason or _plain(about.source))
    source = note.references.get(source, source)
    is_derived = kind == "derived"
    return _Support(
        unit,
        kind,
        source or _plain(about.source),
        date or _plain(about.date),
        (why or _plain(about.formula)) if is_derived and note.rows.kind else _plain(about.formula),
        "" if is_derived and note.rows.kind else why,
    )


def _summed_up(
    table: Table[Any], column: str, support: _Support, group: _Group, header: Sequence[str]
) -> Source:
    note = table.note
    numbers = [_number(cell) for cell in group.cells]
    known = [number for number in numbers if number is not None]
    is_number = len(known) == len(numbers)
    about = note.columns.get(column) if note else None
    value: str | int | float | None = None
    if len(set(group.cells)) == 1:
        value = known[0] if is_number else group.cells[0]
    spread = is_number and value is None
    return Source(
        key=f"{table.name}.{column}",
        lines=spans(group.lines),
        row=_name(group.rows[0], header, note) if len(group.rows) == 1 else "",
        n_values=len(group.cells),
        value=value,
        values=(min(known), max(known)) if spread else None,
        unit=support.unit,
        kind=support.kind,
        source=support.source,
        date=support.date,
        formula=support.formula,
        why=support.why,
        range=_range(about, known, group) if is_number else None,
        needs_range=support.kind == "assumption" and is_number,
    )


def _range(
    about: ColumnNote | None, numbers: Sequence[int | float], group: _Group
) -> dict[str, list[Any]] | None:
    """Range of a column, in numbers where one value or one pair of bounds is meant."""
    if about is None or about.range is None:
        return None
    asked = about.range
    if asked.columns is not None:
        bounds = {tuple(_number(row[name]) for name in asked.columns) for row in group.rows}
        if len(bounds) == 1:
            return {"absolute": list(bounds.pop())}
        return {"columns": list(asked.columns)}
    if asked.times is not None and len(set(numbers)) == 1:
        # Twelve digits: a product of two short decimals, not of their nearest binary numbers.
        return {"absolute": [float(f"{numbers[0] * factor:.12g}") for factor in asked.times]}
    return {key: list(pair) for key, pair in asked.model_dump(exclude_none=True).items()}


def _name(row: Mapping[str, str], header: Sequence[str], note: SourceNote | None) -> str:
    keys = note.keys if note else ()
    return " / ".join(row[name] for name in header if name in keys and row[name])


def _number(cell: str) -> int | float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return int(value) if value.is_integer() and "e" not in cell.lower() else value


def _plain(text: str) -> str:
    return " ".join(text.split())


def spans(lines: Sequence[int]) -> str:
    """Line numbers as spans: ``2-4, 7``."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found)
