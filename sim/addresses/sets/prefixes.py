"""Prefixes as columns, and longest-prefix match of addresses to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.matches import Pairs, expand_runs, ordered_pairs
from sim.addresses.sets.pages import WORTH_BUILDING, OwnerPages
from sim.addresses.sets.segments import distinct_rows, flatten, owners_to_rows

# Room for a length of up to 63 beneath an address in one sortable number.
_LENGTH_BITS = 6


@dataclass(frozen=True, eq=False)
class PrefixTable:
    """IPv4 prefixes flattened to disjoint segments, each owned by its most specific prefix.

    Attributes
    ----------
    address, length : shape (n_prefixes,), int64, read-only
        The prefixes in the caller's order. Of equal prefixes the first row wins.
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
        row = distinct_rows(_keys(network, bits))
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
        if "_pages" in self.__dict__ or wanted.size >= WORTH_BUILDING:
            return self._pages.match(wanted)
        if np.any(wanted < 0) or np.any(wanted >= IPV4_STOP):
            raise ValueError("addresses must lie in [0, 2**32)")
        segment = np.searchsorted(self.segment_start, wanted, side="right") - 1
        return self.segment_row[segment]

    def more_specific(self, address: ArrayLike, length: ArrayLike) -> Pairs:
        """Rows of the table that lie inside each prefix, the prefix itself included.

        Parameters
        ----------
        address, length : shape (m,)
            The prefixes asked for.

        Returns
        -------
        query, row : shape (n_pairs,)
            Pairs of a query and a row of the table, ordered by query, then by network address,
            then by length.

        Raises
        ------
        ValueError
            As for `from_prefixes`.
        """
        network, bits = np.array(address, np.int64, ndmin=1), np.array(length, np.int64, ndmin=1)
        _, stop = prefix_bounds(network, bits)
        key, row = self._ordered
        # In order of address, then length, what lies inside a prefix is one run that starts at
        # the prefix itself.
        first = np.searchsorted(key, _keys(network, bits), side="left")
        last = np.searchsorted(key, stop << _LENGTH_BITS, side="left")
        query, place = expand_runs(first, last)
        return query, row[place]

    def covering(self, address: ArrayLike, length: ArrayLike) -> Pairs:
        """Rows of the table that cover each prefix, the prefix itself included.

        Parameters and errors are those of `more_specific`.

        Returns
        -------
        query, row : shape (n_pairs,)
            Pairs of a query and a row of the table, ordered by query, then from the least to the
            most specific.
        """
        network, bits = np.array(address, np.int64, ndmin=1), np.array(length, np.int64, ndmin=1)
        prefix_bounds(network, bits)
        key, row = self._ordered
        queries: list[NDArray[np.int64]] = []
        rows: list[NDArray[np.int64]] = []
        for covering_length in np.flatnonzero(np.bincount(self.length, minlength=1)).tolist():
            asked = np.flatnonzero(bits >= covering_length)
            around = network[asked] & -(1 << (32 - covering_length))
            wanted = _keys(around, np.full(asked.size, covering_length))
            query, place = expand_runs(
                np.searchsorted(key, wanted, "left"), np.searchsorted(key, wanted, "right")
            )
            queries.append(asked[query])
            rows.append(row[place])
        return ordered_pairs(queries, rows)

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

    def __reduce__(self) -> tuple[type[PrefixTable], tuple[NDArray[np.int64], ...]]:
        """Leave what can be built again behind when the table is sent to another process."""
        return PrefixTable, (self.address, self.length, self.segment_start, self.segment_row)

    @cached_property
    def _pages(self) -> OwnerPages:
        """Look-up table, kept once it has been worth building."""
        return OwnerPages.build(self.segment_start, self.segment_row)

    @cached_property
    def _ordered(self) -> Pairs:
        """Keys in ascending order, and their rows."""
        key = _keys(self.address, self.length)
        row = np.argsort(key, kind="stable")
        return key[row], row


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


def _keys(address: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers that sort by address, then by length."""
    return (address << _LENGTH_BITS) | length
