"""Tables of text with the names of their columns in the first line.

A record stands on one line; a quoted line break is refused. Lines that are no record are noted one
by one, and the rest is read.
"""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from sim.addresses.feeds.gather import Gathering, Line, count_lines, decode_lines
from sim.addresses.feeds.inputs import SAMPLE_BYTES, delimiter_of, plain_name
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Block, Readable, read_blocks
from sim.errors import DataError, Problem
from sim.files import not_utf8, to_utf8

COMMENTS = ("#", "//", "!")
"""What stands before a name whose row is taken out."""
NO_COMMENT = "expected a record, or a line of nothing in place of one that is taken out"


def read_rows(
    blocks: Iterable[Block],
    gathering: Gathering,
    delimiter: str,
    n_cells: int,
    *,
    is_quoted: bool = True,
) -> Iterator[tuple[Sequence[Sequence[str]], Line]]:
    """Yield the columns of records and their lines; what is none of so many cells is refused.

    Parameters
    ----------
    is_quoted
        Cells may be in double quotes.
    """
    for block in blocks:
        count_lines(block, gathering)
        numbers: list[int] = []
        rows: list[list[str]] = []
        for number, whole in decode_lines(block, gathering):
            line = whole.removesuffix("\r")
            if not line.strip(f' \t\r\f\v"{delimiter}'):
                continue  # Spreadsheets write rows of nothing.
            if "\0" in line:
                gathering.refuse("expected text, got a NUL byte", number)
                continue
            if line.lstrip(' \t"').startswith(("#", "//")):
                gathering.refuse(f"{NO_COMMENT}, got {shown(line)}", number)
                continue
            row = line.split(delimiter)
            if is_quoted and '"' in line:
                row = _cut_quoted(line, number, delimiter, gathering)
            if len(row) == n_cells:
                numbers.append(number)
                rows.append(row)
            elif row:
                message = f"expected {n_cells} cells, got {len(row)}: {shown(line)}"
                gathering.refuse(message, number)
        if rows:
            yield list(zip(*rows, strict=True)), np.array(numbers, np.int64)


def _cut_quoted(line: str, number: int, delimiter: str, gathering: Gathering) -> list[str]:
    """Cells of one line; none, and refused, where its quotes do not close."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        is_open = str(error) == "unexpected end of data"
        why = (
            "a line break in a cell: write a blank; or an open quotation mark" if is_open else error
        )
        gathering.refuse(f"expected a whole record on one line, got {shown(line)} ({why})", number)
        return []


def read_headed(
    source: Readable, gathering: Gathering, needed: Sequence[str] = ()
) -> Iterator[tuple[dict[str, Sequence[str]], Line]]:
    """Yield the columns of a CSV stream by name, and the line of each record.

    Raises
    ------
    DataError
        If a needed column is missing or a name comes twice, however it is spelt.
    """
    blocks = read_blocks(source, gathering.limits.max_line_bytes, gathering.name)
    first = next(blocks, Block(b"\n", 1, 0))
    line, _, rest = first.text.partition(b"\n")
    header, delimiter = cut_header(line, gathering.name, rest)
    if not any(header):
        got = "a comment" if line.strip() else "a blank line"
        message = f"expected the names of the columns in the first line, got {got}: take it out"
        raise gathering.wrong(message, 1)
    gathering.has_thousands = delimiter != ","
    again, other = "expected each column once, got it again", ", ".join(header)[:200]
    told = [(column, again) for column, n in sorted(Counter(header).items()) if n > 1 and column]
    told += [(each, f"expected this column, got {other}") for each in needed if each not in header]
    DataError.raise_any([Problem(gathering.name, text, 1, 0, column) for column, text in told])
    # An empty line in place of the names is counted.
    blocks = chain([replace(first, text=b"\n" + rest)], blocks)
    for columns, at in read_rows(blocks, gathering, delimiter, len(header)):
        pairs = zip(header, columns, strict=True)
        held = [(name, cells) for name, cells in pairs if name or any(map(str.strip, cells))]
        if (n_bare := sum(not name for name, _ in held)) > 1:
            message = f"expected a name for each column, got {n_bare} that hold cells and none"
            raise gathering.wrong(message, 1)
        yield dict(held), at


def cut_header(line: bytes, name: str, rest: bytes = b"") -> tuple[list[str], str]:
    """Plain names of the columns in the first line, and the delimiter between all cells."""
    try:
        text = to_utf8(line.removeprefix(BOM_UTF8))[0].decode().strip("\r\n")
    except UnicodeDecodeError as error:
        message = not_utf8(line, f"the byte 0x{error.object[error.start]:02x}")
        raise DataError([Problem(name, message, 1)]) from None
    delimiter = delimiter_of([text, *rest[:SAMPLE_BYTES].decode(errors="replace").split("\n")[:-1]])
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise DataError([Problem(name, f"expected CSV, got an error: {error}", 1)]) from None
    return [plain_name(cell) for cell in cells], delimiter
