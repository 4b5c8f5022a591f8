"""Laws of design §9 for every strategy, in worlds where each finds something to do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.orders import Order
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.calendars import rolling, time_window
from sim.engine.strategies.dated_orders import replay
from sim.engine.strategies.escalate import escalate
from sim.engine.strategies.negotiate import negotiate
from sim.engine.strategies.provider_ranges import covering_prefix
from sim.engine.strategies.single_rule import aggregate, none
from sim.scenario.strategies import DECLARED
from tests.chases import (
    HORIZON_S,
    STRATEGIES,
    Timed,
    assert_same,
    bystanders_still,
    chase_world,
    fully_compliant,
    halves,
    names_only,
    recorded,
    run,
    whole,
)
from tests.worlds import Actor

pytestmark = pytest.mark.laws

SEEDS = (0, 1)
N_WORLDS = 40


@cache
def orders_of(name: str, seed: int) -> Timed:
    """What a strategy asks for where operators comply and bystanders stand still."""
    return recorded(fully_compliant(bystanders_still(chase_world(seed))), STRATEGIES[name])


@cache
def without_blocking(seed: int) -> Outcome:
    return run(chase_world(seed), none)


every_strategy = pytest.mark.parametrize("name", sorted(STRATEGIES))
every_seed = pytest.mark.parametrize(
    "seed", [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS[1:])]
)
NAMES = ("dns", "sni")
COLLATERAL = ("lost_demand_h", "affected_s", "impaired_s", "down_s")


def test_every_id_of_the_language_is_held_to_the_laws():
    assert set(STRATEGIES) == set(DECLARED)
    assert len(DECLARED) >= 16


@every_strategy
def test_every_strategy_but_none_harms_somebody_in_these_worlds(name):
    """A narrow one may need many worlds before it meets a bystander."""
    worlds = SEEDS if name == "none" else range(N_WORLDS)
    lost = (run(chase_world(seed), STRATEGIES[name]).ledger.lost_demand_h.sum() for seed in worlds)
    assert any(of_one > 0 for of_one in lost) == (name != "none")


@pytest.mark.parametrize("seed", SEEDS[:1])
@every_strategy
def test_the_same_orders_placed_by_another_strategy_give_the_same_outcome(name, seed):
    small = chase_world(seed)
    first = run(small, STRATEGIES[name])
    assert_same(first, run(small, replay(recorded(small, STRATEGIES[name]))))


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
def test_splitting_every_order_in_two_changes_nothing(name, seed):
    orders = orders_of(name, seed)
    parts = halves(orders)
    has_wide = any(order.addresses.n_addresses > 1 for _, order in orders)
    assert (len(parts) > len(orders)) == has_wide
    small = fully_compliant(chase_world(seed))
    assert_same(run(small, replay(orders)), run(small, replay(parts)), events=False)


@every_strategy
@pytest.mark.parametrize(("seed", "extra"), [(0, "198.18.4.0/22"), (1, "192.0.0.0/2")])
def test_a_larger_blocklist_never_lowers_collateral(name, seed, extra):
    small = bystanders_still(chase_world(seed))
    orders = orders_of(name, seed)
    wider = [(0, Order("block", IntervalSet.of(extra))), *orders]
    before, after = (run(small, replay(placed)).ledger for placed in (orders, wider))
    for column in COLLATERAL:
        assert np.all(getattr(after, column) >= getattr(before, column) - 1e-9), column
    if extra == "192.0.0.0/2":  # holds everybody from the start
        assert after.lost_demand_h.sum() > before.lost_demand_h.sum()


@pytest.mark.parametrize("seed", SEEDS[:1])
@pytest.mark.parametrize(
    "limit", ["orders_per_day", "max_rules", "max_addresses", "order_addresses"]
)
@every_strategy
def test_a_censor_without_a_budget_is_no_censor(name, limit, seed):
    small = chase_world(seed)
    broke = replace(small, censor=small.censor.model_copy(update={limit: 0}))
    outcome = run(broke, STRATEGIES[name])
    if name in NAMES and limit != "orders_per_day":
        # A name takes no rule and lists no address.
        assert_same(outcome, run(small, STRATEGIES[name]))
    elif name == "orders" and limit != "orders_per_day":
        # One of them is for a name.
        assert_same(outcome, run(small, names_only(STRATEGIES[name])))
    else:
        assert_same(outcome, without_blocking(seed))


@pytest.mark.parametrize("seed", SEEDS[:1])
@every_strategy
def test_operators_that_enforce_nothing_are_the_same_as_no_blocking(name, seed):
    small = fully_compliant(chase_world(seed), 0.0)
    outcome, baseline = run(small, STRATEGIES[name]), run(small, none)
    bystanders = (
        "businesses_affected",
        "demand_lost_share",
        "addresses_dropped",
        "target_reached_share",
        "vpn_share",
    )
    assert_same(outcome, baseline, events=False, metrics=bystanders)
    assert not outcome.ledger.lost_demand_h.any()
    if name != "none":
        assert (outcome.events.kind == Kind.BLOCK).any()


@pytest.mark.parametrize("seed", SEEDS[:1])
@every_strategy
def test_without_lags_and_with_full_compliance_what_is_listed_is_dropped(name, seed):
    small = chase_world(seed)
    shares = (0.5, 0.25, 0.25)
    prompt = replace(small, actors=tuple(Actor(share=s) for s in shares), cadence=((0, 1),))
    outcome = run(prompt, STRATEGIES[name])
    for suffix in ("", "_with_target"):
        listed, dropped = (
            whole(outcome, f"addresses_{what}{suffix}") for what in ("listed", "dropped")
        )
        assert np.array_equal(listed[0], dropped[0])
        assert np.array_equal(listed[1], dropped[1])
    if name not in {"none", "dns", "sni"}:
        assert listed[1].max() > 0


@pytest.mark.parametrize("seed", SEEDS[:1])
@every_strategy
def test_a_business_on_no_listed_address_loses_exactly_nothing(name, seed):
    small = chase_world(seed)
    unnamed = replace(small, firms=(*small.firms[:-1], replace(small.firms[-1], name_draw=0.5)))
    ledger = run(unnamed, STRATEGIES[name]).ledger
    for column in (*COLLATERAL, "n_spells"):
        assert getattr(ledger, column)[-1] == 0, column
    assert ledger.first_outage_s[-1] == -1
