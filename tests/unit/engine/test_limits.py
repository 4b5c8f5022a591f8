"""Limits cut what a strategy asks for, and nothing else."""

from sim.addresses.sets.prefixes import prefix_set
from sim.engine.actors.limits import Limits, admit
from sim.engine.in_force import InForce
from sim.engine.orders import Entry, Mechanism, Order


def block(address: int, length: int = 32) -> Order:
    return Order("block", prefix_set(address, length))


def test_only_block_orders_count_in_a_day():
    held = Entry(0, block(1), 0)
    asked = [Order("unblock", prefix_set(1, 32)), block(2), block(3)]
    assert admit(asked, InForce([held]), 0, Limits(orders_per_day=1)).orders == asked[:2]


def test_what_does_not_fit_is_left_out_and_what_comes_later_may_fit():
    asked = [block(0, 8), block(5), block(6)]
    assert admit(asked, InForce(), 0, Limits(max_addresses=2)).orders == asked[1:]
    assert admit(asked[1:], InForce(), 0, Limits(max_rules=1)).orders == asked[1:2]


def test_exempt_addresses_are_cut_out_and_an_empty_order_is_none():
    exempt = block(4, 31).addresses
    (order,) = admit([block(4, 30), block(5)], InForce(), 0, Limits(exempt=exempt)).orders
    assert (order.addresses.start.tolist(), order.addresses.stop.tolist()) == ([6], [8])


def test_what_is_the_targets_own_is_under_no_bar():
    limits = Limits(order_addresses=256, own=block(0, 25).addresses).under(0.5)
    assert admit([block(0, 24)], InForce(), 0, limits).orders == [block(0, 24)]
    assert admit([block(0, 23)], InForce(), 0, limits).orders == []
    assert admit([block(0, 25)], InForce(), 0, limits.under(1.0)).orders == [block(0, 25)]


def test_the_bar_holds_what_lists_addresses_and_nothing_else():
    shut = Limits(order_addresses=0)
    name = Order("block", mechanism=Mechanism.NAME)
    exempt, throttle, drop = (
        Order("block", block(4).addresses, mechanism)
        for mechanism in (Mechanism.EXEMPT, Mechanism.THROTTLE, Mechanism.DROP)
    )
    withdraw = Order("unblock", prefix_set(9, 32))
    asked = [name, exempt, throttle, drop, withdraw]
    assert admit(asked, InForce([Entry(0, block(9), 0)]), 0, shut).orders == [
        name,
        exempt,
        withdraw,
    ]
