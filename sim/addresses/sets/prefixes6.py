"""IPv6 prefixes as columns, with the interface of the IPv4 table.

The bounds of the prefixes are ranked once; the rest is done on ranks, with the code that serves
IPv4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.intervals6 import IntervalSet6, rank_bounds
from sim.addresses.sets.ipv6 import Addresses6, masked
from sim.addresses.sets.matches import Pairs, expand_runs, ordered_pairs
from sim.addresses.sets.segments import distinct_rows, flatten, owners_to_rows

_LENGTH_BITS = 8


@dataclass(frozen=True, eq=False)
class PrefixTable6:
    """IPv6 prefixes flattened to disjoint segments, each owned by its most specific prefix.

    Attributes
    ----------
    address : shape (n_prefixes,)
        Network addresses in the caller's order. Of equal prefixes the first row wins.
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
        row = distinct_rows((start << _LENGTH_BITS) | bits)
        place, owner = flatten(start[row], stop[row], bits[row], len(cut))
        return cls(address, bits, cut.take(place), owners_to_rows(owner, row))

    def longest_match(self, address: Addresses6) -> NDArray[np.int64]:
        """Row of the most specific prefix covering each address; -1 where there is none.

        References
        ----------
        RFC 4632, section 5.1 (longest-match forwarding).
        """
        return self.segment_row[self.segment_start.search(address, "right") - 1]

    def more_specific(self, address: Addresses6, length: ArrayLike) -> Pairs:
        """Rows of the table that lie inside each prefix; see `PrefixTable.more_specific`."""
        bits = np.array(length, dtype=np.int64, ndmin=1)
        first, last = prefix_bounds6(address, bits)
        network, key, row = self._ordered
        # The rank of the network among those of the table stands for it in the keys.
        begin = np.searchsorted(key, self._keys(network.search(first, "left"), bits), "left")
        # A network equal to the query's own that is shorter comes before the run.
        end = np.searchsorted(key, self._keys(network.search(last, "right"), 0), "left")
        query, place = expand_runs(begin, end)
        return query, row[place]

    def covering(self, address: Addresses6, length: ArrayLike) -> Pairs:
        """Rows of the table that cover each prefix; see `PrefixTable.covering`."""
        bits = np.array(length, dtype=np.int64, ndmin=1)
        prefix_bounds6(address, bits)
        network, key, row = self._ordered
        queries: list[NDArray[np.int64]] = []
        rows: list[NDArray[np.int64]] = []
        for covering_length in np.flatnonzero(np.bincount(self.length, minlength=1)).tolist():
            asked = np.flatnonzero(bits >= covering_length)
            around, _ = masked(address.take(asked), np.full(asked.size, covering_length))
            rank = network.search(around, "left")
            there = rank < len(network)
            there[there] = network.take(rank[there]).equal(around.take(there))
            wanted = self._keys(rank[there], covering_length)
            query, place = expand_runs(
                np.searchsorted(key, wanted, "left"), np.searchsorted(key, wanted, "right")
            )
            queries.append(asked[there][query])
            rows.append(row[place])
        return ordered_pairs(queries, rows)

    def count_by_row(self, addresses: IntervalSet6) -> list[int]:
        """Addresses of a set that belong to each row by longest-prefix match.

        Returns
        -------
        n_addresses : length n_prefixes + 1
            One Python integer per row, exact; the last is what no prefix covers. They sum to the
            set's size.
        """
        counted = [0] * (len(self.address) + 1)
        # Cut the set at the segments; each piece then has one owner.
        first = self.segment_start.search(addresses.first, "right") - 1
        last = self.segment_start.search(addresses.last, "right") - 1
        interval, segment = expand_runs(first, last + 1)
        begin = Addresses6.concatenate((addresses.first, self.segment_start))
        starts_here = segment == first[interval]
        start = begin.take(np.where(starts_here, interval, addresses.n_intervals + segment))
        ends_here = segment == last[interval]
        after = self.segment_start.take(
            np.minimum(segment + 1, len(self.segment_start) - 1)
        ).minus_one()
        end = Addresses6.concatenate((addresses.last, after)).take(
            np.where(ends_here, interval, addresses.n_intervals + np.arange(segment.size))
        )
        for row, span in zip(
            self.segment_row[segment].tolist(), end.minus(start).to_ints(), strict=True
        ):
            counted[row] += span + 1
        return counted

    def __reduce__(self) -> tuple[type[PrefixTable6], tuple[Addresses6 | NDArray[np.int64], ...]]:
        """Leave what can be built again behind when the table is sent to another process."""
        return PrefixTable6, (self.address, self.length, self.segment_start, self.segment_row)

    @cached_property
    def _ordered(self) -> tuple[Addresses6, NDArray[np.int64], NDArray[np.int64]]:
        """Distinct networks, and keys of network rank and length with their rows, ascending."""
        network, (rank, _) = rank_bounds(self.address, self.address)
        # Ranks among bounds leave gaps; ranks among networks are what is looked for.
        used = np.zeros(len(network) + 1, np.int64)
        used[rank] = 1
        among = np.cumsum(used) - used
        key = self._keys(among[rank], self.length)
        row = np.argsort(key, kind="stable")
        return network.take(used[:-1].astype(np.bool_)), key[row], row

    @staticmethod
    def _keys(rank: NDArray[np.int64], length: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """Numbers that sort by network, then by length."""
        return np.asarray((rank << _LENGTH_BITS) | length, dtype=np.int64)


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
