"""Every value a scenario rests on, and what that value rests on itself."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import Problem, ScenarioError
from sim.scenario.lists import ListTable
from sim.scenario.load import LoadedScenario
from sim.scenario.overrides import INDEX, index_path
from sim.scenario.provenance import Cell, Provenance, leaves, numbers_of
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.schema import scenario_tree
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import CodeTable, ColumnNote, SourceNote, Table
from sim.scenario.tables.shipped import assumed_by_key


@dataclass(frozen=True, kw_only=True)
class Source:
    """One value, or several that rest on the same thing.

    Attributes
    ----------
    key
        Key path of the scenario, or ``table.column``.
    lines, row
        Lines of the table, and what names the row where it is one; empty for a scenario key.
    n_values, value
        How many values, and which where they are all the same; else None.
    values
        Lowest and highest, where they are numbers that differ.
    unit
        Unit of the value and of its range.
    kind
        ``fact``, ``derived`` (see ``formula``), ``assumption`` (see ``range``), or ``choice``: what
        the scenario asks, and no claim about the world.
    source, date
        Where it was published and when; for a choice of table, which.
    formula, why
        How a derived value is computed; why an assumption or choice, or how to read a fact.
    range
        Lowest and highest value held possible, in one of three forms:
        ``{"absolute": [low, high]}``, ``{"times": [low, high]}`` of each value,
        ``{"columns": [low, high]}`` of each row.
    needs_range
        Whether it is an assumed number, which must have a range.
    """

    key: str
    lines: str = ""
    row: str = ""
    n_values: int = 1
    value: Cell | None
    values: tuple[float, float] | None = None
    unit: str
    kind: str
    source: str = ""
    date: str = ""
    formula: str = ""
    why: str = ""
    range: dict[str, list[Any]] | None = None
    needs_range: bool

    @property
    def is_range_stated(self) -> bool:
        """Whether an assumed number says how far it may be off; true for all others."""
        return self.range is not None or not self.needs_range

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values under the names above; what does not apply is left out."""
        plain = {name: value for name, value in vars(self).items() if value not in ("", None)}
        del plain["needs_range"]
        if not self.is_range_stated:
            plain["range"] = "not stated"
        return plain


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
    if isinstance(table, CodeTable):
        yield Source(
            key=table.name, n_values=1, value=None, unit="code", kind="choice",
            why=f"What is asked: {table.title}", needs_range=False,
        )  # fmt: skip
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
            why="Values that it omits are drawn, and marked as drawn in sites.csv",
            needs_range=False,
        )


def _list_source(table: ListTable) -> Source:
    """Source of a list of addresses: the user says that these are blocked."""
    return Source(
        key=f"{table.name}.prefix",
        n_values=len(table.rows),
        value=None,
        unit="prefix",
        kind="choice",
        source=table.note.title if table.note else "",
        why="The question: the list of the user",
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
    """Source of one cell: that of its row, else that of its column."""
    if note is None or column not in note.columns:
        return _Support("", "assumption", why=NO_NOTE)
    about = note.columns[column]

    def cell_text(name: str) -> str:
        return " ".join(row[name].split()) if name else ""

    kind = cell_text(note.rows.kind) or about.kind
    source, date, why = (
        cell_text(note.rows.source),
        cell_text(note.rows.date),
        cell_text(note.rows.why),
    )
    unit = cell_text(note.rows.unit) if about.unit == f"as in the column {note.rows.unit}" else ""
    unit = unit or about.unit
    if kind == "assumption":
        # A row that is assumed says why, in the column of sources where there is none for reasons.
        reason = why or (source if note.rows.kind else "") or _join_lines(about.why)
        return _Support(unit, kind, why=reason or _join_lines(about.source))
    source = note.references.get(source, source)
    is_derived = kind == "derived"
    return _Support(
        unit,
        kind,
        source or _join_lines(about.source),
        date or _join_lines(about.date),
        (why or _join_lines(about.formula))
        if is_derived and note.rows.kind
        else _join_lines(about.formula),
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


def _join_lines(text: str) -> str:
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


OVERRIDE = "--set "
"""How the place of a value from the command line begins."""
LABELS = ("format", "name", "title", "description", "ordered_by", "purpose", "target.name")
"""Keys that are words for readers: nothing is computed from them; listed where they have a note."""
ASKED = {"root_seed": "seed", "n_replicates": "replicates", "experiment": ""}
"""Keys that say what is asked and claim nothing about the world, each with its unit."""
UNITS = {"_per_d": "1/d", "_h": "h", "_d": "d", "_min": "min", "_usd": "USD"}
"""Units that end a key's name."""


def list_sources(resolved: Resolved, *, each_row: bool = False) -> tuple[Source, ...]:
    """Every value of a scenario and of its tables, with what it rests on.

    Parameters
    ----------
    each_row
        One line for each cell of the tables, instead of one for all rows that rest on the same.

    Returns
    -------
    sources
        Scenario keys in the sequence of the language, then tables by name, columns and rows in the
        sequence of the file.
    """
    tables = {table.name: table for table in resolved.tables}
    return (
        *_key_sources(resolved.loaded, tables),
        *(
            source
            for table in resolved.tables
            for source in table_sources(table, each_row=each_row)
        ),
    )


def explain(resolved: Resolved, key: str) -> tuple[Source, ...]:
    """Sources of a key path, a table column (``table.column``) or a cell (``table.column[row]``).

    Parameters
    ----------
    key
        ``row`` is a line number, or a word that names the row.

    Raises
    ------
    ScenarioError
        If the scenario has no such value.
    """
    asked, _, row = key.partition("[")
    row = row.removesuffix("]")
    found = list_sources(resolved, each_row=True)
    mine = [source for source in found if source.key == asked]
    if row:
        mine = [source for source in mine if row in (source.lines, *source.row.split(" / "))]
    if not mine:
        known = sorted({source.key for source in found})
        close = hint(asked, known) if asked not in known else ""
        message = f"expected the key path of a value, table.column or table.column[row]{close}"
        raise ScenarioError([Problem(f"--explain {key}", message)])
    return tuple(mine)


def _key_sources(loaded: LoadedScenario, tables: dict[str, Table[Any]]) -> Iterator[Source]:
    assumed = {row.key: row for row in loaded.assumed}
    # The table knows the unit of a key also where the scenario gives the value.
    units = {key: row.unit for key, row in assumed_by_key().items()}
    for key, value in leaves(scenario_tree(loaded.scenario)):
        note = loaded.scenario.provenance.get(key)
        if key in LABELS and note is None:
            continue
        if note is not None:
            yield _noted(key, value, note)
        elif key in assumed and assumed[key].number == value:
            line = loaded.document.locate(tuple(key.split("."))).line
            yield _assumed(assumed[key], line)
        else:
            yield _bare(loaded, key, value, units.get(key, ""), tables)
    for piece in loaded.scenario.evidence or ():
        low, high = piece.window
        yield _source(
            f"evidence.{piece.id}",
            piece.value,
            unit=piece.unit,
            kind="assumption" if piece.kind == "assumption" else "fact",
            source=piece.source,
            date=piece.date,
            why=piece.note,
            range={"absolute": [max(low, 0), high]} if math.isfinite(high) else None,
        )


def _noted(key: str, value: Cell, note: Provenance) -> Source:
    return _source(
        key,
        value,
        unit=note.unit,
        kind=note.kind,
        source=note.source,
        date=note.date,
        formula=note.formula,
        why=note.why,
        range={"absolute": list(note.range)} if note.range else None,
    )


def _assumed(row: AssumptionRow, line: int) -> Source:
    return _source(
        row.key,
        row.number,
        unit=row.unit,
        kind="assumption",
        source=f"seeds/assumptions.csv, line {line}",
        why=row.why,
        range={"absolute": [row.low, row.high]},
    )


def _bare(
    loaded: LoadedScenario, key: str, value: Cell, unit: str, tables: dict[str, Table[Any]]
) -> Source:
    """A value without a note: an assumption whose range is not stated."""
    place = loaded.document.locate(tuple(key.split(".")))
    origin = f"given as {place.file}" if place.file.startswith(OVERRIDE) else ""
    if Path(place.file) == index_path():
        origin = f"By the pack of {loaded.scenario.country}, seeds/{INDEX}.csv, line {place.line}"
    if isinstance(value, str) and value in tables:
        title = tables[value].title
        return _source(key, value, unit="table", kind="choice", source=title, why=origin)
    top, last = key.split(".")[0], key.split(".")[-1]
    if top in ASKED:
        why = origin or "What is asked: no claim about the world"
        return _source(key, value, unit=unit or ASKED.get(last, ASKED[top]), kind="choice", why=why)
    if numbers_of(value):
        ending = next((ending for ending in UNITS if key.endswith(ending)), "")
        unit = unit or UNITS.get(ending, "")
        return _source(
            key,
            value,
            unit=unit,
            kind="assumption",
            why=origin or "A number of the scenario without provenance",
        )
    return _source(key, value, unit=unit, kind="choice", why=origin or "What the scenario asks")


def _source(key: str, value: Cell, *, kind: str, **said: Any) -> Source:
    """Source of a scenario key, its texts on one line each."""
    for name in said.keys() & {"source", "formula", "why"}:
        said[name] = " ".join(said[name].split())
    needs_range = kind == "assumption" and bool(numbers_of(value))
    return Source(key=key, value=value, kind=kind, needs_range=needs_range, **said)
