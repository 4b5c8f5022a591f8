"""Pressure raises the bar: more of it never admits a wider order, for every strategy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.prefixes import prefix_set
from sim.engine.actors.limits import Limits, admit
from sim.engine.eventlog import Kind
from sim.engine.in_force import InForce
from sim.engine.orders import BLOCKING, Mechanism, Order
from sim.engine.record.outcome import Outcome
from tests.chases import STRATEGIES, assert_same, bystanders_still, chase_world, run

pytestmark = pytest.mark.laws

BAR = 3000
OWN = "198.18.0.0/24"
PRESSURES = (0.0, 0.25, 0.5, 0.75, 1.0)

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


def under(name: str, pressure: float, bar: int | None = BAR) -> Outcome:
    """A chase in which nothing but a dated event presses, from before the start."""
    small = bystanders_still(chase_world(0))
    assert small.censor is not None
    censor = small.censor.model_copy(update={"order_addresses": bar})
    return run(
        replace(small, censor=censor, target_prefixes=(OWN,), pressure_events=((-1, pressure),)),
        STRATEGIES[name],
    )


def widths(outcome: Outcome) -> list[int]:
    """Addresses outside the target's own of each entry that blocks."""
    return [
        addresses.difference(IntervalSet.of(OWN)).n_addresses
        for addresses, mechanism in zip(
            outcome.entry_addresses, outcome.entry_mechanism, strict=True
        )
        if mechanism in BLOCKING
    ]


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_more_pressure_never_admits_a_wider_order(name):
    widest = [max(widths(under(name, pressure)), default=0) for pressure in PRESSURES]
    bars = [BAR * (1 - min(pressure, 1)) for pressure in PRESSURES]
    assert np.all(np.array(widest) <= np.array(bars))
    assert sorted(widest, reverse=True) == widest


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_without_a_bar_pressure_that_neither_pauses_nor_ends_changes_nothing(name):
    assert_same(under(name, 0.0, None), under(name, 1.0, None))


def test_the_bar_tells_the_wide_from_the_narrow():
    def n_blocks(name: str, pressure: float) -> int:
        return int((under(name, pressure).events.kind == Kind.BLOCK).sum())

    assert n_blocks("aggregate", 0.5) > 0
    assert n_blocks("provider", 0.0) > n_blocks("provider", 0.75)
    assert n_blocks("dns", 1.0) == 1
