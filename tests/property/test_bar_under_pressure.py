"""Pressure raises the bar: more of it never admits a wider order, for every strategy."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.prefixes import prefix_set
from sim.engine.actors.limits import Limits, admit
from sim.engine.in_force import InForce
from sim.engine.orders import BLOCKING, Mechanism, Order

pytestmark = pytest.mark.laws

OWN = "198.18.0.0/24"

orders = st.lists(
    st.builds(
        lambda block, length, mechanism: Order(
            "block",
            NOTHING if mechanism is Mechanism.NAME else prefix(block, length),
            mechanism,
        ),
        st.integers(0, 255),
        st.integers(18, 32),
        st.sampled_from([Mechanism.DROP, Mechanism.THROTTLE, Mechanism.NAME, Mechanism.EXEMPT]),
    ),
    max_size=6,
)
NOTHING = IntervalSet.empty()


def prefix(block: int, length: int) -> IntervalSet:
    return prefix_set(((198 << 24) + (18 << 16) + (block << 8)) >> 14 << 14, length)


@given(orders, st.integers(0, 2**14), *[st.floats(0, 3)] * 2)
def test_what_passes_under_more_pressure_passes_under_less(asked, bar, one, other):
    limits = Limits(order_addresses=bar, own=IntervalSet.of(OWN))
    less, more = (
        [
            id(order)
            for order in asked
            if admit([order], InForce(), 0, limits.under(pressure)).orders
        ]
        for pressure in sorted((one, other))
    )
    assert set(more) <= set(less)
    for order in admit(asked, InForce(), 0, limits.under(one)).orders:
        if order.mechanism in BLOCKING:
            width = order.addresses.difference(limits.own).n_addresses
            assert width <= bar * (1 - min(Fraction(str(one)), 1))


@given(orders, st.floats(0, 3))
def test_a_bar_that_is_left_out_holds_nobody(asked, pressure):
    assert (
        admit(asked, InForce(), 0, Limits().under(pressure)).orders
        == admit(asked, InForce(), 0, Limits()).orders
    )
