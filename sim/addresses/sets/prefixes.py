"""Tables of prefixes of both families: the row of the most specific prefix over an address.

Nested prefixes are flattened to segments, each owned by its most specific prefix, so that a search
in sorted bounds finds the longest match. IPv6 bounds are ranked once; the rest is done on ranks,
with the code that serves IPv4.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6, rank_bounds
from sim.addresses.sets.ipv6 import Addresses6, masked


def flatten(
    start: NDArray[np.int64], stop: NDArray[np.int64], length: NDArray[np.int64], top: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut the line [0, top) wherever the most specific prefix changes.

    Parameters
    ----------
    start, stop : shape (n,), int64
        Distinct prefixes, ordered by start, then length.
    length : shape (n,), int64
        Prefix lengths in [0, 128].
    top
        End of the line.

    Returns
    -------
    cut : shape (n_segments,), int64
        Where each segment starts; the first is 0.
    owner : shape (n_segments,), int64
        Row of the most specific prefix; -1 where there is none.
    """
    # Prefixes of one length are disjoint, so by length their stops are sorted runs; a stable
    # (merging) sort of few runs is several times faster than one of unordered numbers.
    by_length = np.argsort(length.astype(np.uint16), kind="stable")
    cut = np.concatenate((np.zeros(1, np.int64), start, stop[by_length]))
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


def distinct_rows(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the distinct keys in ascending order; of equal keys the first row."""
    row = np.argsort(key, kind="stable")
    ordered = key[row]
    fresh = np.ones(key.size, np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return row if fresh.all() else row[fresh]


def owners_to_rows(owner: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows in the caller's order of owners in sorted order; -1 stays -1."""
    return np.append(row, -1)[owner]


# Room for a length of up to 63 beneath an address in one sortable number.
_LENGTH_BITS = 6


@dataclass(frozen=True, eq=False)
class PrefixTable:
    """IPv4 prefixes flattened to disjoint segments, each owned by its most specific prefix.

    Attributes
    ----------
    address, length : shape (n_prefixes,), int64, read-only
        The prefixes in the caller's order. Among equal prefixes the first row wins.
    segment_start : shape (n_segments,), int64, read-only
        Where each segment starts; it ends where the next one starts, the last at 2**32.
    segment_row : shape (n_segments,), int64, read-only
        Row of the most specific prefix over the segment; -1 where there is none.
    """

    address: NDArray[np.int64]
    length: NDArray[np.int64]
    segment_start: NDArray[np.int64]
    segment_row: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (self.address, self.length, self.segment_start, self.segment_row):
            column.flags.writeable = False

    @classmethod
    def from_prefixes(cls, address: ArrayLike, length: ArrayLike) -> PrefixTable:
        """Build the table.

        Parameters
        ----------
        address, length : shape (n,)
            Network addresses in [0, 2**32) and prefix lengths in [0, 32].

        Raises
        ------
        ValueError
            If a length is out of range or an address has host bits set.
        """
        network = np.array(address, dtype=np.int64, ndmin=1)
        bits = np.array(length, dtype=np.int64, ndmin=1)
        start, stop = prefix_bounds(network, bits)
        row = distinct_rows((network << _LENGTH_BITS) | bits)
        cut, owner = flatten(start[row], stop[row], bits[row], IPV4_STOP)
        return cls(network, bits, cut, owners_to_rows(owner, row))

    def longest_match(self, address: ArrayLike) -> NDArray[np.int64]:
        """Row of the most specific prefix covering each address.

        Parameters
        ----------
        address : shape (n,)
            IPv4 addresses as integers in [0, 2**32).

        Returns
        -------
        row : shape (n,)
            Index into the table; -1 where no prefix covers the address.

        Raises
        ------
        ValueError
            If an address lies outside [0, 2**32).

        References
        ----------
        RFC 4632, section 5.1 (longest-match forwarding).
        """
        wanted = np.asarray(address, dtype=np.int64)
        if wanted.ndim != 1:
            return self.longest_match(wanted.reshape(-1)).reshape(wanted.shape)
        if np.any(wanted < 0) or np.any(wanted >= IPV4_STOP):
            raise ValueError("addresses must lie in [0, 2**32)")
        segment = np.searchsorted(self.segment_start, wanted, side="right") - 1
        return self.segment_row[segment]

    def count_by_row(self, addresses: IntervalSet) -> NDArray[np.int64]:
        """Addresses of a set that belong to each row by longest-prefix match.

        Returns
        -------
        n_addresses : shape (n_prefixes + 1,)
            One number per row; the last is what no prefix covers. They sum to the set's size.
        """
        inside = np.diff(addresses.count_below(np.append(self.segment_start, IPV4_STOP)))
        counted = np.zeros(self.address.size + 1, np.int64)
        np.add.at(counted, self.segment_row, inside)
        return counted


def prefix_bounds(
    address: NDArray[np.int64], length: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Half-open bounds of prefixes.

    Raises
    ------
    ValueError
        If a length lies outside [0, 32] or an address has bits set beyond its length.
    """
    if address.shape != length.shape or address.ndim != 1:
        raise ValueError("address and length must be one-dimensional and equally long")
    if (length < 0).any() or (length > 32).any():
        raise ValueError("prefix lengths must lie in [0, 32]")
    size = np.int64(1) << (32 - length)
    if (address < 0).any() or (address >= IPV4_STOP).any() or (address & (size - 1)).any():
        raise ValueError("network addresses must lie in [0, 2**32) with no host bits set")
    return address, address + size


def prefix_set(address: int, length: int) -> IntervalSet:
    """Addresses of one prefix.

    Raises
    ------
    ValueError
        If the length lies outside [0, 32] or the address has bits set beyond it.
    """
    # As ``prefix_bounds``; a run has thousands.
    if not 0 <= length <= 32:
        raise ValueError("prefix lengths must lie in [0, 32]")
    size = 1 << (32 - length)
    if not 0 <= address < IPV4_STOP or address & (size - 1):
        raise ValueError("network addresses must lie in [0, 2**32) with no host bits set")
    return IntervalSet(np.array([address], np.int64), np.array([address + size], np.int64))


_LENGTH_BITS6 = 8


@dataclass(frozen=True, eq=False)
class PrefixTable6:
    """IPv6 prefixes flattened to disjoint segments, each owned by its most specific prefix.

    Attributes
    ----------
    address : shape (n_prefixes,)
        Network addresses in the caller's order. Among equal prefixes the first row wins.
    length : shape (n_prefixes,), int64, read-only
        Prefix lengths in [0, 128].
    segment_start : shape (n_segments,)
        Where each segment starts; it ends before the next one starts, the last with the address
        space. The first starts at ``::``.
    segment_row : shape (n_segments,), int64, read-only
        Row of the most specific prefix over the segment; -1 where there is none.
    """

    address: Addresses6
    length: NDArray[np.int64]
    segment_start: Addresses6
    segment_row: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.length.flags.writeable = False
        self.segment_row.flags.writeable = False

    @classmethod
    def from_prefixes(cls, address: Addresses6, length: ArrayLike) -> PrefixTable6:
        """Build the table.

        Parameters
        ----------
        address, length : shape (n,)
            Network addresses and prefix lengths in [0, 128].

        Raises
        ------
        ValueError
            If a length is out of range or an address has host bits set.
        """
        bits = np.array(length, dtype=np.int64, ndmin=1)
        first, last = prefix_bounds6(address, bits)
        # Rank 0 stands for ``::``, where the first segment starts.
        zero = Addresses6.from_ints([0])
        cut, (start, stop) = rank_bounds(
            Addresses6.concatenate((zero, first)), Addresses6.concatenate((zero, last))
        )
        start, stop = start[1:], stop[1:]
        row = distinct_rows((start << _LENGTH_BITS6) | bits)
        place, owner = flatten(start[row], stop[row], bits[row], len(cut))
        return cls(address, bits, cut.take(place), owners_to_rows(owner, row))

    def longest_match(self, address: Addresses6) -> NDArray[np.int64]:
        """Row of the most specific prefix covering each address; -1 where there is none.

        References
        ----------
        RFC 4632, section 5.1 (longest-match forwarding).
        """
        return self.segment_row[self.segment_start.search(address, "right") - 1]

    def count_by_row(self, addresses: IntervalSet6) -> list[int]:
        """Addresses of a set that belong to each row by longest-prefix match.

        Returns
        -------
        n_addresses : length n_prefixes + 1
            One Python integer per row, exact; the last is what no prefix covers. They sum to the
            set's size.
        """
        counted = [0] * (len(self.address) + 1)
        below = [addresses.count_below(start) for start in self.segment_start.to_ints()]
        for row, span in zip(
            self.segment_row.tolist(), pairwise([*below, addresses.n_addresses]), strict=True
        ):
            counted[row] += span[1] - span[0]
        return counted


def prefix_bounds6(address: Addresses6, length: NDArray[np.int64]) -> tuple[Addresses6, Addresses6]:
    """First and last address of prefixes, both inclusive.

    Raises
    ------
    ValueError
        If a length lies outside [0, 128] or an address has bits set beyond its length.
    """
    if length.shape != (len(address),):
        raise ValueError("address and length must be one-dimensional and equally long")
    if np.any(length < 0) or np.any(length > 128):
        raise ValueError("prefix lengths must lie in [0, 128]")
    first, last = masked(address, length)
    if not np.all(first.equal(address)):
        raise ValueError("network addresses must have no host bits set")
    return first, last
