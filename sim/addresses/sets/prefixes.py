"""Tables of prefixes of both families: the row of the most specific prefix over an address.

Nested prefixes are flattened to segments, each owned by its most specific prefix, so that a search
in sorted bounds finds the longest match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.blocks import DTYPES, IPV4_BITS, IPV6_BITS, Numbers, sizes
from sim.addresses.sets.intervals import Intervals, IntervalSet


def _flatten(
    start: Numbers, stop: Numbers, length: NDArray[np.int64], top: int
) -> tuple[Numbers, NDArray[np.int64]]:
    """Where each segment of [0, top) begins, and the row of its most specific prefix, or -1."""
    # Prefixes of one length are disjoint, so by length their stops are sorted runs; a stable
    # (merging) sort of few runs is several times faster than one of unordered numbers.
    by_length = np.argsort(length.astype(np.uint16), kind="stable")
    cut = np.concatenate((np.zeros(1, start.dtype), start, stop[by_length]))
    cut.sort(kind="stable")
    fresh = np.ones(cut.size, np.bool_)
    fresh[1:] = cut[1:] > cut[:-1]
    cut = cut[fresh & (cut < top)]
    first, last = np.searchsorted(cut, start), np.searchsorted(cut, stop)
    owner = np.full(cut.size, -1, np.int64)
    n_of_length = np.bincount(length, minlength=1)
    edge = np.concatenate(([0], np.cumsum(n_of_length)))
    for bits in np.flatnonzero(n_of_length).tolist():
        # From the shortest length to the longest, so that the more specific paints last.
        row = by_length[edge[bits] : edge[bits + 1]]
        run = last[row] - first[row]
        if int(run.max()) == 1:
            owner[first[row]] = row
            continue
        offset = np.arange(int(run.sum())) - np.repeat(np.cumsum(run) - run, run)
        owner[np.repeat(first[row], run) + offset] = np.repeat(row, run)
    return cut, owner


@dataclass(frozen=True, eq=False)
class PrefixTable:
    """IPv4 prefixes flattened to disjoint segments, each owned by its most specific prefix."""

    address: Numbers
    length: NDArray[np.int64]
    """The prefixes in the caller's order. Among equal prefixes the first row wins. Shape
    (n_prefixes,), read-only."""
    segment_start: Numbers
    """Where each segment starts; it ends where the next one starts, the last with the family; shape
    (n_segments,), read-only."""
    segment_row: NDArray[np.int64]
    """Row of the most specific prefix over the segment; -1 where there is none; shape
    (n_segments,), int64, read-only."""

    BITS: ClassVar[int] = IPV4_BITS

    def __post_init__(self) -> None:
        for column in (self.address, self.length, self.segment_start, self.segment_row):
            column.flags.writeable = False

    @classmethod
    def from_prefixes(cls, address: ArrayLike, length: ArrayLike) -> Self:
        """Build the table.

        Parameters
        ----------
        address, length : shape (n,)
            Network addresses and prefix lengths.

        Raises
        ------
        ValueError
            If a length is out of range or an address has host bits set.
        """
        network = np.array(address, DTYPES[cls.BITS], ndmin=1)
        lengths = np.array(length, np.int64, ndmin=1)
        start, stop = prefix_bounds(network, lengths, cls.BITS)
        # Of equal prefixes the first row: a length takes eight bits beneath an address.
        row = np.unique((network << 8) | lengths, return_index=True)[1]
        cut, owner = _flatten(start[row], stop[row], lengths[row], 1 << cls.BITS)
        return cls(network, lengths, cut, np.append(row, -1)[owner])

    def longest_match(self, address: ArrayLike) -> NDArray[np.int64]:
        """Row of the most specific prefix covering each address.

        Parameters
        ----------
        address : shape (n,)
            Addresses as integers.

        Returns
        -------
        row : shape (n,)
            Index into the table; -1 where no prefix covers the address.

        Raises
        ------
        ValueError
            If an address is none of the family.

        References
        ----------
        RFC 4632, section 5.1 (longest-match forwarding).
        """
        wanted = np.asarray(address, DTYPES[self.BITS])
        if np.any(wanted < 0) or np.any(wanted >= 1 << self.BITS):
            raise ValueError(f"addresses must lie in [0, 2**{self.BITS})")
        return self.segment_row[np.searchsorted(self.segment_start, wanted, side="right") - 1]

    def count_by_row(self, addresses: Intervals) -> Numbers:
        """Addresses of a set that belong to each row by longest-prefix match.

        Returns
        -------
        n_addresses : shape (n_prefixes + 1,)
            One number per row, exact; the last is what no prefix covers. They sum to the set's
            size.
        """
        inside = np.diff(addresses.count_below(np.append(self.segment_start, 1 << self.BITS)))
        counted = np.zeros(self.address.size + 1, self.address.dtype)
        np.add.at(counted, self.segment_row, inside)
        return counted


class PrefixTable6(PrefixTable):
    """IPv6 prefixes flattened to disjoint segments; addresses are Python integers."""

    BITS = IPV6_BITS


def prefix_bounds(
    address: Numbers, length: NDArray[np.int64], bits: int = IPV4_BITS
) -> tuple[Numbers, Numbers]:
    """Half-open bounds of prefixes of a family of so many bits.

    Raises
    ------
    ValueError
        If a length lies outside [0, bits] or an address has bits set beyond its length.
    """
    if address.shape != length.shape or address.ndim != 1:
        raise ValueError("address and length must be one-dimensional and equally long")
    if (length < 0).any() or (length > bits).any():
        raise ValueError(f"prefix lengths must lie in [0, {bits}]")
    size = sizes(length, bits)
    if (address < 0).any() or (address >= 1 << bits).any() or (address & (size - 1)).any():
        raise ValueError(f"network addresses must lie in [0, 2**{bits}) with no host bits set")
    return address, address + size


def prefix_set(address: int, length: int) -> IntervalSet:
    """Addresses of one IPv4 prefix.

    Raises
    ------
    ValueError
        If the length lies outside [0, 32] or the address has bits set beyond it.
    """
    # As ``prefix_bounds``; a run has thousands.
    if not 0 <= length <= 32:
        raise ValueError("prefix lengths must lie in [0, 32]")
    size = 1 << (32 - length)
    if not 0 <= address < 2**IPV4_BITS or address & (size - 1):
        raise ValueError("network addresses must lie in [0, 2**32) with no host bits set")
    return IntervalSet(np.array([address], np.int64), np.array([address + size], np.int64))
