"""Sets of addresses as sorted, disjoint, half-open intervals.

In: bounds as integer arrays. Out: frozen sets with exact algebra. It does not know what a
provider, an order or a censor is, and never lists the addresses one by one: memory grows with
the number of intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

IPV4_STOP = 2**32


@dataclass(frozen=True, eq=False)
class IntervalSet:
    """A set of IPv4 addresses.

    Attributes
    ----------
    start, stop : shape (n_intervals,), int64, read-only
        Half-open intervals ``[start, stop)``, sorted, disjoint and not adjacent: two equal sets
        have equal arrays.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.start.flags.writeable = False
        self.stop.flags.writeable = False

    @classmethod
    def empty(cls) -> IntervalSet:
        """Return the set that holds no address."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    @classmethod
    def from_bounds(cls, start: ArrayLike, stop: ArrayLike) -> IntervalSet:
        """Return the union of half-open intervals given in any order, overlapping or not.

        Parameters
        ----------
        start, stop : shape (n,)
            Bounds in [0, 2**32]; an interval with ``start == stop`` is empty.

        Raises
        ------
        ValueError
            If a bound lies outside [0, 2**32] or an interval stops before it starts.
        """
        first = np.array(start, dtype=np.int64, ndmin=1)
        last = np.array(stop, dtype=np.int64, ndmin=1)
        if first.shape != last.shape or first.ndim != 1:
            raise ValueError("start and stop must be one-dimensional and equally long")
        if np.any(first < 0) or np.any(last > IPV4_STOP) or np.any(last < first):
            raise ValueError("intervals must satisfy 0 <= start <= stop <= 2**32")
        occupied = last > first
        first, last = first[occupied], last[occupied]
        order = np.argsort(first, kind="stable")
        first, last = first[order], last[order]
        if first.size == 0:
            return cls.empty()
        reach = np.maximum.accumulate(last)
        opens = np.concatenate(([True], first[1:] > reach[:-1]))
        closes = np.concatenate((opens[1:], [True]))
        return cls(first[opens], reach[closes])

    @property
    def n_intervals(self) -> int:
        """Number of maximal intervals."""
        return int(self.start.size)

    @property
    def n_addresses(self) -> int:
        """Number of addresses in the set."""
        return int(np.sum(self.stop - self.start))

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""
        return self.n_intervals > 0

    def __eq__(self, other: object) -> bool:
        """Return whether both sets hold the same addresses."""
        if not isinstance(other, IntervalSet):
            return NotImplemented
        return np.array_equal(self.start, other.start) and np.array_equal(self.stop, other.stop)

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self.start.tobytes(), self.stop.tobytes()))

    def contains(self, address: ArrayLike) -> NDArray[np.bool_]:
        """Return for each address whether the set holds it.

        Parameters
        ----------
        address : shape (n,)
            Addresses as integers.
        """
        wanted = np.asarray(address, dtype=np.int64)
        row = np.searchsorted(self.start, wanted, side="right") - 1
        if self.n_intervals == 0:
            return np.zeros(wanted.shape, dtype=np.bool_)
        return np.asarray((row >= 0) & (wanted < self.stop[row]), dtype=np.bool_)

    def union(self, other: IntervalSet) -> IntervalSet:
        """Return addresses in either set."""
        return IntervalSet.from_bounds(
            np.concatenate((self.start, other.start)), np.concatenate((self.stop, other.stop))
        )

    @classmethod
    def union_all(cls, sets: Iterable[IntervalSet]) -> IntervalSet:
        """Return addresses in any of the sets; the empty set for none."""
        members = list(sets)
        if not members:
            return cls.empty()
        return cls.from_bounds(
            np.concatenate([member.start for member in members]),
            np.concatenate([member.stop for member in members]),
        )

    def intersection(self, other: IntervalSet) -> IntervalSet:
        """Return addresses in both sets."""
        return self._combine(other, np.logical_and)

    def difference(self, other: IntervalSet) -> IntervalSet:
        """Return addresses in this set and not in the other."""
        return self._combine(other, lambda mine, theirs: mine & ~theirs)

    def symmetric_difference(self, other: IntervalSet) -> IntervalSet:
        """Return addresses in exactly one of the sets."""
        return self._combine(other, np.logical_xor)

    def _combine(
        self,
        other: IntervalSet,
        keep: Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.bool_]],
    ) -> IntervalSet:
        """Cut the line at every bound of either set and keep the pieces a rule asks for."""
        bound = np.concatenate((self.start, self.stop, other.start, other.stop))
        # Four sorted runs: a stable (merging) sort is linear here.
        bound.sort(kind="stable")
        left, right = bound[:-1], bound[1:]
        kept = keep(self.contains(left), other.contains(left)) & (right > left)
        return IntervalSet.from_bounds(left[kept], right[kept])

    def to_prefixes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the fewest prefixes that together are exactly this set.

        Returns
        -------
        address, length : shape (n_prefixes,)
            Network addresses, ascending, and prefix lengths in [0, 32].

        References
        ----------
        RFC 4632, section 3.1: a prefix of length l is a block of 2**(32 - l) addresses that
        starts at a multiple of its size. Taking at each step the largest aligned block that
        fits gives the minimal decomposition.
        """
        address_pieces: list[NDArray[np.int64]] = []
        length_pieces: list[NDArray[np.int64]] = []
        start, stop = self.start.copy(), self.stop.copy()
        while start.size:
            # Lowest set bit of the start limits the block by alignment; 0 is aligned to all.
            alignment = np.where(start == 0, IPV4_STOP, start & -start)
            room = stop - start
            # Exact for room <= 2**32: frexp of an integer below 2**53 loses nothing.
            fitting = np.int64(1) << (np.frexp(room.astype(np.float64))[1].astype(np.int64) - 1)
            size = np.minimum(alignment, fitting)
            address_pieces.append(start)
            length_pieces.append(33 - np.frexp(size.astype(np.float64))[1].astype(np.int64))
            unfinished = start + size < stop
            start, stop = (start + size)[unfinished], stop[unfinished]
        if not address_pieces:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        address, length = np.concatenate(address_pieces), np.concatenate(length_pieces)
        order = np.argsort(address, kind="stable")
        return address[order], length[order]
