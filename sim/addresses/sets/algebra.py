"""The algebra that sets of addresses have in common, whatever the family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.sweep import Rule


class Algebra(ABC):
    """Operations between sets, of which a set says how two are combined."""

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

    def symmetric_difference(self, other: Self) -> Self:
        """Return addresses in exactly one of the sets."""
        return self._combine(other, Rule.SYMMETRIC_DIFFERENCE)

    def complement(self, universe: Self | None = None) -> Self:
        """Return addresses of a universe (by default all there are) that are not in this set."""
        return (self.universe() if universe is None else universe).difference(self)


class Intervals(Algebra):
    """A set of one family, held as maximal intervals."""

    @property
    @abstractmethod
    def n_intervals(self) -> int:
        """Number of maximal intervals."""

    @property
    @abstractmethod
    def n_addresses(self) -> int:
        """Number of addresses in the set, exact."""

    @abstractmethod
    def contains(self, address: Any) -> NDArray[np.bool_]:
        """Return for each address of a column whether the set holds it."""

    @abstractmethod
    def to_prefixes(self) -> tuple[Any, NDArray[np.int64]]:
        """Return the fewest prefixes that together are exactly this set."""

    @abstractmethod
    def _piece(self, rows: slice) -> Self:
        """Return some of the intervals."""

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""
        return bool(self.n_intervals)

    def chunks(self, n_intervals: int = 65_536) -> Iterator[Self]:
        """Yield the set in ascending pieces of at most so many intervals."""
        check_chunk_size(n_intervals)
        for row in range(0, self.n_intervals, n_intervals):
            yield self._piece(slice(row, row + n_intervals))


def check_chunk_size(size: int) -> None:
    """Refuse a chunk that would never end."""
    if size < 1:
        raise ValueError(f"expected a chunk size of at least 1, got {size}")
