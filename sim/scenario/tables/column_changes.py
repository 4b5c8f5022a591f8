"""Columns of tables moved within their ranges."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sim.addresses.feeds.gather import with_point
from sim.errors import DataError, Problem
from sim.scenario.document import hint, row_problems
from sim.scenario.quantities import kinds_of
from sim.scenario.tables.seeds import Range, Row, Table, read_cells

TableType = TypeVar("TableType", bound=Table[Any])
FINER = 100
"""Relative weights that are whole numbers are multiplied by this, so that rounding is small."""


@dataclass(frozen=True)
class ColumnChange:
    """Another course of one table column.

    Notes
    -----
    Shares that are parts of a whole are divided by their new total, so that they still sum to 1.
    Whole numbers are rounded, but not to zero.
    """

    table: str
    column: str
    """Which, by the table's name in the scenario."""
    amounts: tuple[float, ...]
    """One for all rows, or one for each: positions from -1 (the low end) by 0 (as it stands) to 1
    (the high end) where the column's range has ends; else factors above 0."""
    origin: str = ""
    """Where it was set, for messages."""

    @property
    def key(self) -> str:
        """Table and column."""
        return f"{self.table}.{self.column}"


def with_settings(
    table: TableType, asked: Sequence[ColumnChange], moved: Container[str]
) -> TableType:
    """Return a table with the columns that are set; its text and hash are of what it says then.

    Parameters
    ----------
    moved
        Keys of columns that a copy of a run has already.

    Raises
    ------
    DataError
        With everything that cannot be set, or that the table may not hold then.
    """
    DataError.raise_any([problem for one in asked for problem in _misfits(table, one)])
    names = tuple(one.column for one in asked)
    fresh = [one for one in asked if one.key not in moved]
    if not fresh:
        return replace(table, set_columns=names)
    changed = with_columns(table, fresh)
    data = _text_of(changed).encode()
    return replace(changed, data=data, sha256=hashlib.sha256(data).hexdigest(), set_columns=names)


def assumed_columns(table: Table[Any]) -> dict[str, Range]:
    """Ranges of the columns that one amount can move: assumed, and no parts of a whole."""
    note = table.note
    assert note is not None  # every shipped table has one
    apart = {*note.bounds, *type(table.rows[0]).parts_of_column}
    return {
        name: column.range
        for name, column in note.columns.items()
        if column.kind == "assumption" and column.range is not None and name not in apart
    }


def _ends_of(table: Table[Any], column: str) -> tuple[Any, Any] | None:
    """Ends of the range of each cell of a column; None where it has none."""
    note = table.note.columns.get(column) if table.note else None
    if note is None or note.range is None:
        return None
    if (ends := note.range.columns) is not None:
        return _column(table, ends[0]), _column(table, ends[1])
    return note.range.absolute


def _misfits(table: Table[Any], one: ColumnChange) -> Iterator[Problem]:
    """Refuse to set what no amount moves, and amounts that none may be."""
    (amount,) = one.amounts
    ranges = assumed_columns(table)
    if one.column not in ranges:
        known = ", ".join(ranges) or "none"
        wanted = f"an assumed column of the table that one amount moves ({known})"
        message = f"expected {wanted}, got {one.column!r}{hint(one.column, ranges)}"
        yield Problem(one.origin, message, key=one.key)
        return
    is_factor = ranges[one.column].times is not None
    if not (amount > 0 if is_factor else -1 <= amount <= 1):
        wanted = "a factor above 0" if is_factor else "a position from -1 to 1"
        yield Problem(one.origin, f"expected {wanted}, got {amount:g}", key=one.key)


def _text_of(table: Table[Any]) -> str:
    """The text of the file with the cells of the rows, which reading gives back exactly."""
    lines = list(read_cells(table.data.decode("utf-8-sig"))[0])
    header, cells = lines[0], [line for line in lines[1:] if line]
    fields = type(table.rows[0]).model_fields
    names = {field.alias or name: name for name, field in fields.items()}
    for line, row in zip(cells, table.rows, strict=True):
        for place, column in enumerate(header):
            value = getattr(row, names[column])
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and line[place] and float(with_point(line[place])) != value:
                line[place] = repr(value)
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([header, *cells])
    return written.getvalue()


def with_columns(table: TableType, changes: Sequence[ColumnChange]) -> TableType:
    """Rows with moved cells, each validated as if it had been read."""
    cells = {one.column: _moved(table, one) for one in changes}
    model = type(table.rows[0])
    for name in set(model.parts_of_column) & set(cells):
        if math.isclose(_column(table, name).sum(), 1, rel_tol=1e-6):
            cells[name] /= cells[name].sum()
        elif _is_whole(table, name):
            cells[name] *= FINER
    if set(model.parts_of_row) & set(cells):
        shares = {name: cells.get(name, _column(table, name)) for name in model.parts_of_row}
        total = np.sum(list(shares.values()), axis=0)
        cells |= {name: share / total for name, share in shares.items()}
    rows: list[Row] = []
    problems: list[Problem] = []
    whole = {name for name in cells if _is_whole(table, name)}
    for number, row in enumerate(table.rows):
        update = {
            name: _rounded(float(value[number]), int(getattr(row, name)))
            if name in whole
            else float(value[number])
            for name, value in cells.items()
            # What a row does not have stays away.
            if getattr(row, name) is not None
        }
        try:
            rows.append(type(row).model_validate(row.model_dump(by_alias=True) | update))
        except ValidationError as error:
            problems += row_problems(error.errors(), str(table.path), table.lines[number])
    DataError.raise_any(problems)
    return replace(table, rows=tuple(rows))


def _moved(table: Table[Any], change: ColumnChange) -> NDArray[np.float64]:
    cells, amounts = _column(table, change.column), np.array(change.amounts)
    ends = _ends_of(table, change.column)
    if ends is None:
        return np.asarray(cells * amounts)
    low, high = ends
    moved = cells + np.where(amounts < 0, cells - low, high - cells) * amounts
    # At the ends stands the end itself, without the rounding of the sum.
    return np.asarray(np.select([amounts <= -1, amounts >= 1], [low, high], moved))


def _rounded(value: float, before: int) -> int:
    """Nearest whole number; what there was at least one of does not vanish by rounding."""
    return max(round(value), min(before, 1)) if value > 0 else round(value)


def _column(table: Table[Any], name: str) -> NDArray[np.float64]:
    return np.array([getattr(row, name) for row in table.rows], dtype=float)


def _is_whole(table: Table[Any], name: str) -> bool:
    return int in kinds_of(type(table.rows[0]).model_fields[name].annotation)
