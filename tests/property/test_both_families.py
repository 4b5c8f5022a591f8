"""Worlds of both families: the slow reference agrees event by event, and on every total."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chases import made
from tests.examples import n_examples
from tests.families import NARROW, WIDE, with_ipv6
from tests.property.test_engine_reference import (
    assert_same_curves,
    events_of,
    ledger_of,
    ledger_row,
    small_worlds,
)
from tests.property.test_engine_whole import (
    assert_agrees,
    assert_same_run,
    whole_worlds,
)
from tests.reference import simulate_reference
from tests.reference_strategies import EVERYTHING_OF_BOTH, NEIGHBOURS, allow_list
from tests.worlds import many_worlds

pytestmark = pytest.mark.laws

MOVED = st.sampled_from([(WIDE,), (NARROW,), (WIDE, NARROW)])


@settings(max_examples=n_examples(40), deadline=None)
@given(small_worlds(), MOVED)
def test_orders_of_both_families_agree_to_the_last_bit(small, moved):
    both = with_ipv6(small, *moved)
    outcome, reference = both.run(), simulate_reference(both.reference())
    assert events_of(both, outcome) == reference.events
    assert_same_curves(outcome, reference)
    assert ledger_of(outcome) == [ledger_row(row) for row in reference.ledger]


@many_worlds(6)
@given(whole_worlds(), MOVED)
def test_the_slow_reference_agrees_with_every_mechanism_on(small, moved):
    assert_agrees(with_ipv6(small, *moved))


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_every_strategy_answers_fronts_of_both_families(name: str) -> None:
    asked, rule, _ = NEIGHBOURS[name]
    engine = made(asked)
    if name == "allow-list":
        rule = allow_list(["203.0.113.0/24"], EVERYTHING_OF_BOTH)

    @many_worlds(2)
    @given(whole_worlds(), MOVED)
    def agree(small, moved) -> None:
        both = with_ipv6(small, *moved)
        assert both.line.has_ipv6
        world = replace(both.reference(), orders=(), strategy=rule)
        assert_same_run(both, engine, world)

    agree()
