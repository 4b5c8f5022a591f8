"""Sets over both address families.

Sizes are kept apart: adding IPv4 addresses to IPv6 addresses measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sim.addresses.sets.algebra import Algebra, Rule
from sim.addresses.sets.blocks import IPV6_BITS, format_lines
from sim.addresses.sets.intervals import Intervals, IntervalSet, IntervalSet6
from sim.addresses.sets.notation import read_notation


@dataclass(frozen=True)
class AddressSet(Algebra):
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
