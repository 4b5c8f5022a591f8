"""Every value a scenario rests on, and what that value rests on itself.

In: a resolved scenario. Out: one ``Source`` for each key of the scenario and, for tables, for each
column and each group of rows that rest on the same thing. A bare number is an assumption whose
range is not stated. It computes nothing with the values.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.errors import Problem, ScenarioError
from sim.scenario.countries import INDEX, index_path
from sim.scenario.dump import scenario_tree
from sim.scenario.load import LoadedScenario
from sim.scenario.provenance.provenance import Cell, Provenance, leaves, numbers_of
from sim.scenario.provenance.source import Source
from sim.scenario.provenance.table_sources import table_sources
from sim.scenario.resolve import Resolved
from sim.scenario.tables.assumptions import assumed_by_key
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import Table

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
    """What one key path, table column (``table.column``) or cell (``table.column[row]``) rests on.

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
        close = difflib.get_close_matches(asked, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close and close[0] != asked else ""
        message = f"expected the key path of a value, table.column or table.column[row]{hint}"
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
            line = loaded.document.place(tuple(key.split("."))).line
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
    place = loaded.document.place(tuple(key.split(".")))
    origin = f"given as {place.file}" if place.file.startswith(OVERRIDE) else ""
    if Path(place.file) == index_path():
        origin = f"By the pack of {loaded.scenario.country}, seeds/{INDEX}.csv, line {place.line}"
    if isinstance(value, str) and value in tables:
        table = tables[value]
        title = table.note.title if table.note else "a table without a source note"
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
