"""Hypothesis strategies that aim at the edges of the address space, for both families."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from sim.addresses.sets.blocks import DTYPES
from sim.addresses.sets.intervals import IntervalSet, IntervalSet6
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6

# Addresses near an edge that are listed one by one in a plain set.
WINDOW = 24


@dataclass(frozen=True)
class Family:
    """One address family seen through plain Python integers."""

    bits: int
    windows: tuple[int, ...]
    interval_set: Any
    prefix_table: Any
    network: Any

    def column(self, numbers: Iterable[int]) -> Any:
        return np.array(list(numbers), DTYPES[self.bits])

    def numbers(self, column: Any) -> list[int]:
        return column.tolist()

    def build(self, bounds: Iterable[tuple[int, int]]) -> Any:
        """Build a set from half-open bounds."""
        listed = list(bounds)
        return self.interval_set.from_bounds([a for a, _ in listed], [b for _, b in listed])

    def bounds(self, addresses: Any) -> list[tuple[int, int]]:
        """Half-open bounds of a set's intervals."""
        return list(zip(addresses.start.tolist(), addresses.stop.tolist(), strict=True))

    def members(self, addresses: Any) -> set[int]:
        """All addresses of a small set, one by one."""
        return {number for a, b in self.bounds(addresses) for number in range(a, b)}


V4 = Family(32, (0, 2**24 - 12, 2**31 - 12, 2**32 - WINDOW), IntervalSet, PrefixTable, IPv4Network)
V6 = Family(
    128,
    (0, 2**32 - 12, 2**64 - 12, 2**127 - 12, 2**128 - WINDOW),
    IntervalSet6,
    PrefixTable6,
    IPv6Network,
)
FAMILIES = [pytest.param(V4, id="v4"), pytest.param(V6, id="v6")]


def numbers(family: Family) -> st.SearchStrategy[int]:
    """Addresses near the edges, now and then anywhere."""
    near = st.sampled_from(family.windows).flatmap(lambda w: st.integers(w, w + WINDOW - 1))
    return st.one_of(near, near, st.integers(0, 2**family.bits - 1))


@st.composite
def small_bounds(draw: st.DrawFn, family: Family) -> tuple[int, int]:
    """Half-open bounds within one window; may be empty, touch or repeat."""
    window = draw(st.sampled_from(family.windows))
    start = draw(st.integers(0, WINDOW))
    return window + start, window + draw(st.integers(start, WINDOW))


@st.composite
def any_bounds(draw: st.DrawFn, family: Family) -> tuple[int, int]:
    """Half-open bounds of any size, up to the whole space."""
    edge = st.one_of(
        numbers(family), st.just(2**family.bits), st.integers(0, family.bits).map(lambda k: 1 << k)
    )
    start, stop = sorted((draw(edge), draw(edge)))
    return start, stop


@st.composite
def prefixes(draw: st.DrawFn, family: Family) -> tuple[int, int]:
    """Network address and length, from /0 to single addresses."""
    length = draw(
        st.one_of(
            st.sampled_from((0, 1, family.bits - 1, family.bits)),
            st.integers(family.bits - 10, family.bits),
            st.integers(0, family.bits),
        )
    )
    host = (1 << (family.bits - length)) - 1
    return draw(numbers(family)) & ~host, length


def is_read(family: Family, start: int, stop: int) -> bool:
    """Whether a range is read as such: not one of IPv4-mapped addresses, or a cut through them."""
    first, last = 0xFFFF << 32, (0xFFFF << 32) + (1 << 32)
    holds_some, holds_all = start < last and stop > first, start <= first and stop >= last
    holds_more = holds_all and (start, stop) != (first, last)
    return family.bits == 32 or not holds_some or holds_more


def read_prefixes(family: Family) -> st.SearchStrategy[tuple[int, int]]:
    """Those of `prefixes` that are read as such."""
    return prefixes(family).filter(
        lambda one: is_read(family, one[0], one[0] + (1 << (family.bits - one[1])))
    )
