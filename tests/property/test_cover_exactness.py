"""Covers of least cost against every subset of prefixes of a tiny universe."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from sim.addresses.cover.frontier import Frontier, find_covers
from sim.addresses.cover.tree import LengthLimits, Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.errors import UsageError
from tests.examples import n_examples
from tests.tiny_universe import DEPTH, N_UNITS, PART, PLACES, UNITS, Case, cases, per_unit


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
def test_covers_with_hosts_is_the_best_of_all_subsets(case: Case) -> None:
    check(case)


@many
@given(cases(hosts=False))
@example(Case(PLACES["IPv6 hosts"], frozenset({0, 7}), [(0, 8, 1), (1, 3, 7)]))
def test_covers_with_shared_ranges_is_the_best_of_all_subsets(case: Case) -> None:
    check(case)


@settings(max_examples=n_examples(40), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNITS), st.integers(1, N_UNITS)), min_size=1))
def test_nested_and_repeated_targets_change_nothing(bounds: list[tuple[int, int]]) -> None:
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

    def weights(self, of: list, amount: list) -> Weights:
        column = dict(zip(map(str, of), amount, strict=True))
        from sim.addresses.text.text import parse_entries

        entries = parse_entries("\n".join(column))
        total = np.array([0, *column.values()])
        v4, v6 = entries.v4, entries.v6
        return Weights.on_rows(v4, total[v4.line], v6, total[v6.line])

    def collateral(self) -> Weights:
        return self.weights(self.bystanders, self.weight[len(self.targets) :])


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
def test_costs_equal_those_of_an_integer_programme(seed: int, guarded: bool) -> None:
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


def test_weights_beyond_64_bits_are_added_exactly() -> None:
    """A weight times 10**30 is another world of the same shape."""
    small, large = (frontier_of(World(5, 90, 400, scale=s), 60) for s in (1, 10**30))
    assert large.collateral.dtype == object
    assert large.collateral.tolist() == [amount * 10**30 for amount in small.collateral.tolist()]
    assert large.cover(20).texts() == small.cover(20).texts()


def test_float_weights_give_the_covers_of_equal_whole_ones() -> None:
    world = World(6, 90, 400)
    whole = frontier_of(world, 60)
    world.weight = [float(w) for w in world.weight]
    floats = frontier_of(world, 60)
    assert floats.collateral.dtype == np.float64
    assert floats.collateral.tolist() == whole.collateral.tolist()
    assert floats.n_used.tolist() == whole.n_used.tolist()
    assert floats.cover(20).texts() == whole.cover(20).texts()
