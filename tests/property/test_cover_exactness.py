"""Covers of least cost against every subset of prefixes of a tiny universe."""

from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from sim.addresses.cover.frontier import Frontier, find_covers
from sim.addresses.cover.tree import FAMILIES, LengthLimits, Targets, WeightedRanges, Weights
from sim.addresses.sets.blocks import DTYPES
from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6
from sim.errors import UsageError
from tests.examples import n_examples
from tests.unit.addresses.test_cover import weights

DEPTH = 3
N_UNITS = 2**DEPTH
UNITS = range(N_UNITS)
NO_LIMITS = (0, DEPTH)


@dataclass(frozen=True)
class Place:
    """Where the universe of eight units stands."""

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
        edges = [b[0] for b in bounds], [b[1] for b in bounds]
        if self.bits == 32:
            return AddressSet(IntervalSet.from_bounds(*edges), IntervalSet6.empty())
        return AddressSet(IntervalSet.empty(), IntervalSet6.from_bounds(*edges))

    def weights(self, ranges: list[tuple[int, int, int | float]]) -> Weights:
        bounds = [self.bounds(low, high) for low, high, _ in ranges]
        total = [amount for *_, amount in ranges]
        edges = ([b[0] for b in bounds], [b[1] for b in bounds])
        mine = WeightedRanges.of(*(np.array(edge, DTYPES[self.bits]) for edge in edges), total)
        return Weights(
            *(mine if bits == self.bits else WeightedRanges.none(bits) for bits in FAMILIES)
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


def check(case: Case) -> None:
    """Compare every point of the frontier, and every cover behind it, with the enumeration."""
    best = case.best()
    if best[-1] is None:
        with pytest.raises(UsageError, match="protected"):
            case.prepare()
        return
    targets = case.prepare()
    options = {"breadth": Weights.per_address() if case.has_breadth else None}
    weights = case.place.weights(case.ranges)
    possible = [k for k, option in enumerate(best) if option is not None]
    if possible[0] > 1:
        with pytest.raises(UsageError, match=f"at least {possible[0]} rules"):
            find_covers(targets, weights, possible[0] - 1, **options)
    frontier = find_covers(targets, weights, N_UNITS, **options)
    assert frontier.n_rules[0] == possible[0]
    assert np.all(np.diff(frontier.collateral.astype(float)) <= 0)
    is_exact = frontier.collateral.dtype != np.float64
    weight = per_unit(case.ranges)
    few = find_covers(targets, weights, max(possible[0], 2), **options)
    assert few.collateral.tolist() == frontier.collateral[: few.collateral.size].tolist()
    assert few.saved_by_next.tolist() == frontier.saved_by_next[: few.collateral.size].tolist()
    for k in range(possible[0], N_UNITS + 1):
        row = min(k - possible[0], frontier.n_rules.size - 1)
        cover = frontier.cover(k)
        units = [case.place.units(text) for text in cover.texts()]
        blocked = frozenset().union(*units)
        assert sum(map(len, units)) == len(blocked), "rules overlap"
        assert not blocked & case.protected
        assert all(
            case.limits[0] <= DEPTH - len(own).bit_length() + 1 <= case.limits[1] for own in units
        )
        collateral = weight[sorted(blocked - case.targets)].sum()
        assert case.targets <= blocked
        cost, n_fewest = best[k]
        assert collateral == cost
        assert cover.n_rules == n_fewest == frontier.n_used[row]
        for got, parts in (
            (cover.collateral, collateral),
            (frontier.collateral[row], collateral),
            (frontier.saved_by_next[row], cost - best[min(k + 1, N_UNITS)][0]),
        ):
            if is_exact:
                assert got * PART == parts
            else:
                assert float(got) == pytest.approx(parts / PART, rel=1e-9, abs=1e-9)


many = settings(max_examples=n_examples(60), deadline=None)


@many
@given(cases(hosts=True))
@example(Case(PLACES["whole space"], frozenset(UNITS), [(0, 8, 8)], limits=(1, 1)))
def test_covers_with_hosts_is_the_best_of_all_subsets(case):
    check(case)


@many
@given(cases(hosts=False))
@example(Case(PLACES["IPv6 hosts"], frozenset({0, 7}), [(0, 8, 1), (1, 3, 7)]))
def test_covers_with_shared_ranges_is_the_best_of_all_subsets(case):
    check(case)


@settings(max_examples=n_examples(40), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNITS), st.integers(1, N_UNITS)), min_size=1))
def test_nested_and_repeated_targets_change_nothing(bounds):
    """Targets given as overlapping ranges are the union of what they hold."""
    place = PLACES["networks"]
    units = frozenset(u for low, n in bounds for u in range(low, min(low + n, N_UNITS)))
    edges = [place.bounds(low, min(low + n, N_UNITS)) for low, n in bounds]
    nested = IntervalSet.from_bounds([e[0] for e in edges], [e[1] for e in edges])
    targets = Targets.prepare(AddressSet(nested, IntervalSet6.empty()))
    frontier = find_covers(targets, Weights.per_address(), N_UNITS)
    best = Case(place, units, [(0, 8, 8 * place.unit)]).best()
    assert frontier.collateral.tolist() == [best[k][0] // PART for k in frontier.n_rules]


# Covers of medium size: against an integer programme.


class World:
    """Targets and weighted hosts of both families around a few networks, from a seed."""

    def __init__(self, seed: int, n_targets: int, n_hosts: int, *, scale: int = 1) -> None:
        rng = np.random.default_rng(seed)
        four, six = int(ip_address("198.51.96.0")), int(ip_address("2001:db8::"))
        drawn = rng.choice(4096, n_targets + n_hosts, replace=False).tolist()
        is_six = rng.random(len(drawn)) < 0.3
        self.hosts = [
            ip_address(six + (number << 60)) if of_six else ip_address(four + number)
            for number, of_six in zip(drawn, is_six, strict=True)
        ]
        self.weight = [w * scale for w in rng.integers(0, 6, len(drawn)).tolist()]
        self.targets, self.bystanders = self.hosts[:n_targets], self.hosts[n_targets:]

    def collateral(self) -> Weights:
        amount = self.weight[len(self.targets) :]
        return weights(**dict(zip(map(str, self.bystanders), amount, strict=True)))


def best_by_programme(
    world: World,
    budgets: list[int],
    limits: dict[int, tuple[int, int]],
    protected: list[str],
) -> list[float]:
    """Least cost by budget: one binary variable per prefix around a target."""
    guards = [ip_network(text) for text in protected]
    prefixes = sorted(
        {
            ip_network((target, length), strict=False)
            for target in world.targets
            for length in range(limits[target.version][0], limits[target.version][1] + 1)
        },
        key=str,
    )
    prefixes = [
        p for p in prefixes if not any(p.version == g.version and p.overlaps(g) for g in guards)
    ]
    weight = dict(zip(world.hosts, world.weight, strict=True))
    cost = [sum(weight[host] for host in world.bystanders if host in p) for p in prefixes]
    n = len(prefixes)
    covers = np.array([[float(t in p) for p in prefixes] for t in world.targets])
    results = []
    for budget in budgets:
        solved = milp(
            np.array(cost, float),
            constraints=[
                LinearConstraint(covers, lb=1),
                LinearConstraint(np.ones(n)[None], ub=budget),
            ],
            integrality=np.ones(n),
            bounds=Bounds(0, np.ones(n)),
        )
        assert solved.success, solved.message
        results.append(solved.fun)
    return results


@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_costs_equal_those_of_an_integer_programme(seed, guarded):
    world = World(seed, n_targets=60, n_hosts=250)
    # Addresses of hosts with a weight, far from the smallest rule around any target.
    limits = {4: (22, 32), 6: (0, 68)} if seed else {4: (18, 32), 6: (40, 128)}
    protected = [str(world.bystanders[row]) for row in (0, 1, 2)] if guarded else []
    budgets = [9, 25, 40, 60]
    with np.errstate(all="raise"):
        targets = Targets.prepare(
            AddressSet.of(*map(str, world.targets)),
            protected=AddressSet.of(*protected),
            limits4=LengthLimits(*limits[4]),
            limits6=LengthLimits(*limits[6]),
        )
        frontier = find_covers(targets, world.collateral(), max(budgets))
    budgets = [k for k in budgets if k >= frontier.n_rules[0]]
    assert len(budgets) > 2
    got = [
        int(frontier.collateral[min(k, frontier.n_rules[-1]) - frontier.n_rules[0]])
        for k in budgets
    ]
    expected = best_by_programme(world, budgets, limits, protected)
    assert got == pytest.approx(expected, abs=1e-6)


def frontier_of(world: World, budget: int) -> Frontier:
    addresses = AddressSet.of(*map(str, world.targets))
    return find_covers(Targets.prepare(addresses), world.collateral(), budget)


def test_weights_beyond_64_bits_are_added_exactly():
    """A weight times 10**30 is another world of the same shape."""
    small, large = (frontier_of(World(5, 90, 400, scale=s), 60) for s in (1, 10**30))
    assert large.collateral.dtype == object
    assert large.collateral.tolist() == [amount * 10**30 for amount in small.collateral.tolist()]
    assert large.cover(20).texts() == small.cover(20).texts()


def test_float_weights_give_the_covers_of_equal_whole_ones():
    world = World(6, 90, 400)
    whole = frontier_of(world, 60)
    world.weight = [float(w) for w in world.weight]
    floats = frontier_of(world, 60)
    assert floats.collateral.dtype == np.float64
    assert floats.collateral.tolist() == whole.collateral.tolist()
    assert floats.n_used.tolist() == whole.n_used.tolist()
    assert floats.cover(20).texts() == whole.cover(20).texts()
