"""What thousands of tests would do again, and what comes out the same: remembered in a process.

Commands are called by ``CliRunner``, which builds the whole command line for every call; scenarios
are read, which parses the same YAML text again; every run folder says what each cell of the same
tables rests on. All depend on their arguments alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import typer.testing

from sim.scenario import document, load
from sim.scenario.provenance import sources
from sim.scenario.provenance.source import Source
from sim.scenario.provenance.table_sources import table_sources
from sim.scenario.tables.seeds import Table
from sim.scenario.tree import Document


def remember() -> None:
    """Build a command line once, parse a text once, and list the sources of a table once."""
    typer.testing._get_command = cache(typer.testing._get_command)
    load.parse_document = parse_document
    sources.table_sources = sources_of


def parse_document(data: bytes, file: str) -> Document:
    """Return a copy of its own: overrides and assumptions are written into it."""
    return _parsed(data, file).copied()


@lru_cache(maxsize=64)
def _parsed(data: bytes, file: str) -> Document:
    return document.parse_document(data, file)


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
