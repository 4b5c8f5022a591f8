"""Regret: what was listed, held against the best that hindsight allows."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.addresses.cover.frontier import find_covers
from sim.addresses.cover.tree import Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.engine.eventlog import Kind
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.measure.hindsight import business_weights, listed_at_peak, measure_regret
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import choose_variants
from sim.streams import Streams
from sim.world.build import build_world

STREAMS = Streams(5, 0)
BRIEF = ["population.n_businesses=40", "end=2018-04-18T00:00+03:00"]


@pytest.fixture(scope="module")
def resolved():
    return resolve(load_scenario("telegram-2018", BRIEF))


@pytest.fixture(scope="module")
def world(resolved):
    return build_world(resolved, STREAMS)


def outcome_of(resolved, world, text):
    variants, _ = choose_variants(resolved, [text])
    return simulate(world, build_strategy(variants[-1].resolved, STREAMS), STREAMS)


def everything(addresses: IntervalSet) -> AddressSet:
    return AddressSet(addresses, IntervalSet6.empty())


def listed_by_hand(outcome) -> tuple[IntervalSet, int]:
    """The widest register of the run, event by event, with plain Python."""
    in_force: list[int] = []
    widest, n_rules, most = IntervalSet.empty(), 0, -1
    events = list(
        zip(outcome.events.t_s, outcome.events.kind, outcome.events.entry_row, strict=True)
    )
    for position, (t_s, kind, entry) in enumerate(events):
        if kind == Kind.BLOCK:
            in_force.append(entry)
        elif kind == Kind.UNBLOCK:
            in_force.remove(entry)
        else:
            continue
        following = [t for t, k, _ in events[position + 1 :] if k in (Kind.BLOCK, Kind.UNBLOCK)]
        if following and following[0] == t_s:
            continue  # the moment is not over
        union = IntervalSet.union_all(outcome.entry_addresses[row] for row in in_force)
        if union.n_addresses > most:
            most, widest = union.n_addresses, union
            n_rules = sum(outcome.entry_addresses[row].to_prefixes()[0].size for row in in_force)
    return widest, n_rules


@pytest.mark.parametrize("text", ["exact", "aggregate:length=20", "covering-prefix",
                                  "rolling:ttl_h=6,gap_h=1"])  # fmt: skip
def test_the_peak_is_the_widest_register(resolved, world, text):
    outcome = outcome_of(resolved, world, text)
    listed, n_rules = listed_at_peak(outcome)
    assert (listed, n_rules) == listed_by_hand(outcome)
    assert listed


@pytest.mark.parametrize("text", ["aggregate:length=10", "covering-prefix"])
def test_regret_is_that_of_an_order_for_the_fronts_it_covers(resolved, world, text):
    outcome = outcome_of(resolved, world, text)
    listed, n_rules = listed_at_peak(outcome)
    fronts = IntervalSet.from_bounds(outcome.front_address, outcome.front_address + 1)
    targets = everything(fronts.difference(world.target_addresses))
    # What is the target's own is neither to be covered nor collateral.
    order = everything(listed.difference(world.target_addresses))
    units = {"addresses": Weights.per_address(), "businesses": business_weights(world)}
    addresses, businesses = measure_regret(world, outcome)
    hit = Targets.prepare(targets.intersection(order), exempt=targets)
    for measured, weights in ((addresses, units["addresses"]), (businesses, units["businesses"])):
        best = find_covers(hit, weights, n_rules).cover(n_rules)
        beside = best.to_set().difference(targets)
        assert weights.inside(beside) == pytest.approx(best.collateral)
        expected = weights.inside(order.difference(targets)) - best.collateral
        assert measured.value == pytest.approx(float(expected))
    assert addresses.value > 0
    assert (businesses.denominator, businesses.unit) == (40, "businesses")


def test_who_lists_single_addresses_regrets_nothing(resolved, world):
    assert [m.value for m in measure_regret(world, outcome_of(resolved, world, "exact"))] == [0, 0]


@pytest.mark.parametrize("text", ["none", "dns:overmatch=0.01"])
def test_regret_is_not_known_where_no_front_is_listed(resolved, world, text):
    regret = measure_regret(world, outcome_of(resolved, world, text))
    assert [measure.metric for measure in regret] == ["regret_addresses", "regret_businesses"]
    assert all(math.isnan(measure.value) for measure in regret)


def test_without_fronts_there_is_no_regret(write_scenario):
    resolved = resolve(load_scenario(str(write_scenario())))
    world = build_world(resolved, STREAMS)
    outcome = simulate(world, build_strategy(resolved, STREAMS), STREAMS)
    assert measure_regret(world, outcome) == ()


def test_each_business_weighs_one_however_many_addresses_it_sits_on(world):
    weights = business_weights(world)
    everywhere = everything(IntervalSet.universe())
    assert weights.inside(everywhere) == pytest.approx(world.businesses.n_businesses)
    # One prefix, business by business.
    part = IntervalSet.of("52.0.0.0/8", "35.192.0.0/12")
    components, expected = world.components, 0.0
    for rows in world.businesses.component_row:
        hosts = np.concatenate(
            [
                components.address[components.component_row == component]
                for component in set(rows.tolist())
            ]
        )
        expected += part.contains(hosts).mean()
    assert 0 < expected < world.businesses.n_businesses
    assert weights.inside(everything(part)) == pytest.approx(expected)


def test_a_component_that_serves_two_roles_is_one_place(world):
    rows = world.businesses.component_row.copy()
    rows[:, 1] = rows[:, 0]
    twice = replace(world, businesses=replace(world.businesses, component_row=rows))
    once = replace(
        world, businesses=replace(world.businesses, component_row=np.delete(rows, 1, axis=1))
    )
    part = everything(IntervalSet.of("0.0.0.0/2", "52.0.0.0/8"))
    assert business_weights(twice).inside(part) == pytest.approx(
        business_weights(once).inside(part)
    )
