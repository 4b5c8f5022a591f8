"""Covers of medium size: against an integer programme."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from sim.addresses.cover.frontier import Frontier, find_covers
from sim.addresses.cover.tree import LengthLimits, Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet


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
