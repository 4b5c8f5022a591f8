"""The algebra of sets of addresses, whatever the family.

Operations work on bounds of one line of whole numbers: int64 for IPv4 addresses, Python integers
for IPv6 addresses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_32, _48 = np.uint64(32), np.uint64(48)
_LOW = np.uint64(2**32 - 1)
_TRUE = np.ones(1, np.bool_)

Bounds = tuple[NDArray[Any], NDArray[Any]]


class Rule(IntEnum):
    """Which pieces to keep: bit ``in_first + 2 * in_second`` is set when a piece is kept."""

    UNION = 0b1110
    INTERSECTION = 0b1000
    DIFFERENCE = 0b0010


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
        packed = _sorted(packed, n_descents)
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


def _sorted(packed: NDArray[np.uint64], n_descents: int) -> NDArray[np.uint64]:
    """Sort by the upper 32 bits at least, in the way that suits the order at hand."""
    if n_descents < packed.size // 64:
        # Few sorted runs: a stable (merging) sort is linear.
        packed.sort(kind="stable")
    elif packed.size < 2**14:
        packed.sort()
    else:
        # Sorting 16-bit numbers counts instead of comparing, and two turns of it beat the
        # general sort of 64-bit numbers.
        packed = packed[np.argsort((packed >> _32).astype(np.uint16), kind="stable")]
        packed = packed[np.argsort((packed >> _48).astype(np.uint16), kind="stable")]
    return packed


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
    kept = _keep(in_first, in_second, rule)
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


def _keep(
    in_first: NDArray[np.uint8], in_second: NDArray[np.uint8], rule: Rule
) -> NDArray[np.uint8]:
    """Apply the rule to the state after each bound."""
    match rule:
        case Rule.UNION:
            return in_first | in_second
        case Rule.INTERSECTION:
            return in_first & in_second
        case Rule.DIFFERENCE:
            return in_first & (in_second ^ np.uint8(1))


class Algebra(ABC):
    """Set algebra. Subclasses define how two sets combine."""

    @classmethod
    @abstractmethod
    def universe(cls) -> Self:
        """Return the set of all addresses."""

    @abstractmethod
    def _combine(self, other: Self, rule: Rule) -> Self:
        """Keep the pieces of the address space that a rule asks for."""

    def union(self, other: Self) -> Self:
        """Return addresses in either set."""
        return self._combine(other, Rule.UNION)

    def intersection(self, other: Self) -> Self:
        """Return addresses in both sets."""
        return self._combine(other, Rule.INTERSECTION)

    def difference(self, other: Self) -> Self:
        """Return addresses in this set and not in the other."""
        return self._combine(other, Rule.DIFFERENCE) if other else self

    def complement(self, universe: Self | None = None) -> Self:
        """Return addresses of a universe (by default all there are) that are not in this set."""
        return (self.universe() if universe is None else universe).difference(self)
