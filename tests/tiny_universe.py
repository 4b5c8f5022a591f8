"""A universe of eight units, in which every subset of prefixes can be looked at.

In: targets, weights, constraints as sets of units. Out: the same as addresses, and the least cost
found by looking at all 32,768 subsets of the 15 prefixes. It knows nothing of prefix trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network

import numpy as np
from hypothesis import strategies as st

from sim.addresses.cover.tree import LengthLimits, Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6

DEPTH = 3
N_UNITS = 2**DEPTH
UNITS = range(N_UNITS)
NO_LIMITS = (0, DEPTH)


@dataclass(frozen=True)
class Place:
    """Where the universe of eight units stands.

    Attributes
    ----------
    bits
        32 or 128.
    unit_length
        Prefix length of one unit.
    base
        First address.
    """

    bits: int
    unit_length: int
    base: int

    @property
    def unit(self) -> int:
        return 1 << (self.bits - self.unit_length)

    def bounds(self, low: int, high: int) -> tuple[int, int]:
        return self.base + low * self.unit, self.base + high * self.unit

    def addresses(self, units: frozenset[int]) -> AddressSet:
        bounds = [self.bounds(unit, unit + 1) for unit in units]
        if self.bits == 32:
            v4 = IntervalSet.from_bounds([b[0] for b in bounds], [b[1] for b in bounds])
            return AddressSet(v4, IntervalSet6.empty())
        first = Addresses6.from_ints(b[0] for b in bounds)
        last = Addresses6.from_ints(b[1] - 1 for b in bounds)
        return AddressSet(IntervalSet.empty(), IntervalSet6.from_bounds(first, last))

    def weights(self, ranges: list[tuple[int, int, int | float]]) -> Weights:
        bounds = [self.bounds(low, high) for low, high, _ in ranges]
        total = [amount for *_, amount in ranges]
        if self.bits == 32:
            return Weights.on_ranges4([b[0] for b in bounds], [b[1] for b in bounds], total)
        return Weights.on_ranges6(
            Addresses6.from_ints(b[0] for b in bounds),
            Addresses6.from_ints(b[1] - 1 for b in bounds),
            total,
        )

    def units(self, text: str) -> frozenset[int]:
        """Units of a prefix, which must consist of whole ones."""
        network = ip_network(text)
        low, rest = divmod(int(network.network_address) - self.base, self.unit)
        n, part = divmod(network.num_addresses, self.unit)
        assert rest == part == 0, text
        assert 0 <= low < low + n <= N_UNITS, text
        return frozenset(range(low, low + n))


PLACES = {
    "first addresses": Place(32, 32, 0),
    "last addresses": Place(32, 32, 2**32 - N_UNITS),
    "whole space": Place(32, DEPTH, 0),
    "networks": Place(32, 24, 0xC6336400 & ~0x7FF),
    "IPv6 first addresses": Place(128, 128, 0),
    "IPv6 hosts": Place(128, 128, 0x20010DB8 << 96),
    "IPv6 across the halves": Place(128, 66, 0x20010DB8 << 96),
    "IPv6 last": Place(128, 64, 2**128 - (N_UNITS << 64)),
    "IPv6 whole space": Place(128, DEPTH, 0),
}


@cache
def prefixes() -> list[tuple[int, int]]:
    """Bit mask of units and depth of every prefix of the universe."""
    return [
        (((1 << (N_UNITS >> depth)) - 1) << start, depth)
        for depth in range(DEPTH + 1)
        for start in range(0, N_UNITS, N_UNITS >> depth)
    ]


@cache
def subsets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every subset of the prefixes: which (as bits), its units, its number of rules."""
    chosen = np.arange(1 << len(prefixes()))
    units, count = np.zeros_like(chosen), np.zeros_like(chosen)
    for place, (mask, _) in enumerate(prefixes()):
        has = (chosen >> place) & 1
        units |= has * mask
        count += has
    return chosen, units, count


# Weights are counted in parts of one that every share of up to eight units is a multiple of.
PART = 840


def per_unit(ranges: list[tuple[int, int, int | float]]) -> np.ndarray:
    """Weight of each unit, in parts."""
    weight = np.zeros(N_UNITS, np.int64)
    for low, high, amount in ranges:
        weight[low:high] += PART * amount // (high - low)
    return weight


def mask_of(units: frozenset[int]) -> int:
    return sum(1 << unit for unit in units)


@cache
def membership() -> np.ndarray:
    """Whether each set of units, by its mask, holds each unit."""
    return (np.arange(1 << N_UNITS)[:, None] >> np.arange(N_UNITS)) & 1


@dataclass(frozen=True)
class Case:
    place: Place
    targets: frozenset[int]
    ranges: list[tuple[int, int, int | float]]
    protected: frozenset[int] = frozenset()
    limits: tuple[int, int] = NO_LIMITS
    has_breadth: bool = False

    def prepare(self) -> Targets:
        above = self.place.unit_length - DEPTH
        # A limit at the top of the universe stands for none.
        limits = LengthLimits(self.limits[0] and above + self.limits[0], above + self.limits[1])
        if self.limits[1] == DEPTH:
            limits = LengthLimits(limits.shortest, self.place.bits)
        return Targets.prepare(
            self.place.addresses(self.targets),
            protected=self.place.addresses(self.protected),
            **{"limits4" if self.place.bits == 32 else "limits6": limits},
        )

    def only(self, value: np.ndarray, *, targets: bool) -> np.ndarray:
        """Value of each unit, nought for those that are not targets, or are."""
        is_target = membership()[mask_of(self.targets)] > 0
        return np.where(is_target == targets, value, 0)

    def best(self) -> list[tuple[int, int] | None]:
        """Least cost and fewest rules for it with at most 0, 1, 2 … rules; None: impossible."""
        chosen, units, count = subsets()
        barred = sum(
            1 << place
            for place, (mask, depth) in enumerate(prefixes())
            if mask & mask_of(self.protected) or not self.limits[0] <= depth <= self.limits[1]
        )
        is_fine = (chosen & barred) == 0
        is_fine &= (units & mask_of(self.targets)) == mask_of(self.targets)
        cost = membership() @ self.only(per_unit(self.ranges), targets=False)
        if self.has_breadth:
            # Units blocked beside the targets come second; there are fewer than 16.
            cost = cost * 16 + membership() @ self.only(np.ones(N_UNITS, np.int64), targets=False)
        else:
            cost *= 16
        least = np.full(N_UNITS + 1, 2**62)
        within = np.minimum(count[is_fine], N_UNITS)
        np.minimum.at(least, within, cost[units[is_fine]])
        least = np.minimum.accumulate(least).tolist()
        return [None if best == 2**62 else (best // 16, least.index(best)) for best in least]


places = st.sampled_from(list(PLACES.values()))
some_units = st.frozensets(st.sampled_from(UNITS), min_size=1)
protections = st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(UNITS), max_size=3))
limits = st.tuples(st.integers(0, DEPTH), st.integers(0, DEPTH)).map(
    lambda pair: (min(pair), max(pair))
)
# Few distinct numbers: ties and noughts are common.
amounts = st.sampled_from([0, 1, 1, 2, 3, 12])


def ranges_of(amount: st.SearchStrategy, *, hosts: bool) -> st.SearchStrategy:
    bounds = st.tuples(st.sampled_from(UNITS), st.integers(1, 1 if hosts else N_UNITS))
    return st.lists(
        st.tuples(bounds, amount).map(
            lambda item: (item[0][0], min(sum(item[0]), N_UNITS), item[1])
        ),
        max_size=10,
    )


@st.composite
def cases(draw: st.DrawFn, *, hosts: bool) -> Case:
    targets = draw(some_units)
    protected = draw(protections)
    if draw(st.booleans()):
        protected -= targets
    return Case(
        draw(places),
        targets,
        draw(ranges_of(amounts, hosts=hosts)),
        protected,
        draw(st.one_of(st.just(NO_LIMITS), limits)),
        has_breadth=hosts and draw(st.booleans()),
    )
