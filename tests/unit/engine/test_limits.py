"""Limits cut what a strategy asks for, and nothing else."""

from sim.engine.limits import Limits, admit
from sim.engine.orders import Entry, Order


def block(address: int, length: int = 32) -> Order:
    return Order.of_prefix("block", address, length)


def test_only_block_orders_count_in_a_day():
    held = Entry(0, block(1), 1, 0)
    asked = [Order.of_prefix("unblock", 1, 32), block(2), block(3)]
    assert admit(asked, [held], 0, Limits(orders_per_day=1)) == asked[:2]


def test_what_does_not_fit_is_left_out_and_what_comes_later_may_fit():
    asked = [block(0, 8), block(5), block(6)]
    assert admit(asked, [], 0, Limits(max_addresses=2)) == asked[1:]
    assert admit(asked[1:], [], 0, Limits(max_rules=1)) == asked[1:2]


def test_exempt_addresses_are_cut_out_and_an_empty_order_is_none():
    exempt = block(4, 31).addresses
    (order,) = admit([block(4, 30), block(5)], [], 0, Limits(exempt=exempt))
    assert (order.addresses.start.tolist(), order.addresses.stop.tolist()) == ([6], [8])
