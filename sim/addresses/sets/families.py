"""Sets over both address families, and the interface the two share.

In: an IPv4 set and an IPv6 set. Out: one value with the same algebra, family by family. Sizes
are kept apart: adding IPv4 addresses to IPv6 addresses measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.notation import read_notation


class Intervals(Protocol):
    """What `IntervalSet` and `IntervalSet6` have in common."""

    @property
    def n_intervals(self) -> int:
        """Number of maximal intervals."""

    @property
    def n_addresses(self) -> int:
        """Number of addresses, exact."""

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""

    def contains(self, address: Any) -> NDArray[np.bool_]:
        """Return for each address of a column whether the set holds it."""

    def union(self, other: Self) -> Self:
        """Return addresses in either set."""

    def intersection(self, other: Self) -> Self:
        """Return addresses in both sets."""

    def difference(self, other: Self) -> Self:
        """Return addresses in this set and not in the other."""

    def symmetric_difference(self, other: Self) -> Self:
        """Return addresses in exactly one of the sets."""

    def complement(self, universe: Self | None = None) -> Self:
        """Return addresses of a universe that are not in this set."""

    def chunks(self, n_intervals: int = ...) -> Iterator[Self]:
        """Yield the set in ascending pieces of at most so many intervals."""

    def to_prefixes(self) -> tuple[Any, NDArray[np.int64]]:
        """Return the fewest prefixes that together are exactly this set."""


@dataclass(frozen=True)
class AddressSet:
    """A set of addresses of both families.

    Attributes
    ----------
    v4, v6
        The members of each family.
    """

    v4: IntervalSet
    v6: IntervalSet6

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

    def __bool__(self) -> bool:
        """Return whether the set holds any address."""
        return bool(self.v4) or bool(self.v6)

    def union(self, other: AddressSet) -> AddressSet:
        """Return addresses in either set."""
        return AddressSet(self.v4.union(other.v4), self.v6.union(other.v6))

    def intersection(self, other: AddressSet) -> AddressSet:
        """Return addresses in both sets."""
        return AddressSet(self.v4.intersection(other.v4), self.v6.intersection(other.v6))

    def difference(self, other: AddressSet) -> AddressSet:
        """Return addresses in this set and not in the other."""
        return AddressSet(self.v4.difference(other.v4), self.v6.difference(other.v6))

    def symmetric_difference(self, other: AddressSet) -> AddressSet:
        """Return addresses in exactly one of the sets."""
        return AddressSet(
            self.v4.symmetric_difference(other.v4), self.v6.symmetric_difference(other.v6)
        )

    def complement(self, universe: AddressSet | None = None) -> AddressSet:
        """Return addresses of a universe (by default everything) that are not in this set."""
        return (AddressSet.universe() if universe is None else universe).difference(self)
