"""Text with a delimiter, cut into columns in bulk; columns with names in the first line.

A record stands on one line; a quoted line break is refused. Lines that are not what the format
promises are noted one by one, and the rest is read.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.addresses.feeds.gather import Gathering, Line, count_lines, decode_lines
from sim.addresses.feeds.inputs import DELIMITERS, Rejoined, plain_name
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import (
    Block,
    Readable,
    check_line_ends,
    hidden_end,
    may_hide,
    read_blocks,
)
from sim.errors import DataError, Problem

_QUOTE = '"'
# What a line may hold and say nothing, unless it is the delimiter.
_BLANKS = " \t\r\f\v"
# Cells kept of a record whose number of cells may vary: no format has as many columns, and one line
# of nothing but delimiters must not give all lines of its block as many.
_MOST_CELLS = 64


@dataclass(frozen=True)
class Dialect:
    """How a format writes its records.

    Attributes
    ----------
    delimiter
        Between the cells.
    n_cells
        Cells of a record; 0 for as many as ``min_cells`` or more; the first 64 are kept.
    min_cells
        Fewest cells where their number may vary; what is missing or beyond is left to the reader.
    is_quoted
        Cells may be in double quotes.
    comment
        What a comment line starts with; empty for none.
    encoding
        Of the text; bytes that are none make their line bad, unless ``replaces``.
    replaces
        Bytes outside the encoding are replaced and counted, because they do not matter here.
    """

    delimiter: str
    n_cells: int = 0
    min_cells: int = 0
    is_quoted: bool = False
    comment: str = ""
    encoding: str = "utf-8"
    replaces: bool = False


@dataclass(frozen=True, eq=False)
class Records:
    """Records of one block.

    Attributes
    ----------
    line : shape (n,), int64
        Line of each record, from 1.
    columns
        One per column of the file, each of length n.
    """

    line: Line
    columns: Sequence[Sequence[str]]

    def __len__(self) -> int:
        """Return the number of records."""
        return int(self.line.size)


def read_records(source: Readable, dialect: Dialect, gathering: Gathering) -> Iterator[Records]:
    """Yield the records of a stream, block by block; mistakes go to the gathering."""
    for block in read_blocks(source, gathering.limits.max_line_bytes):
        count_lines(block, gathering)
        records = _cut(block, dialect, gathering)
        if len(records):
            yield records


def _cut(block: Block, dialect: Dialect, gathering: Gathering) -> Records:
    """Cut one block."""
    if dialect.n_cells and dialect.encoding == "utf-8":
        records = _cut_at_once(block, dialect)
        if records is not None:
            return records
    # Where the number of cells is fixed, it shows that two lines stand in one.
    is_odd = not dialect.n_cells and may_hide(block.text)
    lines = decode_lines(block, gathering, dialect.encoding)
    if dialect.replaces:
        text = block.text.decode(dialect.encoding, "replace")
        gathering.n_replaced += text.count("\ufffd")
        lines = iter(enumerate(text.split("\n")[:-1], block.first_line))
    return _cut_lines(lines, dialect, gathering, is_odd=is_odd)


def _cut_at_once(block: Block, dialect: Dialect) -> Records | None:
    """Cut a block whose lines all have as many cells; None for any other."""
    text = block.text.replace(b"\r\n", b"\n")
    # A blank line in place of the names of the columns.
    first_line = block.first_line + text.startswith(b"\n")
    text = text.removeprefix(b"\n")
    comment = dialect.comment.encode()
    if (dialect.is_quoted and _QUOTE.encode() in text) or b"\0" in text:
        return None
    if comment and (text.startswith(comment) or b"\n" + comment in text):
        return None
    try:
        whole = text.decode()
    except UnicodeDecodeError:
        return None
    mark, n = dialect.delimiter, dialect.n_cells
    lines = whole.split("\n")[:-1]
    if any(line.count(mark) != n - 1 for line in lines) or (
        n == 1 and not all(line.strip(_BLANKS) for line in lines)
    ):
        return None
    cells = whole.replace("\n", mark).split(mark)
    line = np.arange(first_line, first_line + len(lines), dtype=np.int64)
    return Records(line, [cells[at:-1:n] for at in range(n)])


def _cut_lines(
    lines: Iterable[tuple[int, str]], dialect: Dialect, gathering: Gathering, *, is_odd: bool
) -> Records:
    """Cut lines one at a time: the way for blocks that are not alike throughout."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    for number, whole in lines:
        line = whole.removesuffix("\r")
        if not line.strip(_BLANKS) and dialect.delimiter not in line:
            continue
        if dialect.comment and line.startswith(dialect.comment):
            continue
        if "\0" in line:
            gathering.refuse("expected text, got a NUL byte", number)
            continue
        if is_odd and (wrong := hidden_end(line)):
            gathering.refuse(wrong, number)
            continue
        row = _cut_line(line, number, dialect, gathering)
        if row is None:
            continue
        wanted = dialect.n_cells or max(dialect.min_cells, 1)
        if len(row) < wanted or (dialect.n_cells and len(row) > wanted):
            at_least = "" if dialect.n_cells else "at least "
            gathering.refuse(
                f"expected {at_least}{wanted} cells, got {len(row)}: {shown(line)}", number
            )
            continue
        numbers.append(number)
        rows.append(row)
    n_columns = dialect.n_cells or min(max(map(len, rows), default=0), _MOST_CELLS)
    cells = [
        [row[column] if column < len(row) else "" for row in rows] for column in range(n_columns)
    ]
    return Records(np.array(numbers, np.int64), cells)


def _cut_line(line: str, number: int, dialect: Dialect, gathering: Gathering) -> list[str] | None:
    """Cells of one line; None where its quotes do not close."""
    if not dialect.is_quoted or _QUOTE not in line:
        return line.split(dialect.delimiter)
    try:
        return next(csv.reader([line], delimiter=dialect.delimiter, strict=True))
    except csv.Error as error:
        is_open = str(error) == "unexpected end of data"
        why = "a cell with a line break, or an open quotation mark" if is_open else error
        gathering.refuse(f"expected a whole record on one line, got {shown(line)} ({why})", number)
        return None


_BOM = b"\xef\xbb\xbf"


def read_headed(
    source: Readable, gathering: Gathering, needed: Sequence[str] = ()
) -> Iterator[tuple[Mapping[str, int], Records]]:
    """Yield the records of a CSV stream, with the place of each column by name.

    Raises
    ------
    DataError
        If a needed column is missing or a name comes twice, however it is spelt.
    """
    line, lines = take_header(source, gathering.limits.max_line_bytes)
    check_line_ends(line, 1, gathering.name)
    if not line.removeprefix(_BOM).strip():
        message = "expected the names of the columns in the first line, got a blank line"
        raise gathering.wrong(f"{message}: take it out", 1)
    header, delimiter = cut_header(line, gathering.name)
    gathering.has_semicolons = delimiter == ";"
    problems = [
        Problem(gathering.name, "expected each column once, got it again", 1, 0, column)
        for column, n in sorted(Counter(header).items())
        if n > 1
    ]
    problems += [
        Problem(
            gathering.name, f"expected this column, got {', '.join(header)[:200]}", 1, 0, column
        )
        for column in needed
        if column not in header
    ]
    if problems:
        raise DataError(problems)
    place = {column: at for at, column in enumerate(header)}
    dialect = Dialect(delimiter, len(header), is_quoted=True)
    for records in read_records(lines, dialect, gathering):
        yield place, records


def cut_header(line: bytes, name: str) -> tuple[list[str], str]:
    """Plain names of the columns in the first line, and the delimiter between them."""
    try:
        text = line.removeprefix(_BOM).decode().strip("\r\n")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        message = f"expected UTF-8 text, got the byte 0x{byte:02x}"
        raise DataError([Problem(name, message, 1)]) from None
    delimiter = max(DELIMITERS, key=text.count)
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise DataError([Problem(name, f"expected CSV, got an error: {error}", 1)]) from None
    return [plain_name(cell) for cell in cells], delimiter


def take_header(source: Readable, max_line_bytes: int) -> tuple[bytes, Rejoined]:
    """First line of a stream, and the stream with an empty line in its place, which is counted."""
    head = b""
    while b"\n" not in head and len(head) <= max_line_bytes:
        piece = source.read(max_line_bytes)
        if not piece:
            break
        head += piece
    header, _, rest = head.partition(b"\n")
    return header, Rejoined(b"\n" + rest, source)
