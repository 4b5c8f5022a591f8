"""Cells that are more than text: AS numbers, countries, amounts.

An empty cell is not known, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from sim.addresses.feeds.cellbytes import CellBytes
from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.sets.notation import shown
from sim.errors import DataError, Problem

# One AS number or several, joined by what the formats use for several origins and for AS sets.
_ORIGINS = re.compile(r"(?:AS)?\d{1,10}(?:[_,| ](?:AS)?\d{1,10})*", re.ASCII)
_BETWEEN = re.compile(r"[_,| ]")
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_MAX_ASN = 2**32 - 1
# A comma before decimals: after thousands with points, before other than three digits, or where
# thousands would not be written so.
_COMMA = re.compile(r"\d{1,3}(\.\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|(0\d*|\d{4,}),\d{3}", re.ASCII)
_POINT = re.compile(r"\d*\.\d*(e[+-]?\d+)?", re.ASCII | re.I)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
_EITHER = re.compile(r"\d{1,3},\d{3}", re.ASCII)

Value = TypeVar("Value")


def add_origins(gathering: Gathering, cells: Sequence[str], line: Line) -> None:
    """Append a column ``asn``: each value a list of numbers."""
    expected = "AS numbers such as 64496 or 64496_64497"
    cells = cells.texts() if isinstance(cells, CellBytes) else cells
    known = _read_each(gathering, "asn", cells, line, _origins, expected)
    gathering.add_lists("asn", cells, {cell: found or () for cell, found in known.items()})


def add_countries(gathering: Gathering, cells: Sequence[str], line: Line) -> None:
    """Append a column ``country``: two letters, in capitals; ``NA`` is Namibia."""
    expected = "a country of two letters"
    cells = cells.texts() if isinstance(cells, CellBytes) else cells
    known = _read_each(gathering, "country", cells, line, _country, expected)
    gathering.add_labels("country", [known[cell] or "" for cell in cells])


def add_amounts(gathering: Gathering, column: str, cells: Sequence[str], line: Line) -> None:
    """Append a column of finite numbers that are not negative; NaN where a cell is empty.

    The decimal mark is a point, or throughout the column a comma where that can mean nothing else:
    ``10,5``, ``0,125`` and ``1.234,56``, but not ``1,500``. Nor is ``1.500`` read between
    semicolons: whoever writes those writes decimals with commas, mostly.

    Raises
    ------
    DataError
        If both marks stand in the column: either may then mean thousands.
    """
    cells = cells.texts() if isinstance(cells, CellBytes) else cells
    _check_marks(gathering, column, cells, line)
    try:
        values = np.array([cell or "nan" for cell in cells], np.float64)
    except ValueError:
        values = np.array([_amount(cell) for cell in cells], np.float64)
    known = np.array([bool(cell.strip()) for cell in cells], np.bool_)
    bad = known & ~((values >= 0) & np.isfinite(values))
    # Python reads 1_000 and digits of other scripts as numbers; nobody who writes a table does.
    bad |= np.array(["_" in cell or not cell.isascii() for cell in cells], np.bool_)
    if gathering.has_semicolons:
        bad |= np.array([bool(_THOUSANDS.fullmatch(cell.strip())) for cell in cells], np.bool_)
    for row in np.flatnonzero(bad).tolist():
        message = f"expected a number of 0 or more, got {shown(cells[row])}"
        if _EITHER.fullmatch(cells[row].strip()):
            message += ", whose comma may stand before decimals or between thousands"
        elif gathering.has_semicolons and _THOUSANDS.fullmatch(cells[row].strip()):
            message += (
                ", whose point may stand before decimals or, between semicolons, between thousands"
            )
        gathering.refuse(message, int(line[row]), column)
    values[bad] = np.nan
    gathering.add_numbers(column, values)


def _read_each(
    gathering: Gathering,
    column: str,
    cells: Sequence[str],
    line: Line,
    read: Callable[[str], Value | None],
    expected: str,
) -> dict[str, Value | None]:
    """Values of the distinct cells, as they first come; None, and refused, where there is none."""
    known = {cell: read(cell) for cell in dict.fromkeys(cells)}
    if None in known.values():
        for row, cell in enumerate(cells):
            if known[cell] is None:
                gathering.refuse(f"expected {expected}, got {shown(cell)}", int(line[row]), column)
    return known


def _origins(cell: str) -> tuple[str, ...] | None:
    text = cell.strip()
    if not text:
        return ()
    if not _ORIGINS.fullmatch(text):
        return None
    numbers = [int(part.removeprefix("AS")) for part in _BETWEEN.split(text)]
    return tuple(map(str, numbers)) if max(numbers) <= _MAX_ASN else None


def _country(cell: str) -> str | None:
    text = cell.strip()
    if not text:
        return ""
    return text.upper() if _COUNTRY.fullmatch(text) else None


def _check_marks(gathering: Gathering, column: str, cells: Sequence[str], line: Line) -> None:
    """Remember where each decimal mark was met first, and refuse two in one column."""
    met = gathering.decimal_marks.setdefault(column, {})
    for mark in ",.":
        if mark in met:
            continue
        for row, cell in enumerate(cells):
            if mark in cell and _mark(cell.strip()) == mark:
                met[mark] = (int(line[row]), cell)
                break
    if len(met) == 2:
        got = " and ".join(f"{shown(cell)} in line {at}" for at, cell in sorted(met.values()))
        message = f"expected one decimal mark throughout the column, got {got}"
        raise DataError([Problem(gathering.name, message, max(met.values())[0], 0, column)])
    if "," in met:
        gathering.note(f"{column}: the comma is read as the decimal mark")


def _mark(cell: str) -> str:
    """Return what a number has before its decimals; empty where it has none."""
    if _COMMA.fullmatch(cell):
        return ","
    return "." if _POINT.fullmatch(cell) else ""


def _amount(cell: str) -> float:
    text = cell.strip()
    if _COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return float("nan")
