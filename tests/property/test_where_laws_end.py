"""Where each law of `test_laws_of_a_crowded_world.py` ends: what breaks it, and that it does.

The laws are held there without these mechanisms; so each exception is a statement about the model
and not a convenience.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.dated_orders import replay
from sim.engine.strategies.single_rule import none
from sim.streams import Streams
from tests.chases import STRATEGIES, assert_same, fully_compliant, halves, run
from tests.crowded import (
    OWN,
    crowded_world,
    listed_and_dropped,
    lost,
    with_limits,
    without_limits,
)
from tests.worlds import HOUR, Actor, Dated, Firm, Pool, SmallWorld


def test_a_bar_of_zero_lets_the_targets_own_addresses_pass():
    # Where the law ends: the bar is about bystanders, and no budget.
    small = crowded_world(0, "exact")
    own = replay([(HOUR, Dated(HOUR, "block", OWN).order())])
    barred = run(with_limits(small, order_addresses=0), own)
    assert (barred.events.kind == Kind.BLOCK).any()
    for limit in ("orders_per_day", "max_rules", "max_addresses"):
        assert_same(run(with_limits(small, **{limit: 0}), own), run(small, none))


def test_a_register_that_nobody_enforces_still_tells_a_target_that_is_turned_away_where_not_to_go():
    # Where the law ends: the register is public, and the target rents nothing that is listed.
    small = replace(crowded_world(0, "allow-list"), exempt_prefixes=())
    small = fully_compliant(small, 0.0)
    outcome, baseline = run(small, STRATEGIES["allow-list"]), run(small, none)
    assert outcome.front_address.size < baseline.front_address.size
    assert lost(outcome) == 0


def test_an_operator_that_has_no_room_drops_less_than_is_listed():
    # Where the law ends: an entry that finds no room is not enforced.
    listed, dropped = listed_and_dropped("aggregate", 0, overload="stop")
    assert dropped[0][1].max() < listed[0][1].max()


def test_an_operator_that_gives_way_harms_also_who_is_not_listed():
    # Where the law ends: overload is felt by all traffic.
    small = crowded_world(1, "aggregate")
    elsewhere = replace(small.firms[-1], name_draw=0.5)
    small = replace(small, firms=(*small.firms[:-1], elsewhere))
    assert run(small, STRATEGIES["aggregate"]).ledger.lost_demand_h[-1] > 0


def test_orders_that_compete_for_room_may_spare_somebody():
    # Where the law ends: one rule more, for nobody's address, takes the place of one that hurts.
    small = SmallWorld(
        actors=(Actor(rule_capacity=1),), firms=(Firm(addresses=("198.18.0.3",) * 5),)
    )
    orders = [(HOUR, Dated(HOUR, "block", ("198.18.0.0/24",)).order())]
    wider = [(0, Dated(0, "block", ("192.0.2.0/24",)).order()), *orders]
    assert lost(run(small, replay(orders))) > 0
    assert lost(run(small, replay(wider))) == 0


PREFIX = "198.18.0.0/23"
HALVES = ("198.18.0.0/24", "198.18.1.0/24")
LOWER = Firm(addresses=("198.18.0.3",) * 5)
UPPER = Firm(addresses=("198.18.1.3",) * 5)


def of_one_and_of_two(small: SmallWorld, prefix: str = PREFIX) -> tuple[Outcome, Outcome]:
    one = [(0, Dated(0, "block", (prefix,)).order())]
    return run(small, replay(one)), run(small, replay(halves(one)))


def test_two_halves_take_two_rules():
    # Where the law ends: an operator without room for the second half enforces the first alone,
    # and one that holds a rule more than it can gives way.
    small = SmallWorld(firms=(LOWER, UPPER))
    first, second = of_one_and_of_two(replace(small, actors=(Actor(rule_capacity=1),)))
    assert np.array_equal(first.ledger.down_s > 0, [True, True])
    assert np.array_equal(second.ledger.down_s > 0, [True, False])
    over = Actor(rule_capacity=1, overload="degrade", overload_severity=0.5)
    first, second = of_one_and_of_two(SmallWorld(actors=(over,), firms=(LOWER, Firm())))
    assert first.ledger.lost_demand_h[1] == 0
    assert second.ledger.lost_demand_h[1] > 0


def test_two_halves_have_luck_of_their_own():
    # Where the law ends: an operator that complies in part may enforce one half alone.
    small = SmallWorld(actors=(Actor(compliance=0.5),), firms=(LOWER, UPPER))
    found = [of_one_and_of_two(replace(small, streams=Streams(seed, 0))) for seed in range(20)]
    whole_h, parts_h = (
        np.array([pair[side].ledger.lost_demand_h for pair in found]) for side in (0, 1)
    )
    assert np.array_equal(whole_h[:, 0], whole_h[:, 1])
    assert (parts_h[:, 0] != parts_h[:, 1]).any()


def test_one_half_may_be_all_a_providers_that_complies():
    small = replace(
        crowded_world(0, "exact"),
        firms=(LOWER,),
        services=(),
        pools=(Pool("alpha", 1.0, HALVES[:1]), Pool("beta", 1.0, HALVES[1:])),
        stances=((HOUR, "alpha", "compliant"),),
        waverings=(),
        exempt_prefixes=(),
        complaints=None,
        reactions=None,
    )
    first, second = of_one_and_of_two(without_limits(small))
    assert not (first.events.kind == Kind.UNBLOCK).any()
    assert (second.events.kind == Kind.UNBLOCK).any()


def test_a_censor_with_limits_may_place_one_half_alone():
    # As pieces a range passes the bar that it does not pass whole, and counts twice in a day.
    small = replace(crowded_world(0, "exact"), exempt_prefixes=())
    for limit, value, n_placed in (("order_addresses", 300, [0, 2]), ("orders_per_day", 1, [1, 1])):
        limited = with_limits(without_limits(small), **{limit: value})
        counts = [
            sum(mechanism is Mechanism.DROP for mechanism in outcome.entry_mechanism)
            for outcome in of_one_and_of_two(limited)
        ]
        assert counts == n_placed, limit
