"""Sets of addresses of one family as sorted, disjoint, half-open intervals, and of both families.

Sizes of families are kept apart: adding IPv4 addresses to IPv6 addresses measures nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.blocks import (
    DTYPES,
    IPV4_BITS,
    IPV6_BITS,
    Numbers,
    count_prefixes,
    format_lines,
    split_ranges,
)
from sim.addresses.sets.notation import read_notation

IPV4_STOP = 2**IPV4_BITS
_32 = np.uint64(32)
_LOW = np.uint64(2**32 - 1)
_TRUE = np.ones(1, np.bool_)

Bounds = tuple[NDArray[Any], NDArray[Any]]
Rule = np.ufunc
"""Which pieces to keep, by whether they are in the first and in the second set."""
UNION, INTERSECTION, DIFFERENCE = np.bitwise_or, np.bitwise_and, np.greater


def merge(start: NDArray[Any], stop: NDArray[Any]) -> Bounds:
    """Union of half-open intervals in any order, overlapping or not.

    Parameters
    ----------
    start, stop : shape (n,)
        With ``0 <= start < stop``; int64 at most 2**32.
    """
    if start.dtype == object:
        order = np.argsort(start, kind="stable")
        start, stop = start[order], stop[order]
    n_descents = int(np.count_nonzero(start[1:] < start[:-1]))
    if n_descents == 0:
        first, reach = start, np.maximum.accumulate(stop)
    else:
        # A start and a last address fit in one number, which sorts faster than rows do.
        packed = start.astype(np.uint64)
        packed <<= _32
        packed |= (stop - 1).view(np.uint64)
        # Few sorted runs: a stable (merging) sort is linear. Else vectors sort several at once.
        packed.sort(kind="stable" if n_descents < packed.size // 64 else "quicksort")
        first = (packed >> _32).view(np.int64)
        packed &= _LOW
        reach = packed.view(np.int64)
        np.maximum.accumulate(reach, out=reach)
        reach += 1
    gap = first[1:] > reach[:-1]
    if gap.all():
        return first, reach
    opens = np.concatenate((_TRUE, gap))
    closes = np.concatenate((gap, _TRUE))
    return first[opens], reach[closes]


def combine(first: Bounds, second: Bounds, rule: Rule) -> Bounds:
    """Pieces of the line that a rule keeps, given two sets of sorted disjoint intervals."""
    n_first, n_second = 2 * first[0].size, 2 * second[0].size
    event = np.empty(n_first + n_second, first[0].dtype)
    # One number holds a bound and, in its last bit, whose it is.
    event[0:n_first:2] = first[0] << 1
    event[1:n_first:2] = first[1] << 1
    event[n_first::2] = (second[0] << 1) | 1
    event[n_first + 1 :: 2] = (second[1] << 1) | 1
    # Two sorted runs: a stable (merging) sort is linear.
    event.sort(kind="stable")
    is_second = np.asarray(event & 1, np.uint8)
    bound = event >> 1
    # Within a set starts and stops alternate, so the parity of the bounds met says inside or
    # outside; a count that wraps at 256 keeps its parity.
    in_second = np.cumsum(is_second, dtype=np.uint8) & np.uint8(1)
    in_first = np.cumsum(is_second ^ np.uint8(1), dtype=np.uint8) & np.uint8(1)
    kept = rule(in_first, in_second)
    before = np.concatenate((np.zeros(1, np.uint8), kept[:-1]))
    flips = kept != before
    # Where both sets have a bound only the state after both counts.
    twin = np.flatnonzero(bound[1:] == bound[:-1]) + 1
    if twin.size:
        flips[twin - 1] = False
        # Before the first bound of all is as after the last one, outside both sets.
        flips[twin] = kept[twin] != kept[twin - 2]
    found = bound[flips]
    return np.ascontiguousarray(found[0::2]), np.ascontiguousarray(found[1::2])


class Algebra(ABC):
    """Set algebra. Subclasses define how two sets combine."""

    @abstractmethod
    def _combine(self, other: Self, rule: Rule) -> Self:
        """Keep the pieces of the address space that a rule asks for."""

    def union(self, other: Self) -> Self:
        """Return addresses in either set."""
        return self._combine(other, UNION)

    def intersection(self, other: Self) -> Self:
        """Return addresses in both sets."""
        return self._combine(other, INTERSECTION)

    def difference(self, other: Self) -> Self:
        """Return addresses in this set and not in the other."""
        return self._combine(other, DIFFERENCE) if other else self


@dataclass(frozen=True, eq=False)
class Intervals(Algebra):
    """A set of addresses of one family."""

    start: Numbers
    stop: Numbers
    """Half-open intervals ``[start, stop)``, sorted, disjoint and not adjacent: two equal sets have
    equal arrays; shape (n_intervals,), read-only."""

    BITS: ClassVar[int]

    def __post_init__(self) -> None:
        self.start.flags.writeable = False
        self.stop.flags.writeable = False

    @classmethod
    def empty(cls) -> Self:
        """Return the set that holds no address."""
        return cls(np.empty(0, DTYPES[cls.BITS]), np.empty(0, DTYPES[cls.BITS]))

    @classmethod
    def universe(cls) -> Self:
        """Return the set of all addresses of the family: one interval."""
        return cls(*(np.array([bound], DTYPES[cls.BITS]) for bound in (0, 1 << cls.BITS)))

    @classmethod
    def of(cls, *texts: str) -> Self:
        """Return the union of prefixes, addresses and ``first-last`` ranges given as text.

        Raises
        ------
        ValueError
            If a text is none of these, or of the other family.
        """
        bounds = [read_notation(text, version=4 if cls.BITS == IPV4_BITS else 6) for text in texts]
        return cls.from_bounds(
            [entry.first for entry in bounds], [entry.last + 1 for entry in bounds]
        )

    @classmethod
    def from_bounds(cls, start: ArrayLike, stop: ArrayLike) -> Self:
        """Return the union of half-open intervals given in any order, overlapping or not.

        Parameters
        ----------
        start, stop : shape (n,)
            Bounds from 0 to the number of addresses of the family; an interval with
            ``start == stop`` is empty.

        Raises
        ------
        ValueError
            If a bound lies outside or an interval stops before it starts.
        """
        wrong = f"intervals must satisfy 0 <= start <= stop <= 2**{cls.BITS}"
        try:
            first = np.array(start, DTYPES[cls.BITS], ndmin=1)
            last = np.array(stop, DTYPES[cls.BITS], ndmin=1)
        except OverflowError:
            raise ValueError(wrong) from None
        if first.shape != last.shape or first.ndim != 1:
            raise ValueError("start and stop must be one-dimensional and equally long")
        if (first < 0).any() or (last > 1 << cls.BITS).any() or (last < first).any():
            raise ValueError(wrong)
        occupied = last > first
        if not occupied.all():
            first, last = first[occupied], last[occupied]
        return cls(*merge(first, last))

    @classmethod
    def union_all(cls, sets: Iterable[Self]) -> Self:
        """Return addresses in any of the sets; the empty set for none."""
        members = list(sets)
        if not members:
            return cls.empty()
        return next((one for one in members if type(one) is not cls), members[0])._union(members)

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""
        return self.start.size > 0

    @property
    def n_intervals(self) -> int:
        """Number of maximal intervals."""
        return int(self.start.size)

    @property
    def n_addresses(self) -> int:
        """Number of addresses in the set, exact."""
        if self.start.size == 1:
            return int(self.stop.item() - self.start.item())
        return int(np.add.reduce(self.stop) - np.add.reduce(self.start))

    @property
    def n_prefixes(self) -> int:
        """Number of prefixes that are needed to say the set."""
        n = self.n_addresses
        if n == self.start.size:
            # Single addresses, none beside another: each is a prefix.
            return n
        if self.start.size == 1 and not (n & (n - 1) or self.start.item() % n):
            return 1
        return count_prefixes(self.start, self.stop)

    def count_below(self, bound: Numbers) -> Numbers:
        """Addresses of the set below each of some bounds, exact."""
        row = self.start.searchsorted(bound, side="right")
        # The last interval that begins below may reach beyond the bound.
        beyond = np.maximum(self.stop[row - 1] - bound, 0) if self.start.size else 0
        return np.asarray(self.n_before[row] - np.where(row > 0, beyond, 0))

    @cached_property
    def n_before(self) -> Numbers:
        """Addresses before each interval, and after them all."""
        n_before = np.zeros(self.start.size + 1, self.start.dtype)
        np.add.accumulate(self.stop - self.start, out=n_before[1:])
        return n_before

    def __eq__(self, other: object) -> bool:
        """Return whether both sets hold the same addresses."""
        if self is other:
            return True
        if not isinstance(other, Intervals) or other.BITS != self.BITS:
            return NotImplemented
        if self.start.size == other.start.size == 1:
            return bool(
                self.start.item() == other.start.item() and self.stop.item() == other.stop.item()
            )
        return np.array_equal(self.start, other.start) and np.array_equal(self.stop, other.stop)

    def __hash__(self) -> int:
        """Hash by content."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        if self.BITS == IPV6_BITS:
            return hash((*self.start.tolist(), *self.stop.tolist()))
        return hash((self.start.tobytes(), self.stop.tobytes()))

    def contains(self, address: ArrayLike) -> NDArray[np.bool_]:
        """Return for each address whether the set holds it.

        Parameters
        ----------
        address : shape (n,)
            Addresses as integers.
        """
        wanted = np.asarray(address, self.start.dtype)
        if wanted.ndim != 1:
            return self.contains(wanted.reshape(-1)).reshape(wanted.shape)
        if not self:
            return np.zeros(wanted.shape, np.bool_)
        if self.start.size == 1:
            return np.asarray((wanted >= self.start[0]) & (wanted < self.stop[0]), np.bool_)
        row = np.searchsorted(self.start, wanted, side="right") - 1
        return np.asarray((row >= 0) & (wanted < self.stop[row]), dtype=np.bool_)

    def __reduce__(self) -> tuple[type[Self], Bounds]:
        """Keep the bounds read-only where the set arrives."""
        return type(self), (self.start, self.stop)

    def _union(self, members: Sequence[Self]) -> Self:
        """Union of this set and others; a set of both families makes one of both."""
        start = np.concatenate([member.start for member in members])
        return type(self)(*merge(start, np.concatenate([member.stop for member in members])))

    def _combine(self, other: Self, rule: Rule) -> Self:
        # A set of both families makes one of both.
        return other._with(combine((self.start, self.stop), (other.start, other.stop), rule))

    def _with(self, bounds: Bounds) -> Self:
        """Return a set of the same kind."""
        return type(self)(*bounds)

    def to_prefixes(self) -> tuple[Numbers, NDArray[np.int64]]:
        """Return the fewest prefixes that together are exactly this set.

        Returns
        -------
        address, length : shape (n_prefixes,)
            Network addresses, ascending, and prefix lengths.

        References
        ----------
        RFC 4632, section 3.1.
        """
        _, address, length = split_ranges(self.start, self.stop)
        return address, length


class IntervalSet(Intervals):
    """A set of IPv4 addresses; bounds are int64."""

    BITS = IPV4_BITS

    @property
    def end_numbers(self) -> tuple[int, int]:
        """First and last address of the set, which must hold one."""
        return self.start.item(0), self.stop.item(-1) - 1

    def holds(self, address: int) -> bool:
        """Return whether the set holds one address."""
        if self.start.size == 1:
            return bool(self.start.item() <= address < self.stop.item())
        row = int(self.start.searchsorted(address, side="right")) - 1
        return row >= 0 and address < self.stop.item(row)


class IntervalSet6(Intervals):
    """A set of IPv6 addresses; bounds are Python integers."""

    BITS = IPV6_BITS

    @property
    def n_networks(self) -> int:
        """Number of /64 networks that have an address in the set."""
        first, last = self.start >> 64, (self.stop - 1) >> 64
        # Neighbours that end and start in the same /64 would count it twice.
        n_shared = int(np.count_nonzero(first[1:] == last[:-1]))
        return int(np.add.reduce(last - first)) + self.n_intervals - n_shared


@dataclass(frozen=True)
class AddressSet(Algebra):
    """A set of addresses of both families."""

    v4: IntervalSet
    v6: IntervalSet6
    """The members of each family."""

    @classmethod
    def empty(cls) -> AddressSet:
        """Return the set that holds no address."""
        return cls(IntervalSet.empty(), IntervalSet6.empty())

    @classmethod
    def universe(cls) -> AddressSet:
        """Return the set of all addresses of both families."""
        return cls(IntervalSet.universe(), IntervalSet6.universe())

    @classmethod
    def of(cls, *texts: str) -> AddressSet:
        """Return the union of prefixes, addresses and ranges given as text, in any mixture.

        Raises
        ------
        ValueError
            If a text is none of these.
        """
        is_v4 = [read_notation(text).version == 4 for text in texts]
        return cls(
            IntervalSet.of(*(text for text, four in zip(texts, is_v4, strict=True) if four)),
            IntervalSet6.of(*(text for text, four in zip(texts, is_v4, strict=True) if not four)),
        )

    @classmethod
    def union_all(cls, sets: Iterable[AddressSet]) -> AddressSet:
        """Return addresses in any of the sets; the empty set for none."""
        members = list(sets)
        return cls(
            IntervalSet.union_all(member.v4 for member in members),
            IntervalSet6.union_all(member.v6 for member in members),
        )

    @property
    def n_intervals(self) -> int:
        """Number of maximal intervals of both families."""
        return self.v4.n_intervals + self.v6.n_intervals

    def of_family(self, bits: int) -> Intervals:
        """Return the members of one family, named by the number of its bits."""
        return self.v6 if bits == IPV6_BITS else self.v4

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""
        return bool(self.v4) or bool(self.v6)

    def _combine(self, other: AddressSet, rule: Rule) -> AddressSet:
        return AddressSet(self.v4._combine(other.v4, rule), self.v6._combine(other.v6, rule))


def format_set(addresses: AddressSet) -> bytes:
    """Canonical text of a set: its fewest prefixes, IPv4 first, one a line."""
    return b"".join(format_lines(*each.to_prefixes()) for each in (addresses.v4, addresses.v6))
