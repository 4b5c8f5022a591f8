"""Orders, rules, and how far beyond the target's own addresses was listed."""

import math

import pytest

from sim.measure.impact import measure_register, most_rules
from tests.worlds import Dated, SmallWorld

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
