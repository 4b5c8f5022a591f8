"""What thousands of tests would do again, and what comes out the same: remembered in a process.

Commands are called by ``CliRunner``, which builds the whole command line for every call; scenarios
are read, which parses the same YAML text again, and so are tables and their notes, of which every
run folder has copies; places are made of the same tables of prefixes; a page asks the tables of a
folder the same again; every run folder says what each cell of its tables rests on. All depend on
their arguments alone.
``tests/unit/world`` and ``tests/unit/scenario`` hold what is remembered itself.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import typer.testing

from sim.errors import DataError
from sim.results import parquet, tables
from sim.scenario import document, load, resolve, sources
from sim.scenario.document import Document
from sim.scenario.sources import Source, table_sources
from sim.scenario.tables import seeds
from sim.scenario.tables.seeds import SourceNote, Table
from sim.world import build
from sim.world.providers import Places, build_places


def remember() -> None:
    """Build a command line, parse a text, and take what follows from a table, once."""
    typer.testing._get_command = cache(typer.testing._get_command)
    load.parse_document = parse_document
    seeds._note_of = note_of
    seeds._rows_of = rows_of
    sources.table_sources = sources_of
    build.build_places = places_of
    tables._parse = parse_table
    for module in list(sys.modules.values()):
        if getattr(module, "read_columns", None) is ask_columns:
            module.read_columns = columns_of


def parse_document(data: bytes, file: str) -> Document:
    """Return a copy of its own: overrides and assumptions are written into it."""
    return _parsed(data, file).copied()


_parsed = lru_cache(maxsize=64)(document.parse_document)


read_note_of = seeds._note_of


def note_of(data: bytes, file: str) -> SourceNote:
    """Note with the same text as one before, in whatever folder; what is wrong names its file."""
    try:
        return _noted(data)
    except DataError:
        return read_note_of(data, file)


@lru_cache(maxsize=256)
def _noted(data: bytes) -> SourceNote:
    return read_note_of(data, "")


read_rows_of = seeds._rows_of


def rows_of(data: bytes, path: Path, model: type[Any]) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Rows of a table with the same bytes as one before; what is wrong names its file."""
    try:
        return _rows(data, model)
    except DataError:
        return read_rows_of(data, path, model)


rows_of.__wrapped__ = read_rows_of.__wrapped__  # what is too large is not kept


@lru_cache(maxsize=256)
def _rows(data: bytes, model: type[Any]) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    return read_rows_of(data, Path("table"), model)


_SOURCES: dict[tuple[object, ...], tuple[Table[Any], tuple[Source, ...]]] = {}


def sources_of(table: Table[Any], *, each_row: bool = False) -> Iterator[Source]:
    """Sources of a table with the same bytes, lines and note as one before; a note is read once."""
    if type(table) is not Table:
        return table_sources(table, each_row=each_row)
    key = (table.name, table.data, table.lines, id(table.note), each_row)
    if key not in _SOURCES:
        # The table is kept, so that no other note comes to be where its own is.
        _SOURCES[key] = table, tuple(table_sources(table, each_row=each_row))
    return iter(_SOURCES[key][1])


_PLACES: dict[tuple[object, ...], tuple[resolve.Resolved, Places]] = {}


def places_of(resolved: resolve.Resolved) -> Places:
    """Places of the same rows of prefixes as before, unless some are of IPv6."""
    if resolved.line.has_ipv6:
        return build_places(resolved)
    tables = resolved.cloud_prefixes, resolved.shared_prefixes
    key = (*(table and id(table.rows) for table in tables), resolved.inventory is None)
    if key not in _PLACES:
        _PLACES[key] = resolved, build_places(resolved)
    return _PLACES[key][1]


_KEPT: dict[tuple[object, ...], Any] = {}


def _once(key: tuple[object, ...], make: Callable[[], Any]) -> Any:
    if len(_KEPT) > 500:
        _KEPT.clear()
    if key not in _KEPT:
        _KEPT[key] = make()
    return _KEPT[key]


parse_rows = tables._parse


def parse_table(path: Path, lines: Iterator[list[str]], types: Any, needed: Any) -> list[Any]:
    """Rows of the same lines as before."""
    key = tuple(map(tuple, lines)), tuple(types.items()), tuple(needed)
    return list(_once(key, lambda: parse_rows(path, iter(key[0]), types, needed)))


ask_columns = parquet.read_columns


def columns_of(given: Any, query: str, parameters: Any = (), **how: Any) -> dict[str, Any]:
    """Columns of files with the same bytes as before; large ones are read again."""
    files = [given] if isinstance(given, Path) else [*given]
    files += (how.get("others") or {}).values()
    if not all(file.is_file() and file.stat().st_size < 2**20 for file in files):
        return ask_columns(given, query, parameters, **how)
    key = (query, repr(parameters), repr(how), *(file.read_bytes() for file in files))
    columns = _once(key, lambda: ask_columns(given, query, parameters, **how))
    return {name: column.copy() for name, column in columns.items()}
