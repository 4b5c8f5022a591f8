"""Columns of addresses of either family, and arithmetic on their bits.

IPv4 addresses are int64. IPv6 addresses are Python integers in a column of objects, so that the
same code is exact for both.
"""

from __future__ import annotations

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
