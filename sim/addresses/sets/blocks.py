"""Ranges cut into the fewest prefixes, and prefixes written as text, in bulk."""

from __future__ import annotations

from itertools import repeat
from socket import AF_INET6, inet_ntop

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.ipv6 import Addresses6

IPV4_BITS = 32


def split_ranges(
    start: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Fewest IPv4 prefixes that together are exactly each range.

    Parameters
    ----------
    start, stop : shape (n,), int64
        Half-open, not empty, in [0, 2**32].

    Returns
    -------
    row, address, length : shape (n_prefixes,), int64
        Row of the range, network address, prefix length in [0, 32]; ordered by row, then address.

    References
    ----------
    RFC 4632, section 3.1: a prefix of length l is a block of 2**(32 - l) addresses that starts
    at a multiple of its size. Taking at each step the largest aligned block that fits gives the
    minimal decomposition.
    """
    row = np.arange(start.size, dtype=np.int64)
    pieces: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
    while start.size:
        # Lowest set bit of the start limits the block by alignment; 0 is aligned to all.
        alignment = np.where(start == 0, np.int64(2**IPV4_BITS), start & -start)
        room = stop - start
        # Exact for room <= 2**32: frexp of an integer below 2**53 loses nothing.
        fitting = np.int64(1) << (np.frexp(room.astype(np.float64))[1].astype(np.int64) - 1)
        size = np.minimum(alignment, fitting)
        length = 33 - np.frexp(size.astype(np.float64))[1].astype(np.int64)
        pieces.append((row, start, length))
        start = start + size
        unfinished = np.flatnonzero(start < stop)
        row, start, stop = row[unfinished], start[unfinished], stop[unfinished]
    if not pieces:
        return row, start, start
    if len(pieces) == 1:
        return pieces[0]
    rows, addresses, lengths = (np.concatenate(column) for column in zip(*pieces, strict=True))
    # Within a row the pieces were found in ascending order, so ordering by row is enough.
    order = np.argsort(rows, kind="stable")
    return rows[order], addresses[order], lengths[order]


def count_prefixes(start: NDArray[np.int64], stop: NDArray[np.int64]) -> int:
    """Prefixes that `split_ranges` cuts ranges into.

    A range that is no prefix is cut where its ends first differ; either side has one prefix for
    each bit of its size.
    """
    differing = start ^ (stop - 1)
    n_bits = np.frexp(differing.astype(np.float64))[1].astype(np.int64)
    middle = (stop - 1) & -(np.int64(1) << np.maximum(n_bits - 1, 0))
    is_whole = stop - start == np.int64(1) << n_bits
    n_parts = np.bitwise_count(middle - start) + np.bitwise_count(stop - middle)
    return int(np.where(is_whole, 1, n_parts).sum())


def split_ranges6(
    first: Addresses6, last: Addresses6
) -> tuple[NDArray[np.int64], Addresses6, NDArray[np.int64]]:
    """Fewest IPv6 prefixes that together are exactly each range.

    Parameters
    ----------
    first, last : shape (n,)
        Both inclusive, ``first <= last``.

    Returns
    -------
    row, address, length : shape (n_prefixes,)
        As for `split_ranges`, with lengths in [0, 128].
    """
    row, address, length = list[int](), list[int](), list[int]()
    for at, (begin, end) in enumerate(zip(first.to_ints(), last.to_ints(), strict=True)):
        start = begin
        while start <= end:
            # The largest block that starts here and fits; 0 is aligned to all.
            size = min(start & -start or 2**128, 1 << (end - start + 1).bit_length() - 1)
            row.append(at)
            address.append(start)
            length.append(129 - size.bit_length())
            start += size
    return np.array(row, np.int64), Addresses6.from_ints(address), np.array(length, np.int64)


# Four bytes for each number: its digits and what follows it, then zero bytes to be dropped.
_OCTET = np.array([f"{n}.".encode() for n in range(256)], "S4").view(np.uint32)
_LAST_OCTET = np.array([f"{n}/".encode() for n in range(256)], "S4").view(np.uint32)
_LENGTH = np.array([f"{n}\n".encode() for n in range(33)], "S4").view(np.uint32)
# Rows formatted at a time: 20 bytes each, so that the table stays in the cache.
_ROWS = 1 << 14
_16 = np.uint64(16)
_4G = np.uint64(2**32)


def format_lines4(address: NDArray[np.int64], length: NDArray[np.int64]) -> bytes:
    """Canonical text of IPv4 prefixes, one a line.

    Parameters
    ----------
    address, length : shape (n,)
        Network addresses in [0, 2**32) and lengths in [0, 32].
    """
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


def format_lines6(address: Addresses6, length: NDArray[np.int64]) -> bytes:
    """Canonical text of IPv6 prefixes, one a line.

    References
    ----------
    RFC 5952, section 4 (canonical text of an IPv6 address).
    """
    packed = address.to_packed()
    each = (packed[at : at + 16] for at in range(0, len(packed), 16))
    texts = list(map(inet_ntop, repeat(AF_INET6), each))
    # C libraries write ::1:2 as ::0.1.0.2, a notation deprecated by RFC 4291, section 2.5.5.1.
    for row in np.flatnonzero((address.high == 0) & (address.low >> _16 > 0) & (address.low < _4G)):
        low = int(address.low[row])
        texts[row] = f"::{low >> 16:x}:{low & 0xFFFF:x}"
    return "".join(
        f"{text}/{bits}\n" for text, bits in zip(texts, length.tolist(), strict=True)
    ).encode("ascii")


def format_prefixes(address: NDArray[np.int64], length: NDArray[np.int64]) -> list[str]:
    """Canonical text of IPv4 prefixes given as columns."""
    return format_lines4(address, length).decode("ascii").splitlines()
