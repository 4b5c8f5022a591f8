"""Laws of design §9 for every strategy, where everything acts at once.

A law that a mechanism breaks is held without it.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import Mechanism, Order
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.answers import aggregate, covering_prefix, escalate, negotiate, none
from sim.engine.strategies.calendars import replay, rolling, time_window
from sim.measure.impact import measure_impact
from sim.scenario.strategies import DECLARED
from tests.chases import (
    HORIZON_S,
    SEEDS,
    SERVICES,
    STRATEGIES,
    Timed,
    assert_same,
    bystanders_still,
    chase_world,
    crowded_world,
    fully_compliant,
    halves,
    listed_and_dropped,
    lost,
    names_only,
    outcome_of,
    placed,
    run,
    where_nobody_turns,
    whole,
    with_limits,
    without_capacity,
    without_limits,
)
from tests.worlds import SmallWorld

pytestmark = pytest.mark.laws

every_strategy = pytest.mark.parametrize("name", sorted(STRATEGIES))
every_seed = pytest.mark.parametrize(
    "seed", [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS[1:])]
)
NAMES = ("dns", "sni")
COLLATERAL = ("lost_demand_h", "affected_s", "impaired_s", "down_s")
OF_BYSTANDERS = ("businesses_affected", "demand_lost_share", "addresses_dropped")
OF_USERS = ("target_reached_share", "vpn_share", "target_left_share")


def test_every_id_of_the_language_is_held_to_the_laws():
    assert set(STRATEGIES) == set(DECLARED)
    assert len(DECLARED) >= 16


@every_strategy
def test_every_strategy_but_none_harms_somebody(name):
    assert (max(lost(outcome_of(name, seed)) for seed in SEEDS) > 0) == (name != "none")


# The same orders.


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (STRATEGIES["exact"], aggregate(32)),
        (STRATEGIES["exact"], escalate([32], 60, 0.5)),
        (aggregate(24), time_window([(0, 2 * HORIZON_S)], 24)),
        (aggregate(24), rolling(3600, 0, 24)),
        (aggregate(24), covering_prefix(0.0, 24)),
        (covering_prefix(0.9, 16), negotiate(0, 0.9, 16)),
        (STRATEGIES["dns"], STRATEGIES["sni"]),
    ],
    ids=["aggregate-32", "one-step", "always", "no-gap", "any-purity", "no-talks", "names"],
)
@every_seed
def test_strategies_that_mean_the_same_give_the_same_outcome(seed, first, second):
    small = chase_world(seed)
    assert_same(run(small, first), run(small, second))


@every_seed
@every_strategy
def test_the_same_orders_placed_by_another_strategy_give_the_same_outcome(name, seed):
    first = outcome_of(name, seed)
    assert_same(first, run(crowded_world(seed, name), replay(placed(first))))


# Nothing that blocks: no budget, no compliance.


@every_seed
@pytest.mark.parametrize("limit", ["orders_per_day", "max_rules", "max_addresses"])
@every_strategy
def test_a_censor_without_a_budget_is_no_censor(name, limit, seed):
    small = crowded_world(seed, name)
    outcome = run(with_limits(small, **{limit: 0}), STRATEGIES[name])
    if name in NAMES and limit != "orders_per_day":
        # A name takes no rule and lists no address.
        assert_same(outcome, run(with_limits(small, **{limit: None}), STRATEGIES[name]))
    elif name == "orders" and limit != "orders_per_day":
        # One of them is for a name; and an address that is exempt can be ordered, to no effect.
        held = {mechanism: IntervalSet.union_all([]) for mechanism in Mechanism}
        for mechanism, addresses in zip(
            outcome.entry_mechanism, outcome.entry_addresses, strict=True
        ):
            held[mechanism] = held[mechanism].union(addresses)
        dropped = held[Mechanism.DROP].union(held[Mechanism.THROTTLE])
        assert not dropped.difference(held[Mechanism.EXEMPT])
        if not dropped:
            assert_same(outcome, run(small, names_only(STRATEGIES[name])))
    else:
        assert_same(outcome, run(small, none))


@every_seed
@every_strategy
def test_operators_that_enforce_nothing_are_the_same_as_no_blocking(name, seed):
    small = fully_compliant(crowded_world(seed, name), 0.0)
    outcome, baseline = run(small, STRATEGIES[name]), run(small, none)
    assert_harmless(outcome, baseline, OF_BYSTANDERS)
    if name in NAMES:
        # What is named is not listed: the target rents where it would.
        assert_harmless(outcome, baseline, (*OF_BYSTANDERS, *OF_USERS))
    still = where_nobody_turns(small)
    outcome, baseline = run(still, STRATEGIES[name]), run(still, none)
    assert_harmless(outcome, baseline, (*OF_BYSTANDERS, *OF_USERS))
    assert np.array_equal(outcome.users.denied_s, baseline.users.denied_s)


def assert_harmless(outcome: Outcome, baseline: Outcome, metrics: tuple[str, ...]) -> None:
    assert lost(outcome) == lost(baseline) == 0
    assert not outcome.n_responses.any()
    for metric in metrics:
        for one, other in zip(whole(outcome, metric), whole(baseline, metric), strict=True):
            assert np.array_equal(one, other), metric


# What is listed is dropped.


@every_seed
@every_strategy
def test_without_lags_and_with_full_compliance_what_is_listed_is_dropped(name, seed):
    listed, dropped = listed_and_dropped(name, seed, overload="degrade")
    for one, other in zip(listed, dropped, strict=True):
        assert np.array_equal(one, other)


# Who sits on no listed address.


@every_seed
@every_strategy
def test_a_business_on_no_listed_address_loses_exactly_nothing(name, seed):
    small = without_capacity(crowded_world(seed, name), "degrade")
    elsewhere = replace(small.firms[-1], name_draw=0.5, seats=(*small.firms[-1].all_seats()[:4], 2))
    assert SERVICES[2].addresses == small.firms[-1].addresses[:1]
    ledger = run(replace(small, firms=(*small.firms[:-1], elsewhere)), STRATEGIES[name]).ledger
    for column in (*COLLATERAL, "n_spells"):
        assert getattr(ledger, column)[-1] == 0, column
    assert ledger.first_outage_s[-1] == -1


# A larger blocklist.


@cache
def orders_of(name: str, seed: int) -> Timed:
    """What a strategy has placed where operators comply and bystanders stand still."""
    return placed(run(still_world(name, seed), STRATEGIES[name]))


def still_world(name: str, seed: int) -> SmallWorld:
    """Reactions off, full compliance, and nothing an order could compete for."""
    return without_capacity(fully_compliant(bystanders_still(crowded_world(seed, name))), "stop")


@every_strategy
@pytest.mark.parametrize(("seed", "extra"), [(0, "198.18.4.0/22"), (1, "192.0.0.0/2")])
def test_a_larger_blocklist_never_lowers_collateral(name, seed, extra):
    small = without_limits(still_world(name, seed))
    orders = orders_of(name, seed)
    wider = [(0, Order("block", IntervalSet.of(extra))), *orders]
    before, after = (run(small, replay(order)).ledger for order in (orders, wider))
    for column in COLLATERAL:
        assert np.all(getattr(after, column) >= getattr(before, column) - 1e-9), column
    if extra == "192.0.0.0/2":  # holds everybody from the start
        assert after.lost_demand_h.sum() > before.lost_demand_h.sum()


# Prefixes in two.


@every_seed
@every_strategy
def test_splitting_every_order_in_two_changes_nothing(name, seed):
    small = without_limits(where_nobody_turns(crowded_world(seed, name)))
    small = without_capacity(fully_compliant(small), "stop", "degrade")
    orders = placed(run(small, STRATEGIES[name]))
    parts = halves(orders)
    has_wide = any(order.addresses.n_addresses > 1 for _, order in orders)
    assert (len(parts) > len(orders)) == has_wide
    assert_same(run(small, replay(orders)), run(small, replay(parts)), events=False)


# Users.


@every_seed
@every_strategy
def test_every_user_is_somewhere_at_any_time(name, seed):
    outcome = outcome_of(name, seed)
    curves = [whole(outcome, metric) for metric in OF_USERS]
    t_s = np.unique(np.concatenate([times for times, _ in curves]))
    reached, vpn, left = (v[np.searchsorted(t, t_s, side="right") - 1] for t, v in curves)
    tiny = 1e-12
    assert np.all((vpn >= 0) & (left >= 0))
    assert np.all(vpn <= reached + tiny)
    assert np.all(reached + left <= 1 + tiny)


@every_seed
@every_strategy
def test_reached_cut_off_on_a_vpn_and_left_are_all(name, seed):
    # Without fronts rented later nothing changes but at events: areas under the curves are exact.
    small = crowded_world(seed, name)
    fronts = small.fronts.model_copy(update={"monitor_lag_h": 1000.0})
    outcome = run(replace(small, fronts=fronts), STRATEGIES[name])
    total = outcome.users.n_users.sum() * HORIZON_S
    share = {fate: getattr(outcome.users, f"{fate}_s").sum() / total for fate in FATES}
    area = {}
    for metric in OF_USERS:
        t_s, value = whole(outcome, metric)
        area[metric] = (value * np.diff(np.append(t_s, HORIZON_S))).sum() / HORIZON_S
    reached_without_vpn = area["target_reached_share"] - area["vpn_share"]
    assert sum(share.values()) + reached_without_vpn == pytest.approx(1, abs=1e-9)
    assert share["vpn"] == pytest.approx(area["vpn_share"], rel=1e-9)
    assert share["left"] == pytest.approx(area["target_left_share"], rel=1e-9)
    # Negative control: who is on a VPN counted among those reached without one.
    assert sum(share.values()) + area["target_reached_share"] > 1.001
    measures = {m.metric: m for m in measure_impact(small.world(), outcome)}
    hours = [measures[f"target_user_hours_{f}"] for f in ("denied", "by_vpn", "reached", "left")]
    assert sum(one.value for one in hours) == pytest.approx(hours[0].denominator)


FATES = ("denied", "vpn", "left")
