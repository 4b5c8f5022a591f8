"""Both address families on one line of 128-bit numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.blocks import IPV4_BITS
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.format import format_lines4, format_lines6
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import IPV6_BITS, Addresses6, bit_length

FAMILIES = (IPV4_BITS, IPV6_BITS)
_32 = np.uint64(32)
_LOW_HALF = np.uint64(2**32 - 1)
_ALL = np.uint64(2**64 - 1)


def place_bounds4(
    start: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[Addresses6, Addresses6]:
    """Return first and last position of half-open, not empty IPv4 ranges."""
    first = start.astype(np.uint64) << _32
    last = ((stop - 1).astype(np.uint64) << _32) | _LOW_HALF
    return Addresses6(first, np.zeros_like(first)), Addresses6(last, np.full_like(last, _ALL))


def place_set(addresses: AddressSet, bits: int) -> IntervalSet6:
    """Return the members of one family as a set of positions."""
    if bits == IPV6_BITS:
        return addresses.v6
    return IntervalSet6(*place_bounds4(addresses.v4.start, addresses.v4.stop))


def addresses4(position: Addresses6) -> NDArray[np.int64]:
    """Return the IPv4 addresses that stand at positions."""
    return (position.high >> _32).astype(np.int64)


def set_of(positions: IntervalSet6, bits: int) -> AddressSet:
    """Return a set of positions as a set of addresses of its family."""
    if bits == IPV6_BITS:
        return AddressSet(IntervalSet.empty(), positions)
    start, last = addresses4(positions.first), addresses4(positions.last)
    return AddressSet(IntervalSet.from_bounds(start, last + 1), IntervalSet6.empty())


def format_positions(address: Addresses6, length: NDArray[np.int64], bits: int) -> list[str]:
    """Canonical text of prefixes given as positions; whole lengths are written too."""
    if bits == IPV6_BITS:
        text = format_lines6(address, length)
    else:
        text = format_lines4(addresses4(address), length)
    return text.decode("ascii").splitlines()


def common_bits(one: Addresses6, two: Addresses6) -> NDArray[np.int64]:
    """Length of the longest prefix that holds both addresses of each row."""
    return IPV6_BITS - bit_length(Addresses6(one.high ^ two.high, one.low ^ two.low))


def count_between(first: Addresses6, last: Addresses6, bits: int) -> NDArray[Any]:
    """Addresses from first to last of each row, both included.

    Returns
    -------
    n_addresses : shape (n,)
        int64 for IPv4; Python integers for IPv6, which has ranges of up to 2**128.
    """
    if bits == IPV4_BITS:
        return addresses4(last) - addresses4(first) + 1
    span = last.minus(first).to_ints()
    counted = np.empty(len(span), object)
    counted[:] = [number + 1 for number in span]
    return counted
