"""Regret: what a strategy listed, against the best list had it known all fronts beforehand."""

from __future__ import annotations

import numpy as np

from sim.addresses.cover.frontier import TOLERANCE
from sim.addresses.cover.tree import Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.line import split
from sim.engine.eventlog import Kind
from sim.engine.orders import BLOCKING, Mechanism
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import Group
from sim.measure.measures import UNKNOWN, Measure, measured
from sim.world.build import World


def measure_regret(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Regret of one run in addresses and businesses; none where the target rents no fronts.

    Notes
    -----
    At the first moment at which most addresses are listed, let O be the addresses listed, r the
    rules in force (prefixes of blocking entries), F the fronts that the target rented in the whole
    run, and A the target's own ranges. With w a weight on addresses,
    ``regret = w(O minus F minus A) - min over covers C of F and O by at most r prefixes of
    w(C minus F minus A)``. O is such a cover unless exemptions were cut out of it, so that regret
    is at least 0 without them. It is not known where O holds no front, since then there is nothing
    to cover. A business weighs one, shared evenly among its addresses at t = 0. Nor is it known
    where a front or an entry of then is one of IPv6: addresses are not added over families.
    """
    if world.pools is None:
        return ()
    listed, n_rules = listed_at_peak(outcome)
    fronts = world.places.line.at(outcome.front_address)
    exempt = fronts.union(world.target_addresses)
    hit = fronts.intersection(listed)
    n_addresses, n_businesses = UNKNOWN, UNKNOWN
    if hit and not (split(fronts).v6 or split(listed).v6):
        targets = Targets.prepare(split(hit), exempt=split(exempt))
        beside = split(listed.difference(exempt))
        n_addresses, n_businesses = (
            float(weights.inside(beside)) - least_collateral(targets, weights, n_rules)
            for weights in (Weights.per_address(), business_weights(world))
        )
    total = float(world.businesses.n_businesses)
    return (
        measured("regret_addresses", n_addresses),
        measured("regret_businesses", n_businesses, total),
    )


def least_collateral(targets: Targets, weights: Weights, n_rules: int) -> float:
    """Collateral of the best cover of IPv4 addresses by so many rules, as of `find_covers`."""
    # Who reads results needs no compiler.
    from sim.engine.state.cover_kernel import find_least_costs

    (tree,), (cost,) = targets.trees, targets.weigh(weights)
    leaves = np.zeros(tree.leaf_count, np.int64)
    lower, upper = (np.concatenate((leaves, half)) for half in (tree.left, tree.right))
    costs = find_least_costs(cost.astype(np.float64), tree.n_leaves, lower, upper, n_rules)
    is_exact = cost.dtype != np.float64
    return float(costs[-1] if is_exact else costs[costs <= costs[-1] * (1 + TOLERANCE)][0])


def listed_at_peak(outcome: Outcome) -> tuple[IntervalSet, int]:
    """Addresses listed at the first moment at which they are most, and the rules in force then."""
    t_s, value = outcome.curves.points("addresses_listed", Group())
    peak_s = t_s[int(np.argmax(value))]
    log = outcome.events
    counted = np.zeros(len(outcome.entry_addresses), np.int64)
    for kind, change in ((Kind.BLOCK, 1), (Kind.UNBLOCK, -1)):
        is_so = (log.kind == kind) & (log.t_s <= peak_s)
        np.add.at(counted, log.entry_row[is_so], change)
    in_force = np.flatnonzero(counted > 0).tolist()
    blocking = [row for row in in_force if outcome.entry_mechanism[row] in BLOCKING]
    exempt = [row for row in in_force if outcome.entry_mechanism[row] is Mechanism.EXEMPT]
    addresses = [outcome.entry_addresses[row] for row in blocking]
    n_rules = int(outcome.entry_rules[blocking].sum())
    passing = IntervalSet.union_all(outcome.entry_addresses[row] for row in exempt)
    return IntervalSet.union_all(addresses).difference(passing), n_rules


def business_weights(world: World) -> Weights:
    """Weight 1 for each business, shared evenly among its hosts at t = 0; on those of IPv4."""
    components, rows = world.components, world.businesses.component_row
    n_roles = rows.shape[1]
    component = rows.ravel()
    business = np.repeat(np.arange(rows.shape[0]), n_roles)
    # A component that serves two roles is one place all the same.
    n_components = components.n_components
    pair = np.unique(business * n_components + component)
    host, _, n_hosts = components.hosts_of(pair % n_components)
    owner = np.repeat(pair // n_components, n_hosts)
    weight = 1 / np.bincount(owner, minlength=rows.shape[0])[owner]
    address, inverse = np.unique(components.address[host], return_inverse=True)
    is_four = address < IPV4_STOP
    four = address[is_four]
    return Weights.on_ranges4(four, four + 1, np.bincount(inverse, weight)[is_four])
