"""Laws that must hold whatever the world: design §9, with nobody reacting."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.run import simulate
from sim.engine.state.tally import Group
from sim.engine.strategies.single_rule import none
from tests.property.test_engine_reference import small_worlds
from tests.worlds import Actor, Firm, SmallWorld

SHARES = (0.5, 0.25, 0.25)


def full_compliance(small: SmallWorld) -> SmallWorld:
    return replace(small, actors=tuple(replace(actor, compliance=1.0) for actor in small.actors))


@settings(max_examples=60, deadline=None)
@given(small_worlds(), st.sampled_from(["192.0.2.0/26", "198.51.100.96/27", "0.0.0.0/1"]))
def test_a_larger_blocklist_never_lowers_collateral(small, extra):
    wider = replace(small, orders=((0, "block", extra), *small.orders))
    before, after = small.run().ledger, wider.run().ledger
    for column in ("lost_demand_h", "affected_s", "impaired_s", "down_s"):
        assert np.all(getattr(after, column) >= getattr(before, column) - 1e-9), column


@settings(max_examples=60, deadline=None)
@given(small_worlds())
def test_splitting_every_prefix_in_two_changes_nothing(small):
    whole = full_compliance(small)
    halves = []
    for t_s, action, prefix in whole.orders:
        halves += [(t_s, action, half) for half in split(prefix)]
    parts = replace(whole, orders=tuple(halves))
    first, second = whole.run(), parts.run()
    assert np.array_equal(first.ledger.lost_demand_h_by_spell, second.ledger.lost_demand_h_by_spell)
    assert np.array_equal(first.ledger.affected_s, second.ledger.affected_s)
    for metric in ("addresses_listed", "addresses_dropped", "businesses_down"):
        for one, other in zip(
            first.curves.points(metric, Group()), second.curves.points(metric, Group()), strict=True
        ):
            assert np.array_equal(one, other), metric


def split(prefix: str) -> list[str]:
    import ipaddress

    network = ipaddress.ip_network(prefix)
    if network.prefixlen == 32:
        return [prefix]
    return [str(half) for half in network.subnets(prefixlen_diff=1)]


@settings(max_examples=40, deadline=None)
@given(small_worlds())
def test_operators_that_enforce_nothing_are_the_same_as_no_blocking(small):
    idle = replace(small, actors=tuple(replace(actor, compliance=0.0) for actor in small.actors))
    with_orders = idle.run()
    baseline = simulate(idle.world(), none, idle.streams)
    assert not with_orders.ledger.lost_demand_h.any()
    assert not baseline.ledger.lost_demand_h.any()
    for name in ("affected_s", "n_spells", "first_outage_s"):
        assert np.array_equal(getattr(with_orders.ledger, name), getattr(baseline.ledger, name))


@settings(max_examples=40, deadline=None)
@given(small_worlds())
def test_without_lags_and_with_full_compliance_what_is_listed_is_dropped(small):
    prompt = replace(
        small,
        actors=tuple(Actor(share=share) for share in SHARES),
        cadence=((0, 1),),
    )
    curves = prompt.run().curves
    listed, dropped = (
        curves.points(metric, Group()) for metric in ("addresses_listed", "addresses_dropped")
    )
    assert np.array_equal(listed[0], dropped[0])
    assert np.array_equal(listed[1], dropped[1])


@settings(max_examples=40, deadline=None)
@given(small_worlds())
def test_a_business_outside_every_listed_prefix_loses_exactly_nothing(small):
    orders = tuple(order for order in small.orders if order[2] != "0.0.0.0/0")
    elsewhere = Firm(addresses=("203.0.113.1",) * 5, weights=(1.0,) * 5)
    outcome = replace(small, orders=orders, firms=(*small.firms, elsewhere)).run()
    assert outcome.ledger.lost_demand_h[-1] == 0
    assert outcome.ledger.affected_s[-1] == 0
    assert outcome.ledger.n_spells[-1] == 0


@settings(max_examples=40, deadline=None)
@given(small_worlds())
def test_one_more_business_changes_no_other_row(small):
    more = replace(small, firms=(*small.firms, Firm(addresses=("192.0.2.7",) * 5)))
    first, second = small.run().ledger, more.run().ledger
    n = len(small.firms)
    assert np.array_equal(first.lost_demand_h_by_spell, second.lost_demand_h_by_spell[:n])
    assert np.array_equal(first.down_s, second.down_s[:n])


@settings(max_examples=40, deadline=None)
@given(small_worlds())
def test_splits_by_sector_and_provider_sum_to_the_total(small):
    curves = small.run().curves
    for metric in ("businesses_affected", "businesses_impaired", "businesses_down"):
        ends = {
            group: float(curves.points(metric, group)[1][-1])
            for group in (series.group for series in curves.series if series.metric == metric)
        }
        total = ends[Group()]
        assert sum(ends[group] for group in ends if group.sector_row >= 0) == total
        assert sum(ends[group] for group in ends if group.provider_row >= 0) == total


@settings(max_examples=40, deadline=None)
@given(small_worlds(), st.floats(0, 1), st.floats(0, 1))
def test_a_more_compliant_operator_drops_at_least_as_much(small, one, other):
    lax, strict = (
        replace(small, actors=tuple(replace(actor, compliance=share) for actor in small.actors))
        for share in sorted((one, other))
    )
    affected_s = [world.run().ledger.affected_s for world in (lax, strict, full_compliance(small))]
    assert np.all(affected_s[1] >= affected_s[0])
    assert np.all(affected_s[2] >= affected_s[1])
