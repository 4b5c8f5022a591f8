"""Columns of addresses of either family: ranges, prefixes and their text, in bulk.

IPv4 addresses are int64. IPv6 addresses are Python integers in a column of objects, so that the
same code is exact for both.
"""

from __future__ import annotations

from socket import AF_INET6, inet_ntop
from typing import Any

import numpy as np
from numpy.typing import NDArray

IPV4_BITS, IPV6_BITS = 32, 128
DTYPES = {IPV4_BITS: np.dtype(np.int64), IPV6_BITS: np.dtype(object)}

Numbers = NDArray[Any]
"""A column of addresses: int64 for IPv4, Python integers for IPv6."""


def bits_of(numbers: Numbers) -> int:
    """Return the bits of the addresses of a column, as its type says."""
    return IPV6_BITS if numbers.dtype == object else IPV4_BITS


def bit_length(numbers: Numbers) -> NDArray[np.int64]:
    """Bits that each number needs; 0 for 0."""
    if numbers.dtype == object:
        return np.array([number.bit_length() for number in numbers.tolist()], np.int64)
    # Exact: frexp of an integer below 2**53 loses nothing.
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)


def sizes(length: NDArray[np.int64], bits: int) -> Numbers:
    """Numbers of addresses of prefixes of some lengths."""
    exponent: Numbers = (bits - length).astype(DTYPES[bits])
    ones: Numbers = np.ones_like(exponent)
    return ones << exponent


def masked(address: Numbers, length: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Half-open bounds of the prefix of each length around each address."""
    size = sizes(length, bits_of(address))
    start = address & -size
    return start, start + size


def split_ranges(
    start: Numbers, stop: Numbers
) -> tuple[NDArray[np.int64], Numbers, NDArray[np.int64]]:
    """Fewest prefixes that together are exactly each range.

    Parameters
    ----------
    start, stop : shape (n,)
        Half-open, not empty.

    Returns
    -------
    row, address, length : shape (n_prefixes,)
        Row of the range, network address, prefix length; ordered by row, then address.

    References
    ----------
    RFC 4632, section 3.1: a prefix of length l is a block of 2**(32 - l) addresses that starts
    at a multiple of its size. Taking at each step the largest aligned block that fits gives the
    minimal decomposition.
    """
    bits = bits_of(start)
    row = np.arange(start.size, dtype=np.int64)
    pieces: list[tuple[NDArray[np.int64], Numbers, NDArray[np.int64]]] = []
    while start.size:
        # Lowest set bit of the start limits the block by alignment; 0 is aligned to all.
        aligned = np.where(start == 0, 0, bits + 1 - bit_length(start & -start))
        length = np.maximum(aligned, bits + 1 - bit_length(stop - start))
        pieces.append((row, start, length))
        start = start + sizes(length, bits)
        unfinished = np.flatnonzero(start < stop)
        row, start, stop = row[unfinished], start[unfinished], stop[unfinished]
    if not pieces:
        return row, start, row
    if len(pieces) == 1:
        return pieces[0]
    rows, addresses, lengths = (np.concatenate(column) for column in zip(*pieces, strict=True))
    # Within a row the pieces were found in ascending order, so ordering by row is enough.
    order = np.argsort(rows, kind="stable")
    return rows[order], addresses[order], lengths[order]


def count_prefixes(start: Numbers, stop: Numbers) -> int:
    """Prefixes that `split_ranges` cuts ranges into.

    A range that is no prefix is cut where its ends first differ; either side has one prefix for
    each bit of its size.
    """
    bits, n_prefixes = bits_of(start), 0
    for at in range(0, start.size, _ROWS):
        first, after = start[at : at + _ROWS], stop[at : at + _ROWS]
        n_bits = bit_length(first ^ (after - 1))
        middle = (after - 1) & -sizes(bits - np.maximum(n_bits - 1, 0), bits)
        is_whole = after - first == sizes(bits - n_bits, bits)
        n_parts = np.bitwise_count(middle - first) + np.bitwise_count(after - middle)
        n_prefixes += int(np.where(is_whole, 1, n_parts).sum())
    return n_prefixes


# Four bytes for each number: its digits and what follows it, then zero bytes to be dropped.
_OCTET = np.array([f"{n}.".encode() for n in range(256)], "S4").view(np.uint32)
_LAST_OCTET = np.array([f"{n}/".encode() for n in range(256)], "S4").view(np.uint32)
_LENGTH = np.array([f"{n}\n".encode() for n in range(33)], "S4").view(np.uint32)
# Rows counted or formatted at a time: some 20 bytes each, so that they stay in the cache.
_ROWS = 1 << 14


def format_lines(address: Numbers, length: NDArray[np.int64]) -> bytes:
    """Canonical text of prefixes of one family, one a line.

    Parameters
    ----------
    address, length : shape (n,)
        Network addresses and prefix lengths.

    References
    ----------
    RFC 5952, section 4 (canonical text of an IPv6 address).
    """
    if bits_of(address) != IPV4_BITS:
        pairs = zip(map(_text6, address.tolist()), length.tolist(), strict=True)
        return "".join(f"{text}/{bits}\n" for text, bits in pairs).encode("ascii")
    pieces = []
    for row in range(0, address.size, _ROWS):
        number = address[row : row + _ROWS]
        table = np.empty((number.size, 5), np.uint32)
        table[:, 0] = _OCTET[number >> 24]
        table[:, 1] = _OCTET[(number >> 16) & 255]
        table[:, 2] = _OCTET[(number >> 8) & 255]
        table[:, 3] = _LAST_OCTET[number & 255]
        table[:, 4] = _LENGTH[length[row : row + _ROWS]]
        pieces.append(table.tobytes().translate(None, b"\0"))
    return b"".join(pieces)


def _text6(number: int) -> str:
    # C libraries write ::1:2 as ::0.1.0.2, a notation deprecated by RFC 4291, section 2.5.5.1.
    if 2**16 <= number < 2**32:
        return f"::{number >> 16:x}:{number & 0xFFFF:x}"
    return inet_ntop(AF_INET6, number.to_bytes(16, "big"))


def format_prefixes(address: Numbers, length: NDArray[np.int64]) -> list[str]:
    """Canonical text of prefixes given as columns."""
    return format_lines(address, length).decode("ascii").splitlines()
