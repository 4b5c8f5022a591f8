"""Prefixes between text and numbers, refused rather than repaired."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets import algebra
from sim.addresses.sets.blocks import format_lines4, format_lines6
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.notation import Prefix, read_notation
from sim.addresses.text.entries import Entries, Entries6, Rows, Tally
from sim.addresses.text.reading import Reading
from sim.addresses.text.source import Limits, Source, open_source

_DEFAULT = Limits()
# Rows kept apart before they are merged into a set.
_MERGE_ROWS = 2**21


def parse_prefix(text: str, version: int = 4) -> Prefix:
    """Read one prefix; a bare address is a /32 or a /128.

    Parameters
    ----------
    version
        4 or 6 to refuse the other family; 0 for either.

    Raises
    ------
    ValueError
        With a message of the form ``expected …, got …``: not a prefix, leading zeros, host bits
        set (with the prefix that was probably meant), or another address family.
    """
    entry = read_notation(text, version)
    size = entry.last - entry.first + 1
    if "-" in text:
        kind = "an IPv4 prefix" if version == 4 else "a prefix"
        raise ValueError(f"expected {kind}, got the range {text!r}")
    bits = 32 if entry.version == 4 else 128
    return Prefix(entry.version, entry.first, bits + 1 - size.bit_length())


def format_prefixes(address: NDArray[np.int64], length: NDArray[np.int64]) -> list[str]:
    """Canonical text of IPv4 prefixes given as columns."""
    return format_lines4(address, length).decode("ascii").splitlines()


def format_set(addresses: AddressSet) -> bytes:
    """Canonical text of a set: its fewest prefixes, IPv4 first, one a line."""
    return format_lines4(*addresses.v4.to_prefixes()) + format_lines6(*addresses.v6.to_prefixes())


def read_entries(
    path: str | PathLike[str], *, skip_bad: bool = False, limits: Limits = _DEFAULT
) -> Entries:
    """Read a list from a file, line by line.

    Parameters
    ----------
    path
        Text, plain or compressed (``.gz``, ``.bz2``, ``.zst``): on each line a prefix, a plain
        address or a range ``first-last``; ``#`` and ``;`` start a comment. IPv4-mapped
        addresses (``::ffff:192.0.2.1``) are bad lines: IPv4 is written as such.
    skip_bad
        Leave bad lines out and count them, instead of refusing the file.
    limits
        How much is read before the file is refused.

    Returns
    -------
    entries
        Rows by family in the order of the file, with line numbers; and the tally.

    Raises
    ------
    DataError
        If the file cannot be read or exceeds a limit; and, unless ``skip_bad``, with every bad
        line (the first ``limits.max_problems`` described, the rest counted).
    """
    with open_source(path, limits.max_bytes) as source:
        return _gather(source, source.name, skip_bad, limits)


def read_stream(
    stream: BinaryIO, name: str, *, skip_bad: bool = False, limits: Limits = _DEFAULT
) -> Entries:
    """Read a list from an open binary stream, as `read_entries` does from a file.

    Parameters
    ----------
    stream
        For instance ``sys.stdin.buffer``; may be compressed.
    name
        What to call it in messages.
    skip_bad, limits
        As for `read_entries`.
    """
    with Source(stream, name, limits.max_bytes) as source:
        return _gather(source, name, skip_bad, limits)


def parse_entries(
    text: str | bytes,
    name: str = "<text>",
    *,
    skip_bad: bool = False,
    limits: Limits = _DEFAULT,
) -> Entries:
    """Read a list from text in memory, as `read_entries` does from a file."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return _gather(data, name, skip_bad, limits)


def read_set(
    path: str | PathLike[str], *, skip_bad: bool = False, limits: Limits = _DEFAULT
) -> tuple[AddressSet, Tally]:
    """Read the union of a list; memory grows with the intervals, not with the lines.

    Parameters and errors are those of `read_entries`.
    """
    with open_source(path, limits.max_bytes) as source:
        reading = Reading(source.name, limits)
        merged = AddressSet.empty()
        waiting: list[Rows] = []
        n_waiting = 0
        for part in reading.parts(source):
            waiting.append(part)
            n_waiting += len(part[0]) + len(part[1])
            if n_waiting > max(_MERGE_ROWS, 2 * merged.n_intervals):
                merged = merged.union(_union(waiting))
                waiting, n_waiting = [], 0
        tally = reading.finish(skip_bad)
        return merged.union(_union(waiting)), tally


def parse_column(
    values: Sequence[str], name: str, first_line: int = 1, *, skip_bad: bool = False
) -> Entries:
    """Read one entry from each value of a column, such as one of a CSV file.

    Parameters
    ----------
    values
        Text of each row. Unlike in a list, an empty value is a mistake.
    name
        What to call the column's file in messages.
    first_line
        Line of the first value; row r of the column gets line ``first_line + r``.
    skip_bad
        Leave bad values out and count them.

    Raises
    ------
    DataError
        With every bad value, as for `read_entries`.
    """
    reading = Reading(name, _DEFAULT)
    v4, v6 = reading.read_column(values, first_line)
    return Entries(v4, v6, reading.finish(skip_bad))


def _gather(
    stream: BinaryIO | Source | bytes, name: str, skip_bad: bool, limits: Limits
) -> Entries:
    """Read all rows of a stream or a text."""
    return Entries(*Reading(name, limits).entries(stream, skip_bad=skip_bad))


def _union(parts: Sequence[Rows]) -> AddressSet:
    """Return the union of rows read so far, whose lines no longer matter."""
    rows4 = [part[0] for part in parts if len(part[0])]
    if rows4:
        start = np.concatenate([rows.start for rows in rows4])
        v4 = IntervalSet(*algebra.merge(start, np.concatenate([rows.stop for rows in rows4])))
    else:
        v4 = IntervalSet.empty()
    return AddressSet(v4, Entries6.concatenate([part[1] for part in parts]).to_set())
