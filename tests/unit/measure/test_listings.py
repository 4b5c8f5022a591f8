"""Orders, rules, and how far beyond the target's own addresses was listed."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.measure.impact import measure_complaints, measure_register, measure_responses, most_rules
from tests.chases import STRATEGIES, chase_world, run
from tests.unit.measure.money.test_losses import BLOCK, RULES
from tests.worlds import DAY, HOUR, Dated, Firm, Response, SmallWorld

WIDE, NARROW = "198.18.0.0/24", "198.18.0.0/30"
GONE = Dated(6, "unblock", (WIDE,))
GONE_LATE = Dated(9, "unblock", (WIDE,))


def small(*orders: Dated, own: tuple[str, ...] = ()) -> SmallWorld:
    return SmallWorld(orders=orders, horizon_s=1000, target_prefixes=own)


def measured(world: SmallWorld):
    return {measure.metric: measure for measure in measure_register(world.world(), world.run())}


def test_orders_are_those_to_block_and_those_to_unblock():
    orders = (
        Dated(5, "block", (WIDE,)),
        Dated(6, "block", (NARROW,), "exempt"),
        Dated(7, "block", (), "name", 0.5),
        Dated(9, "unblock", (WIDE,)),
    )
    found = measured(small(*orders))["orders_placed"]
    assert (found.value, found.unit) == (4, "orders")
    assert measured(small())["orders_placed"].value == 0


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ((), 0),
        # Two prefixes are two rules; a name and an exemption are none.
        ((Dated(5, "block", (WIDE, "198.51.100.0/25")),), 2),
        ((Dated(5, "block", (), "name", 0.5), Dated(5, "block", (NARROW,), "exempt")), 0),
        ((Dated(5, "block", (WIDE,), "throttle"),), 1),
        # Two entries that hold the same addresses are two rules.
        ((Dated(5, "block", (WIDE,)), Dated(6, "block", (NARROW,))), 2),
        # What is withdrawn makes room.
        ((Dated(5, "block", (WIDE,)), GONE, Dated(7, "block", (NARROW,))), 1),
        # Of one second only the end counts.
        ((Dated(5, "block", (WIDE,)), Dated(9, "block", (NARROW,)), GONE_LATE), 1),
    ],
)  # fmt: skip
def test_rules_in_force_are_the_prefixes_of_entries_that_block(orders, expected):
    assert most_rules(small(*orders).run()) == expected


def test_overblocking_is_what_is_listed_for_each_address_of_the_target():
    # 256 listed, of which 64 are the target's own, who has 128.
    found = measured(small(Dated(5, "block", (WIDE,)), own=("198.18.0.0/26", "203.0.113.0/26")))[
        "overblocking_ratio_peak"
    ]
    assert (found.value, found.denominator) == (192 / 128, 128)
    assert found.denominator_unit == "addresses of the target"


def test_overblocking_is_zero_where_nothing_is_listed_and_not_known_without_own_addresses():
    assert measured(small(own=(NARROW,)))["overblocking_ratio_peak"].value == 0
    found = measured(small(Dated(5, "block", (WIDE,))))["overblocking_ratio_peak"]
    assert math.isnan(found.value)
    assert found.denominator == 0


# Moves, complaints, appeals and exemptions, out of what they could have been.


def firm(*kinds: str) -> Firm:
    return Firm(patience_s=HOUR, responses=tuple(Response(kind, HOUR) for kind in kinds))


def test_moves_are_counted_by_kind_and_to_wait_is_none():
    firms = firm("foreign", "same"), firm("wait", "foreign"), firm("wait", "wait")
    small = SmallWorld(BLOCK, firms=firms, reactions=RULES, horizon_s=DAY)
    world, outcome = small.world(), small.run()
    found = {measure.metric: measure for measure in measure_responses(world, outcome)}
    assert {name: measure.value for name, measure in found.items()} == {
        "businesses_ever_moved": 2, "moves": 3, "moves_same": 1, "moves_foreign": 2,
        "moves_domestic": 0, "moves_proxy": 0,
    }  # fmt: skip
    assert {(one.denominator, one.denominator_unit) for one in found.values()} == {
        (3, "businesses")
    }


def test_complaints_are_those_of_the_outcome_and_exemptions_are_out_of_appeals():
    small = chase_world(4)
    world, outcome = small.world(), run(small, STRATEGIES["aggregate"])
    found = {measure.metric: measure for measure in measure_complaints(world, outcome)}
    assert found["complaints"].value == outcome.n_complaints > 0
    named, granted = found["complaints_named"], found["exemptions_granted"]
    assert (named.value, named.denominator) == (outcome.n_named, len(small.firms))
    assert named.value == np.count_nonzero(outcome.events.kind == Kind.COMPLAINED)
    assert granted.value == np.count_nonzero(outcome.events.kind == Kind.EXEMPTED)
    assert 0 < granted.value < granted.denominator == named.value


def test_where_nobody_acts_nothing_is_measured():
    small = replace(chase_world(4), reactions=None, complaints=None)
    world, outcome = small.world(), run(small, STRATEGIES["aggregate"])
    assert measure_responses(world, outcome) == ()
    assert measure_complaints(world, outcome) == ()


def test_where_nothing_is_blocked_the_measures_are_zero():
    small = SmallWorld(firms=(firm("same"),), reactions=RULES, horizon_s=DAY)
    assert {one.value for one in measure_responses(small.world(), small.run())} == {0.0}
