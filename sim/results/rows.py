"""CSV tables of a run folder read back: summaries, comparisons, trade-offs.

In: a folder, the name of a table, columns that a reader needs. Out: rows of text by column name.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence

from sim.errors import DataError, Problem
from sim.results.read import RunFolder


def has_table(run: RunFolder, name: str) -> bool:
    """Whether the folder holds a table."""
    return (run.path / name).is_file()


def read_rows(run: RunFolder, name: str, needed: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV table, in the sequence of the file.

    Raises
    ------
    DataError
        If the file is missing or unreadable, or lacks a column.
    """
    path = run.path / name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
            present = reader.fieldnames or ()
    except (OSError, ValueError, csv.Error) as error:
        message = f"expected a readable CSV table, got an error: {error}"
        raise DataError([Problem(str(path), message)]) from None
    absent = [column for column in needed if column not in present]
    if absent:
        message = "expected this column, got none"
        raise DataError([Problem(str(path), message, key=column) for column in absent])
    if any(None in row or None in row.values() for row in rows):
        message = "expected as many cells in every row as the header has, got others"
        raise DataError([Problem(str(path), message)])
    return rows


def number(row: dict[str, str], column: str) -> float:
    """One cell as a number; NaN where it is empty, which means not known.

    Raises
    ------
    DataError
        If the cell holds something else.
    """
    text = row[column]
    try:
        return float(text) if text else math.nan
    except ValueError:
        message = f"expected a number, got {text!r}"
        raise DataError([Problem("", message, key=column)]) from None
