"""CSV whose columns are told by their names.

A column that is missing is told with those that are there.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, cast

from sim.addresses.feeds.delimited import Dialect, Records, read_records
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import Rejoined
from sim.addresses.feeds.rows.choice import plain_name
from sim.addresses.text.cuts import check_line_ends
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem

_BOM = b"\xef\xbb\xbf"
DELIMITERS = (",", ";", "\t")


def read_headed(
    source: BinaryIO | Source, gathering: Gathering, limits: Limits, needed: Sequence[str]
) -> Iterator[tuple[Mapping[str, int], Records]]:
    """Yield the records of a CSV stream, with the place of each column by name.

    Raises
    ------
    DataError
        If a needed column is missing or a name comes twice, however it is spelt.
    """
    line, lines = _take_header(source, limits.max_line_bytes)
    check_line_ends(line, 1, gathering.name)
    if not line.removeprefix(_BOM).strip():
        message = "expected the names of the columns in the first line, got a blank line"
        raise DataError([Problem(gathering.name, f"{message}: take it out", 1)])
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
    for records in read_records(cast("BinaryIO", lines), dialect, gathering, limits):
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


def _take_header(source: BinaryIO | Source, max_line_bytes: int) -> tuple[bytes, Rejoined]:
    """First line of a stream, and the stream with an empty line in its place, which is counted."""
    head = b""
    while b"\n" not in head and len(head) <= max_line_bytes:
        piece = source.read(max_line_bytes)
        if not piece:
            break
        head += piece
    header, _, rest = head.partition(b"\n")
    return header, Rejoined(b"\n" + rest, source)
