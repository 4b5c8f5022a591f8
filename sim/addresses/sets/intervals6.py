"""Sets of IPv6 addresses, with the interface of the IPv4 ones.

Set algebra is done on ranks: the bounds in play are put in order once, and the rest is the
arithmetic of small whole numbers that IPv4 uses too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import sub

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets import algebra
from sim.addresses.sets.algebra import Algebra, Bounds, Rule
from sim.addresses.sets.blocks import split_ranges6
from sim.addresses.sets.ipv6 import IPV6_STOP, Addresses6
from sim.addresses.sets.notation import read_notation

_TOP = Addresses6.from_ints([IPV6_STOP - 1])


@dataclass(frozen=True, eq=False)
class IntervalSet6(Algebra):
    """A set of IPv6 addresses.

    Attributes
    ----------
    first, last : shape (n_intervals,)
        First and last address of each interval, both inclusive (a half-open bound after the last
        address of all would need a 129th bit); sorted, disjoint and not adjacent: two equal sets
        have equal columns.
    """

    first: Addresses6
    last: Addresses6

    @classmethod
    def empty(cls) -> IntervalSet6:
        """Return the set that holds no address."""
        return cls(Addresses6.empty(), Addresses6.empty())

    @classmethod
    def universe(cls) -> IntervalSet6:
        """Return the set of all IPv6 addresses: one interval."""
        return cls(Addresses6.from_ints([0]), _TOP)

    @classmethod
    def of(cls, *texts: str) -> IntervalSet6:
        """Return the union of prefixes, addresses and ``first-last`` ranges given as text.

        Raises
        ------
        ValueError
            If a text is none of these, or of the other family.
        """
        bounds = [read_notation(text, version=6) for text in texts]
        return cls.from_bounds(
            Addresses6.from_ints(entry.first for entry in bounds),
            Addresses6.from_ints(entry.last for entry in bounds),
        )

    @classmethod
    def from_bounds(cls, first: Addresses6, last: Addresses6) -> IntervalSet6:
        """Return the union of intervals given in any order, overlapping or not.

        Parameters
        ----------
        first, last : shape (n,)
            First and last address of each interval, both inclusive.

        Raises
        ------
        ValueError
            If the columns differ in length or an interval ends before it starts.
        """
        if len(first) != len(last):
            raise ValueError("first and last must be equally long")
        if not len(first):
            return cls.empty()
        if np.any(last.less(first)):
            raise ValueError("intervals must satisfy first <= last")
        cut, (start, stop) = rank_bounds(first, last)
        return cls._from_ranks(cut, algebra.merge(start, stop))

    @classmethod
    def union_all(cls, sets: Iterable[IntervalSet6]) -> IntervalSet6:
        """Return addresses in any of the sets; the empty set for none."""
        members = list(sets)
        return cls.from_bounds(
            Addresses6.concatenate([member.first for member in members]),
            Addresses6.concatenate([member.last for member in members]),
        )

    @property
    def n_intervals(self) -> int:
        """Number of maximal intervals."""
        return len(self.first)

    @property
    def n_addresses(self) -> int:
        """Number of addresses in the set; exact, up to 2**128."""
        return sum(self.last.to_ints()) - sum(self.first.to_ints()) + self.n_intervals

    def count_below(self, bound: int) -> int:
        """Addresses of the set below a bound, exact."""
        first, stop, before = self._bounds
        row = bisect_right(first, bound)
        beyond = max(0, stop[row - 1] - bound) if row else 0
        return before[row] - beyond

    @cached_property
    def _bounds(self) -> tuple[list[int], list[int], list[int]]:
        """Bounds of the intervals, half-open, and the addresses before each."""
        first, stop = self.first.to_ints(), [last + 1 for last in self.last.to_ints()]
        return first, stop, [*accumulate(map(sub, stop, first), initial=0)]

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""
        return self.n_intervals > 0

    @property
    def n_networks(self) -> int:
        """Number of /64 networks that have an address in the set."""
        first, last = self.first.high, self.last.high
        span: list[int] = (last - first).tolist()
        # Neighbours that end and start in the same /64 would count it twice.
        return sum(span) + self.n_intervals - int(np.count_nonzero(first[1:] == last[:-1]))

    @property
    def n_prefixes(self) -> int:
        """Number of prefixes that are needed to say the set."""
        return int(self.to_prefixes()[1].size)

    def __eq__(self, other: object) -> bool:
        """Return whether both sets hold the same addresses."""
        if not isinstance(other, IntervalSet6):
            return NotImplemented
        return self.n_intervals == other.n_intervals and bool(
            np.all(self.first.equal(other.first) & self.last.equal(other.last))
        )

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self.first.to_packed(), self.last.to_packed()))

    def contains(self, address: Addresses6) -> NDArray[np.bool_]:
        """Return for each address whether the set holds it."""
        if not self:
            return np.zeros(len(address), np.bool_)
        row = self.first.search(address, "right") - 1
        return np.asarray((row >= 0) & ~self.last.take(row).less(address), dtype=np.bool_)

    def to_prefixes(self) -> tuple[Addresses6, NDArray[np.int64]]:
        """Return the fewest prefixes that together are exactly this set.

        Returns
        -------
        address, length : shape (n_prefixes,)
            Network addresses, ascending, and prefix lengths in [0, 128].
        """
        _, address, length = split_ranges6(self.first, self.last)
        return address, length

    def _combine(self, other: IntervalSet6, rule: Rule) -> IntervalSet6:
        cut, mine, theirs = _rank_both(self, other)
        return IntervalSet6._from_ranks(cut, algebra.combine(mine, theirs, rule))

    @classmethod
    def _from_ranks(cls, cut: Addresses6, bounds: Bounds) -> IntervalSet6:
        """Put addresses back in the place of ranks."""
        start, stop = bounds
        # The rank after all others stands for the end of the address space.
        after = Addresses6.concatenate((cut, Addresses6.from_ints([0])))
        return cls(cut.take(start), after.take(stop).minus_one())


def rank_bounds(first: Addresses6, last: Addresses6) -> tuple[Addresses6, Bounds]:
    """Put the bounds of intervals in order.

    Returns
    -------
    cut : shape (n_cuts,)
        First addresses, and addresses after last ones, distinct and ascending; the end of the
        address space appears as ``::``.
    bounds : shape (n,), shape (n,), int64
        The intervals half-open, as ranks among the cuts; the rank ``n_cuts`` is the end of the
        address space.
    """
    bound = Addresses6.concatenate((first, last.plus_one()))
    _, row, rank = np.unique(bound.key, return_index=True, return_inverse=True)
    cut, start, stop = bound.take(row), rank[: len(first)], rank[len(first) :]
    return cut, (start, np.where(last.equal(_TOP), np.int64(len(cut)), stop))


def _rank_both(one: IntervalSet6, two: IntervalSet6) -> tuple[Addresses6, Bounds, Bounds]:
    """Ranks of two sets among the bounds of both."""
    cut, (start, stop) = rank_bounds(
        Addresses6.concatenate((one.first, two.first)),
        Addresses6.concatenate((one.last, two.last)),
    )
    n_one = one.n_intervals
    return cut, (start[:n_one], stop[:n_one]), (start[n_one:], stop[n_one:])
