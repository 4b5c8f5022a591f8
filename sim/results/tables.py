"""Reads the CSV tables of a run folder: summary, money, comparison, trade-off.

In: a run folder and a file name. Out: rows of texts and numbers. A number that is not known is NaN,
never zero.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from sim.errors import DataError, Problem
from sim.results.columns import ALL_TABLES
from sim.results.csvtext import text_of
from sim.results.read import RunFolder

Cell: TypeAlias = "str | float"
Row: TypeAlias = "Mapping[str, Cell]"

MAX_ROWS = 100_000
MAX_BYTES = 64 * 1024 * 1024
NOT_KNOWN = math.nan


def read_rows(run: RunFolder, name: str, needed: Sequence[str] = ()) -> list[Row]:
    """Read one table, its cells by the types that ``sim.results.columns`` gives its columns.

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
        If the file is missing, too large, or not such a table; every mistake with its line.
    """
    path = run.path / name
    types = {column.name: column.type for column in ALL_TABLES[name]}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError([Problem(str(path), f"expected at most {MAX_BYTES:,} bytes, got more")])
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
        if number > MAX_ROWS:
            problems.append(Problem(str(path), f"expected at most {MAX_ROWS:,} rows, got more"))
            break
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
    if problems:
        raise DataError(problems[:100])
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
