"""Prefixes written as text in bulk."""

from __future__ import annotations

from itertools import repeat
from socket import AF_INET6, inet_ntop

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.ipv6 import Addresses6

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
