"""Rows and mistakes of one file, collected block by block, and the cells that are more than text.

`Gathering` reads addresses in bulk and keeps every mistake with its place. AS numbers, countries
and amounts are brought to one spelling or refused; an empty cell is not known, never zero.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels, Origin
from sim.addresses.feeds.inputs import AS_NAMED, ColumnChoice
from sim.addresses.sets.notation import shown
from sim.addresses.text.reading import (
    Entries4,
    Entries6,
    Rows,
    find_stated,
    read_block,
    read_texts,
    wrong_counts,
)
from sim.addresses.text.source import Block, Limits, Readable, hidden_end, may_hide, read_blocks
from sim.errors import BadLinesError, DataError, Problem
from sim.files import not_utf8

Line = NDArray[np.int64]
_BLANKS = " \t\r"
# What CPython takes for a value in a dictionary, and for each text in a list besides its letters.
_VALUE_BYTES, _TEXT_BYTES = 150, 60

Key = TypeVar("Key", bound=Hashable)


class Coder(dict[Any, int]):
    """Gives each distinct text, or list of texts, a number; an empty one has none.

    Blanks around texts are ignored.
    """

    def __init__(self) -> None:
        self._distinct: list[Any] = []
        self._codes = array("i")
        self._n_value_bytes = 0

    def __missing__(self, value: str | tuple[str, ...]) -> int:
        """Number a value when it is first met."""
        bare = value.strip(_BLANKS) if isinstance(value, str) else value
        if bare != value:
            number = self[bare]
        elif value:
            number = len(self._distinct)
            self._distinct.append(value)
        else:
            number = -1
        self._n_value_bytes += _VALUE_BYTES + sum(map(len, value))
        self._n_value_bytes += _TEXT_BYTES * len(value) if isinstance(value, tuple) else 0
        self[value] = number
        return number

    @property
    def n_bytes(self) -> int:
        """Bytes held: the codes, and the values about."""
        return _n_bytes(self._codes) + self._n_value_bytes

    def add(self, keys: Sequence[Key], values: Mapping[Key, Hashable] | None = None) -> None:
        """Append the values of the following records, or keys that stand for values."""
        code = self if values is None else {key: self[each] for key, each in values.items()}
        self._codes.extend(map(code.__getitem__, keys))

    def finish(self) -> Labels:
        """Return the column."""
        codes: NDArray[np.int32] = _column(self._codes)
        if self._distinct and isinstance(self._distinct[0], tuple):
            return Labels.of_lists(codes, self._distinct)
        return Labels(codes, self._distinct)


_TYPES = {"i": np.int32, "q": np.int64, "d": np.float64}


def _n_bytes(column: array[Any]) -> int:
    return len(column) * column.itemsize


def _column(column: array[Any]) -> NDArray[Any]:
    return np.frombuffer(column, _TYPES[column.typecode])


class Gathering:
    """Collects the records of one file.

    Parameters
    ----------
    name
        What to call the file in messages.
    skip_bad
        Leave mistakes out and count them, instead of refusing the file.
    limits
        How much is read, and how many mistakes are described.
    columns
        What the user said of its columns, if it is a table.

    Attributes
    ----------
    n_records, n_lines
        Records kept and lines met so far.
    decimal_marks
        Line and text of the first cell with each decimal mark, by column of numbers.
    has_thousands
        Whether a point may stand between thousands, as where no commas stand between cells.
    notes
        What to tell the user.
    n_bad, problems
        Mistakes so far, and those that are described.
    """

    def __init__(
        self, name: str, *, skip_bad: bool, limits: Limits, columns: ColumnChoice = AS_NAMED
    ) -> None:
        self.name = name
        self.limits = limits
        self.columns = columns
        self.n_records = 0
        self.n_lines = 0
        self.decimal_marks: dict[str, dict[str, tuple[int, str]]] = {}
        self.has_thousands = False
        self.notes: list[str] = []
        self.skip_bad = skip_bad
        self.n_bad = 0
        self.problems: list[Problem] = []
        self._opposite: list[Problem] = []
        self._rows4 = array("q"), array("q"), array("q")
        self._v6: list[Entries6] = []
        self._record4, self._record6 = array("q"), array("q")
        self._n_row_bytes = 0
        self._coders: dict[str, Coder] = {}
        self._numbers: dict[str, array[float]] = {}

    def refuse(self, message: str, line: int = 0, key: str = "") -> None:
        """Note one mistake."""
        self.n_bad += 1
        if len(self.problems) < self.limits.max_problems:
            self.problems.append(Problem(self.name, message, line, 0, key))

    def refuse_opposite(self, message: str, line: int, key: str = "") -> None:
        """Note what lets through: without it the rest would say more than is blocked."""
        self.refuse(message, line, key)
        self._opposite.append(Problem(self.name, message, line, 0, key))

    def wrong(self, message: str, line: int = 0, key: str = "") -> DataError:
        """Return the error of a file that cannot be read at all."""
        return DataError([Problem(self.name, message, line, 0, key)])

    def check_one(self, what: str, columns: Sequence[str]) -> None:
        """Refuse a table in which several columns are one thing."""
        if len(columns) > 1:
            raise self.wrong(f"expected one {what}, got {', '.join(columns)[:200]}", 1)

    def note(self, text: str) -> None:
        """Tell the user of a trap, once."""
        if text not in self.notes:
            self.notes.append(text)

    def add_records(self, n_records: int) -> Line:
        """Make room for so many records, and return their numbers.

        Raises
        ------
        DataError
            If the columns so far take more memory than the limits allow.
        """
        n_bytes = self._n_row_bytes + _n_bytes(self._record4) + _n_bytes(self._record6)
        n_bytes += sum(map(_n_bytes, self._numbers.values()))
        n_bytes += sum(coder.n_bytes for coder in self._coders.values())
        self.limits.check_held(n_bytes, self.name)
        self.n_records += n_records
        return np.arange(self.n_records - n_records, self.n_records, dtype=np.int64)

    def add_labels(self, column: str, values: Sequence[str]) -> None:
        """Append a text column of the records last added."""
        self._coders.setdefault(column, Coder()).add(values)

    def add_lists(
        self, column: str, keys: Sequence[Key], lists: Mapping[Key, Iterable[str]]
    ) -> None:
        """Append a column of lists of the records last added.

        Parameters
        ----------
        column
            Given as lists throughout; any other is given as texts throughout.
        keys
            What stands for the list of each record.
        lists
            The members of each; repeated ones count once, empty ones not at all.
        """
        distinct = {key: tuple(dict.fromkeys(filter(None, each))) for key, each in lists.items()}
        self._coders.setdefault(column, Coder()).add(keys, distinct)

    def add_numbers(self, column: str, values: NDArray[np.float64]) -> None:
        """Append a column of numbers of the records last added."""
        self._numbers.setdefault(column, array("d")).frombytes(values.tobytes())

    def add_texts(
        self,
        values: Sequence[str],
        record: Line,
        line: Line,
        *,
        key: str = "",
        keys: Sequence[str] = (),
        may_be_empty: bool = False,
    ) -> None:
        """Read one address, prefix or range from each value.

        Parameters
        ----------
        values
            Text of each row.
        record, line : shape (n,), int64
            The record and the line of each value.
        key, keys
            Name of the column, or of each value, for messages.
        may_be_empty
            Empty values are no mistake: their record has no usable address.
        """
        rows = read_texts(values, np.arange(len(values), dtype=np.int64))
        for bad in rows.bad:
            place = int(line[bad.number]), keys[bad.number] if keys else key
            (self.refuse_opposite if bad.is_opposite else self.refuse)(bad.message, *place)
        if len(rows.v4) + len(rows.v6) + len(rows.bad) < len(values) and not may_be_empty:
            for row in [row for row, value in enumerate(values) if not value.strip(_BLANKS)]:
                message = "expected an address, got nothing"
                self.refuse(message, int(line[row]), keys[row] if keys else key)
        at4, at6 = rows.v4.line, rows.v6.line
        self._keep(replace(rows.v4, line=line[at4]), replace(rows.v6, line=line[at6]))
        self._record4.frombytes(record[at4].tobytes())
        self._record6.frombytes(record[at6].tobytes())

    def add_named(
        self,
        names: Sequence[str],
        listed: Sequence[tuple[str, int, int]],
        key: str = "",
        keys: Sequence[str] = (),
    ) -> None:
        """Append a record for each name, and addresses with the rows of their names and lines."""
        record = self.add_records(len(names))
        self.add_labels("name", names)
        row, line = np.array([place for _, *place in listed], np.int64).reshape(-1, 2).T
        self.add_texts([address for address, *_ in listed], record[row], line, key=key, keys=keys)

    def add_rows(self, rows: Rows) -> None:
        """Append rows each of which is a record; no other records may be added."""
        for bad in rows.bad:
            (self.refuse_opposite if bad.is_opposite else self.refuse)(bad.message, bad.number)
        self._keep(rows.v4, rows.v6)
        self.limits.check_held(self._n_row_bytes, self.name)

    def _keep(self, v4: Entries4, v6: Entries6) -> None:
        # Pieces of IPv4, joined at the end, would be held twice, and leave holes when they go.
        for column, piece in zip(self._rows4, (v4.start, v4.stop, v4.line), strict=True):
            column.frombytes(piece.tobytes())
        self._v6.append(v6)
        self._n_row_bytes += v4.n_bytes + v6.n_bytes

    def rows(self) -> tuple[Entries4, Entries6]:
        """Return all rows; none may be added afterwards."""
        self._v6 = [Entries6.concatenate(self._v6)]
        return Entries4(*map(_column, self._rows4)), self._v6[0]

    def finish(self, form: str, date: str = "", licence: str = "") -> Feed:
        """Return the feed; parameters are those of `Origin`.

        Raises
        ------
        BadLinesError
            If there were mistakes and they were not to be skipped.
        DataError
            If something lets through, even if mistakes were to be skipped.
        """
        v4, v6 = self.rows()
        if self.n_bad and not self.skip_bad:
            raise BadLinesError(self.name, self.problems, self.n_bad, len(v4) + len(v6))
        if self._opposite:
            raise DataError(self._opposite[: max(self.limits.max_problems, 1)])
        record4, record6 = _column(self._record4), _column(self._record6)
        if not self.n_records:
            # Of a list, where each row is a record, those of IPv4 first.
            self.n_records = len(v4) + len(v6)
            record4, record6 = np.split(np.arange(self.n_records, dtype=np.int64), [len(v4)])
        labels = {column: coder.finish() for column, coder in self._coders.items()}
        return Feed(
            Origin(self.name, form, date, licence),
            self.n_records,
            v4,
            v6,
            record4,
            record6,
            {column: label for column, label in labels.items() if label.n_known},
            {column: _column(values) for column, values in self._numbers.items()},
            self.n_lines,
            self.n_bad,
            tuple(self.problems),
            tuple(self.notes),
        )


# JSON, whose texts hold any character, and comments.
_WHOLE = ("{", "!", ";", "//")


def count_lines(block: Block, gathering: Gathering) -> None:
    """Count the lines of a block, and refuse those that are too long; say how it was encoded."""
    gathering.n_lines += block.n_lines
    if block.note:
        gathering.note(block.note)
    for line in block.overlong:
        most = f"{gathering.limits.max_line_bytes:,}"
        gathering.refuse(f"expected at most {most} bytes in a line, got more", line)


def decode_lines(block: Block, gathering: Gathering) -> Iterator[tuple[int, str]]:
    """Yield the lines of a block with their numbers, and refuse those that are not UTF-8."""
    for number, line in enumerate(block.text.split(b"\n")[:-1], block.first_line):
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            gathering.refuse(not_utf8(line, f"the byte 0x{line[error.start]:02x}"), number)


def read_numbered(source: Readable, gathering: Gathering) -> Iterator[list[tuple[int, str]]]:
    """Yield the numbers of lines that are not blank and the lines, stripped, block by block."""
    for block in read_blocks(source, gathering.limits.max_line_bytes):
        count_lines(block, gathering)
        lines = []
        is_odd = may_hide(block.text)
        for number, text in decode_lines(block, gathering):
            line = text.strip()
            if is_odd and not line.startswith(_WHOLE) and (wrong := hidden_end(line, "#")):
                gathering.refuse(wrong, number)
            elif line:
                lines.append((number, line))
        yield lines


def read_list(source: Readable, gathering: Gathering) -> Feed:
    """Read a plain list: prefixes, addresses and ranges of both families, with comments."""
    stated: dict[str, list[int]] = {}
    for block in read_blocks(source, gathering.limits.max_line_bytes, gathering.name):
        count_lines(block, gathering)
        find_stated(block, stated)
        gathering.add_rows(read_block(block))
    for wrong in wrong_counts(stated, *gathering.rows()):
        gathering.refuse(wrong.message, wrong.number)
    return gathering.finish("list")


def parse_entries(
    text: str | bytes, name: str = "<text>", *, skip_bad: bool = False, limits: Limits | None = None
) -> Feed:
    """Read a list from text in memory, line by line.

    Parameters
    ----------
    text
        On each line a prefix, a plain address or a range ``first-last``; ``#`` and ``;`` start a
        comment. IPv4-mapped addresses (``::ffff:192.0.2.1``) are bad lines.
    name
        Name of the text in messages.
    skip_bad
        Ignore bad lines and count them, instead of refusing the text.
    limits
        How much is read before the text is refused.

    Returns
    -------
    feed
        Rows by family in the order of the text, with line numbers; and what was refused.

    Raises
    ------
    DataError
        If the text exceeds a limit; and, unless ``skip_bad``, with every bad line (the first
        ``limits.max_problems`` described, the rest counted).
    """
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return read_list(BytesIO(data), Gathering(name, skip_bad=skip_bad, limits=limits or Limits()))


NO_TEXT = frozenset(("", "-", "–", "—", "none", "null", "nan", "n/a", "#n/a"))
"""What a cell holds in small letters where there is nothing."""
# One AS number or several, joined by what the formats use for several origins and for AS sets.
_ORIGINS = re.compile(r"(?:AS)?\d{1,10}(?:[_,| ](?:AS)?\d{1,10})*", re.ASCII)
_BETWEEN = re.compile(r"[_,| ]")
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
# A comma before decimals: after thousands with points, before other than three digits, or where
# thousands would not be written so.
_COMMA = re.compile(r"\d{1,3}(\.\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|(0\d*|\d{4,}),\d{3}", re.ASCII)
_POINT = re.compile(r"\d*\.\d*(e[+-]?\d+)?", re.ASCII | re.I)
THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
"""A number whose point may stand before decimals or, without commas, between thousands."""
_MOST = 1e15  # Sums are whole numbers below 2**53.
_SIGNS = {"BRL": "R$", "EUR": "€", "GBP": "£", "INR": "₹", "RUB": "₽", "TRY": "₺", "USD": "$"}
_EITHER = re.compile(r"\d{1,3},\d{3}", re.ASCII)

Value = TypeVar("Value")


def add_origins(gathering: Gathering, cells: Sequence[str], line: Line) -> None:
    """Append a column ``asn``: each value a list of numbers."""
    expected = "AS numbers such as 64496 or 64496_64497"
    known = _read_each(gathering, "asn", cells, line, _origins, expected)
    gathering.add_lists("asn", cells, {cell: found or () for cell, found in known.items()})


def add_countries(gathering: Gathering, cells: Sequence[str], line: Line) -> None:
    """Append a column ``country``: two letters, in capitals; ``NA`` is Namibia.

    ``UK`` and ``EL``, which ISO 3166 reserves or lacks, are read as ``GB`` and ``GR``.
    """
    known = _read_each(gathering, "country", cells, line, _country, "a country of two letters")
    gathering.add_labels("country", [known[cell] or "" for cell in cells])


def add_amounts(gathering: Gathering, column: str, cells: Sequence[str], line: Line) -> None:
    """Append a column of finite numbers that are not negative; NaN where a cell is empty.

    The decimal mark is a point, or throughout the column a comma where that can mean nothing else:
    ``10,5``, ``0,125`` and ``1.234,56``, but not ``1,500``. Nor is ``1.500`` read between
    semicolons or tabs: whoever writes those writes decimals with commas, mostly. An amount may have
    the sign or the code of its column's currency.

    Raises
    ------
    DataError
        If the column has both marks: either may then separate thousands.
    """
    cells = _without_currency(column, cells)
    _check_marks(gathering, column, cells, line)
    try:
        values = np.array([cell or "nan" for cell in cells], np.float64)
    except ValueError:
        values = np.array([_amount(cell) for cell in cells], np.float64)
    known = np.array([bool(cell.strip()) for cell in cells], np.bool_)
    bad = known & ~((values >= 0) & (values <= _MOST))
    kind = "number"
    if column == "n_names":
        bad, kind = bad | (values % 1 > 0), "whole number"
    # Python reads 1_000 and digits of other scripts as numbers; nobody who writes a table does.
    bad |= np.array(["_" in cell or not cell.isascii() for cell in cells], np.bool_)
    if gathering.has_thousands:
        bad |= np.array([bool(THOUSANDS.fullmatch(cell.strip())) for cell in cells], np.bool_)
    for row in np.flatnonzero(bad).tolist():
        most = f" and at most {_MOST:g}" if _MOST < values[row] < np.inf else ""
        message = f"expected a {kind} of 0 or more{most}, got {shown(cells[row])}"
        for form, mark in ((_EITHER, "comma"), (THOUSANDS, "point")):
            if form.fullmatch(cells[row].strip()):
                message += f", whose {mark} may stand before decimals or between thousands"
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
    return tuple(map(str, numbers)) if max(numbers) < 2**32 else None


def _country(cell: str) -> str | None:
    text = cell.strip()
    if not text:
        return ""
    code = text.upper()
    return {"UK": "GB", "EL": "GR"}.get(code, code) if _COUNTRY.fullmatch(text) else None


def _without_currency(column: str, cells: Sequence[str]) -> Sequence[str]:
    """Amounts without the sign or the code of the currency that their column names."""
    code = column.removeprefix("revenue_").removesuffix("_per_h").upper()
    if len(code) != len("EUR") or "".join(cells).strip("0123456789., ") == "":
        return cells
    for mark in filter(None, (_SIGNS.get(code), code)):
        cells = [cell.strip().removeprefix(mark).removesuffix(mark).strip() for cell in cells]
    return cells


def _check_marks(gathering: Gathering, column: str, cells: Sequence[str], line: Line) -> None:
    """Remember where each decimal mark was met first, and refuse two in one column."""
    met = gathering.decimal_marks.setdefault(column, {})
    for mark, form in ((",", _COMMA), (".", _POINT)):
        for row, cell in enumerate(cells if mark not in met else ()):
            if form.fullmatch(cell.strip()):
                met[mark] = (int(line[row]), cell)
                break
    if len(met) == 2:
        got = " and ".join(f"{shown(cell)} in line {at}" for at, cell in sorted(met.values()))
        message = f"expected one decimal mark throughout the column, got {got}"
        raise gathering.wrong(message, max(met.values())[0], column)
    if "," in met:
        gathering.note(f"{column}: the comma is read as the decimal mark")


def odd_number(cells: Sequence[str], delimiter: str, met: dict[int, str]) -> str:
    """Say of a row of text which number of it can be read in two ways; empty if none can.

    Parameters
    ----------
    met
        First number with a decimal mark in each column so far.
    """
    for column, cell in enumerate(cells if delimiter != "," else ()):
        text = cell.strip()
        if THOUSANDS.fullmatch(text):
            wanted, more = "a number that can be read in one way", ", whose point may stand before "
            return f"expected {wanted}, got {cell!r}{more}decimals or between thousands"
        form = next((form for form in (_COMMA, _POINT) if form.fullmatch(text)), None)
        if form and not form.fullmatch(other := met.setdefault(column, text)):
            return f"expected one decimal mark throughout the column, got {other!r} and {text!r}"
    return ""


def with_point(cell: str) -> str:
    """Return a number with a decimal point in place of a comma that can be nothing else."""
    text = cell.strip()
    return text.replace(".", "").replace(",", ".") if _COMMA.fullmatch(text) else text


def _amount(cell: str) -> float:
    try:
        return float(with_point(cell))
    except ValueError:
        return float("nan")
