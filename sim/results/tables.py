"""Reads the CSV tables of a run folder, and opens all tables as DuckDB views.

A cell whose value is not known is empty; its number is NaN, never zero.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeAlias

import duckdb

from sim.errors import DataError, Problem
from sim.results.csvtext import GUARDED, text_of
from sim.results.folder import RunFolder
from sim.results.parquet import check_columns
from sim.results.schema import ALL_TABLES, Column
from sim.sql import parquet_rows, sql_pattern, sql_text


class Line(SimpleNamespace):
    """A row of a table of a run folder; its attributes are the columns that the schema declares."""

    @classmethod
    def of(cls, file: str, **cells: Any) -> Line:
        """Return a row of a table; cells that are not given are not known.

        Raises
        ------
        TypeError
            If the table has no column of some name.
        """
        columns = {one.name: "" if one.type == "string" else NOT_KNOWN for one in ALL_TABLES[file]}
        if unknown := cells.keys() - columns.keys():
            raise TypeError(f"{file} has no column {', '.join(sorted(unknown))}")
        return cls(**(columns | cells))

    def also(self, **cells: Any) -> Line:
        """Return the row with other values in some columns."""
        return Line(**(vars(self) | cells))


Cell: TypeAlias = "str | float"
Row: TypeAlias = "Mapping[str, Cell]"

NOT_KNOWN = math.nan


def read_rows(run: RunFolder, name: str, needed: Sequence[str] = ()) -> list[Row]:
    """Read one table, its cells by the types that ``sim.results.schema`` gives its columns.

    Parameters
    ----------
    needed
        Columns that the table has to have.

    Returns
    -------
    rows
        One mapping for each row, from column name to cell: a number (NaN where it is not known) or
        text, as in columns of another version.

    Raises
    ------
    DataError
        If the file is missing, or not such a table; every mistake with its line.
    """
    path = run.path / name
    types = {column.name: column.type for column in ALL_TABLES[name]}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _parse(path, csv.reader(file, strict=True), types, ("strategy", *needed))
    except OSError as error:
        message = f"expected a readable table, got an error: {error.strerror}"
        raise DataError([Problem(str(path), message)]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError([Problem(str(path), f"expected CSV, got an error: {error}")]) from None


def _parse(
    path: Path, lines: Iterator[list[str]], types: Mapping[str, str], needed: Sequence[str]
) -> list[Row]:
    header = next(lines, [])
    absent = [name for name in dict.fromkeys(needed) if name not in header]
    if absent:
        raise DataError(
            [Problem(str(path), f"expected a column {name}, got none", line=1) for name in absent]
        )
    rows: list[Row] = []
    problems = []
    for number, cells in enumerate(lines, start=2):
        if len(cells) != len(header):
            message = f"expected {len(header)} cells, got {len(cells)}"
            problems.append(Problem(str(path), message, line=number))
            continue
        row: dict[str, Cell] = {}
        for name, text in zip(header, cells, strict=True):
            try:
                row[name] = _cell(types.get(name, "string"), text)
            except ValueError:
                message = f"expected a number, got {text[:40]!r}"
                problems.append(Problem(str(path), message, line=number, key=name))
        rows.append(MappingProxyType(row))
    DataError.raise_any(problems[:100])
    return rows


def _cell(kind: str, text: str) -> Cell:
    if kind not in ("number", "integer"):
        return text_of(text)
    value = float(text) if text else NOT_KNOWN
    if math.isinf(value):
        raise ValueError(text)
    return value


def text(row: Row, name: str) -> str:
    """Text of a cell; empty where the table has no such column."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def number(row: Row, name: str) -> float:
    """Number of a cell; NaN where it is not known, or the table has no such column."""
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else NOT_KNOWN


Connection = duckdb.DuckDBPyConnection

_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMPTZ",
}


def connect_tables(folder: Path) -> Connection:
    """Connect to the tables that a run folder has, in a database of its own."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for file, columns in ALL_TABLES.items():
        path = folder / file
        if not path.exists():
            continue
        try:
            connection.execute(
                f'CREATE VIEW "{path.stem}" AS SELECT * FROM {_source(path, columns)}'
            )
        except duckdb.Error as error:
            if path.suffix == ".csv":
                with path.open(encoding="utf-8", errors="replace", newline="") as lines:
                    check_columns(path, next(csv.reader(lines), []))
            message = f"expected a readable table, got an error: {str(error).splitlines()[0]}"
            raise DataError([Problem(str(path), message)]) from None
    return connection


def _source(path: Path, columns: tuple[Column, ...]) -> str:
    if path.suffix == ".parquet":
        return parquet_rows(path)
    names = [f'"{one.name}"' for one in columns if one.type == "string"]
    plain = ", ".join(
        f"regexp_replace({name}, {sql_text(GUARDED)}, '\\1\\2', 'g') AS {name}" for name in names
    )
    types = ", ".join(f"{sql_text(one.name)}: {sql_text(_TYPES[one.type])}" for one in columns)
    held = (
        f"read_csv({sql_pattern(path)}, header = true, columns = {{{types}}}, "
        "hive_partitioning = false)"
    )
    return f"(SELECT * REPLACE ({plain}) FROM {held})"
