"""Telling the format of a file by its first bytes.

In: a file. Out: the name of a format. Nothing is guessed that cannot be checked: JSON of no known
kind is refused; what fits nothing else is a plain list, read line by line and refused there.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from sim.addresses.feeds.headed import DELIMITERS, plain_name
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.inventories import ADDRESS_COLUMNS
from sim.addresses.feeds.orders import NEEDED
from sim.addresses.sets.notation import read_notation, shown
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

_SAMPLE_BYTES = 2**16
_MMDB_MARK = b"\xab\xcd\xefMaxMind.com"
_MMDB_TAIL = 2**17
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}


def sniff(given: Input, limits: Limits | None = None) -> str:
    """Return the format a file appears to be of; ``list`` where nothing else fits.

    Raises
    ------
    DataError
        If the file cannot be read, is JSON of none of the kinds that are read, or a table of which
        it is not known which column to read.
    """
    sample = read_sample(given, limits or Limits())
    if sample.startswith(b"PAR1"):
        return "parquet"
    if _MMDB_MARK in sample or _MMDB_MARK in _tail(given.path):
        return "mmdb"
    if len(sample) >= 12 and sample[4:6] == b"\0\x0d" and sample[6] == 0 and 1 <= sample[7] <= 6:
        return "mrt"
    # What follows the last newline of the sample may be half a line.
    cut = sample.rfind(b"\n") + 1 if len(sample) == _SAMPLE_BYTES else len(sample)
    text = sample[: cut or len(sample)].decode("utf-8-sig", "replace")
    if re.match(r"\s*(\{|\[\s*[\[{\"\d\]])", text):
        return _json_format(text, given.name)
    found = next((name for name, fits in _TEXTS.items() if fits(text)), "")
    if not found:
        _check_no_table(text, given.name)
    return found or "list"


def read_sample(given: Input, limits: Limits) -> bytes:
    """Return the first bytes of a file, decompressed."""
    # A file that is read in place, and not through a stream, may be larger than the limit.
    with given.open(replace(limits, max_bytes=sys.maxsize)) as source:
        return source.read(_SAMPLE_BYTES)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _MMDB_TAIL))
        return file.read(_MMDB_TAIL)


def _json_format(text: str, name: str) -> str:
    """Tell JSON documents by keys that no other of them has.

    Raises
    ------
    DataError
        If there is none of these keys.
    """
    if '"addressPrefixes"' in text or '"changeNumber"' in text:
        return "azure"
    if '"createDate"' in text or '"ip_prefix"' in text:
        return "aws"
    if '"ipv4Prefix"' in text or '"ipv6Prefix"' in text or '"creationTime"' in text:
        return "google"
    if '"name"' in text and ('"data"' in text or '"results"' in text):
        return "zdns"
    keys = dict.fromkeys(re.findall(r'"([^"\\]{1,40})"\s*:', text[:4096]))
    got = f"other JSON, with keys {', '.join(list(keys)[:8])}" if keys else "JSON without keys"
    message = (
        "expected JSON of Amazon (ip-ranges.json), Google (cloud.json, goog.json), Microsoft "
        f"(ServiceTags) or ZDNS (one object a line), got {got}; give the addresses as a list, one "
        "a line, or as CSV with a column address"
    )
    raise DataError([Problem(name, message)])


def _lines(text: str, comment: str = "#") -> list[str]:
    """First lines that say something."""
    lines = (line.strip("\r") for line in text.split("\n"))
    return [line for line in lines if line.strip() and not line.startswith(comment)][:20]


def _is_register(text: str) -> bool:
    first, _, rest = text.partition("\n")
    return first.startswith("Updated:") and ";" in rest[:4096]


def _is_delegated(text: str) -> bool:
    lines = _lines(text)
    return (
        bool(lines)
        and re.match(r"[\d.]+\|[a-z]+\||[a-z]+\|[A-Za-z*]*\|(asn|ipv4|ipv6)\|", lines[0])
        is not None
    )


def _header(text: str) -> list[str]:
    lines = _lines(text)
    if not lines:
        return []
    delimiter = max(DELIMITERS, key=lines[0].count)
    try:
        return [plain_name(cell) for cell in next(csv.reader([lines[0]], delimiter=delimiter))]
    except csv.Error:
        return []


def _is_orders(text: str) -> bool:
    return set(NEEDED) <= set(_header(text))


def _is_inventory(text: str) -> bool:
    return any(column in _header(text) for column in ADDRESS_COLUMNS)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    return _cut(_lines(text), delimiter)


def _cut(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _check_no_table(text: str, name: str) -> None:
    """Refuse a table that would be read as a list, each line up to its first semicolon.

    Raises
    ------
    DataError
        If a header names no column we know, or lines hold several addresses between semicolons.
    """
    lines = [line for line in _lines(text) if not line.lstrip().startswith(";")]
    for delimiter in DELIMITERS:
        rows = _cut(lines, delimiter)
        if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
            continue
        n_addresses = [sum(map(_is_address, row)) for row in rows]
        if n_addresses[0] == 0 and all(n_addresses[1:]):
            got = f"{', '.join(rows[0])[:200]} between {_NAMES[delimiter]}"
            wanted = f"expected a column named {', '.join(ADDRESS_COLUMNS)}, got {got}"
            raise DataError([Problem(name, wanted, 1)])
        if delimiter == ";" and min(n_addresses) > 1:
            message = (
                f"expected one address a line, got several between semicolons: {shown(lines[0])}; "
                "name the columns in the first line, or say --as list to read the first of each"
            )
            raise DataError([Problem(name, message)])


def _is_iptoasn(text: str) -> bool:
    rows = [line.split("\t") for line in _lines(text)]
    return bool(rows) and all(len(row) == 5 and row[2].isdigit() for row in rows)


def _is_pfx2as(text: str) -> bool:
    rows = [line.split("\t") for line in _lines(text)]
    return bool(rows) and all(
        len(row) == 3 and row[1].isdigit() and not _is_address(row[1]) for row in rows
    )


def _is_location_db(text: str) -> bool:
    rows = _rows(text, ",")
    return bool(rows) and all(
        len(row) >= 3
        and (all(map(_is_address, row[:2])) or all(cell.isdigit() for cell in row[:2]))
        for row in rows
    )


def _is_geofeed(text: str) -> bool:
    rows = _rows(text, ",")
    return bool(rows) and all(
        len(row) >= 2 and _is_address(row[0]) and re.fullmatch("[A-Za-z]{2}|", row[1].strip())
        for row in rows
    )


def _is_firehol(text: str) -> bool:
    head = text[:8192]
    return (
        head.startswith("#")
        and re.search(r"^# ?(ipset|netset|.*FireHOL|.*ipset)", head, re.M | re.I) is not None
    )


def _is_address(text: str) -> bool:
    try:
        read_notation(text.strip())
    except ValueError:
        return False
    return True


_TEXTS: Mapping[str, Callable[[str], bool]] = {
    "z-i": _is_register,
    "rir-delegated": _is_delegated,
    "orders": _is_orders,
    "inventory": _is_inventory,
    "firehol": _is_firehol,
    "iptoasn": _is_iptoasn,
    "pfx2as": _is_pfx2as,
    "ip-location-db": _is_location_db,
    "geofeed": _is_geofeed,
}
