"""IPv6 text in bulk.

The C library reads the addresses; lengths and host bits are columns.
"""

from __future__ import annotations

from itertools import repeat
from socket import AF_INET6, inet_pton

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.ipv6 import Addresses6, masked
from sim.addresses.text.text4 import NEWLINE, SLASH, ZERO

_NOTHING = bytes(16)
Parsed6 = tuple[Addresses6, Addresses6, NDArray[np.bool_]]


def parse_lines6(block: NDArray[np.uint8]) -> Parsed6:
    """Read prefixes and plain addresses, one a line, all at once.

    Parameters
    ----------
    block : shape (n_bytes,), uint8
        The last byte is a newline.

    Returns
    -------
    first, last : shape (n_lines,)
        Bounds, both inclusive; without meaning where the line is bad.
    is_bad : shape (n_lines,), bool
        Lines that are no prefix or address, have host bits set or a length over 128.

    References
    ----------
    RFC 4291, sections 2.2 and 2.3 (text of addresses and of prefixes).
    """
    line_end = np.flatnonzero(block == NEWLINE)
    length = np.full(line_end.size, 128, np.int64)
    is_bad = np.zeros(line_end.size, np.bool_)
    slash = np.flatnonzero(block == SLASH)
    if slash.size:
        line = np.searchsorted(line_end, slash)
        is_bad[line[1:][line[1:] == line[:-1]]] = True
        value, is_misspelt = _number_between(block, slash, line_end[line])
        length[line] = value
        is_bad[line] |= is_misspelt | (value > 128)
        block = _without(block, slash, line_end[line])
    length[is_bad] = 128
    first = _addresses(block, is_bad)
    network, last = masked(first, length)
    is_bad |= ~network.equal(first)
    return first, last, is_bad


def _addresses(block: NDArray[np.uint8], is_bad: NDArray[np.bool_]) -> Addresses6:
    """Read one address a line, marking the lines that hold none."""
    texts = block.tobytes().decode("ascii").split("\n")[:-1]
    try:
        return Addresses6.from_packed(b"".join(map(inet_pton, repeat(AF_INET6), texts)))
    except OSError:
        packed = []
        for row, text in enumerate(texts):
            try:
                packed.append(inet_pton(AF_INET6, text))
            except OSError:
                packed.append(_NOTHING)
                is_bad[row] = True
        return Addresses6.from_packed(b"".join(packed))


def _number_between(
    block: NDArray[np.uint8], before: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Values of the digits between two places, and which of them are misspelt."""
    n_digits = end - before - 1
    is_misspelt = (n_digits < 1) | (n_digits > 3)
    value = np.zeros(before.size, np.int64)
    for place, weight in enumerate((1, 10, 100)):
        at = np.maximum(end - 1 - place, 0)
        digit = block[at].astype(np.int64) - ZERO
        there = n_digits > place
        is_misspelt |= there & ((digit < 0) | (digit > 9))
        is_misspelt |= (n_digits == place + 1) & (place > 0) & (digit == 0)
        value += np.where(there, digit * weight, 0)
    return value, is_misspelt


def _without(
    block: NDArray[np.uint8], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Copy of a block without the bytes from each start up to its stop."""
    edge = np.zeros(block.size + 1, np.int32)
    np.add.at(edge, start, 1)
    np.add.at(edge, stop, -1)
    return np.asarray(block[np.cumsum(edge[:-1]) == 0], dtype=np.uint8)
