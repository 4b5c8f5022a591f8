"""Worlds of both families: the slow reference agrees event by event, and on every total."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.chases import made
from tests.examples import n_examples
from tests.families import NARROW, WIDE, with_ipv6
from tests.property.test_engine_reference import (
    SIXTEENTHS,
    assert_same_at_operators,
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
from tests.reference_strategies import EVERYTHING_OF_BOTH, IN_RANDOM_WORLDS, allow_list
from tests.sections import Reactions
from tests.worlds import Actor, Dated, Firm, Response, Seat, SmallWorld, many_worlds

pytestmark = pytest.mark.laws

DAILY = ("aggregate", "allow-list", "covering-prefix", "dns")
"""A length, a list, announced prefixes, a name: the others differ in when and around what."""
MOVED = st.sampled_from([(WIDE,), (NARROW,), (WIDE, NARROW)])


@settings(max_examples=n_examples(40), deadline=None)
@given(small_worlds(), MOVED)
def test_orders_of_both_families_agree_to_the_last_bit(small, moved):
    both = with_ipv6(small, *moved)
    outcome, reference = both.run(), simulate_reference(both.reference())
    assert events_of(both, outcome) == reference.events
    assert_same_curves(outcome, reference)
    assert ledger_of(outcome) == [ledger_row(row) for row in reference.ledger]


@many_worlds(3)
@given(whole_worlds(), MOVED)
def test_the_slow_reference_agrees_with_every_mechanism_on(small, moved):
    assert_agrees(with_ipv6(small, *moved))


FOUR = ("203.0.113.1", "203.0.113.2", "203.0.113.130", "203.0.113.131")
SIX = ("2001:db8::1", "2001:db8:0:1::1", "2001:db8:1::5", "2001:db8:1::6")
WIDE_MET = ("203.0.113.0/25", "203.0.113.0/24", "2001:db8::/48", "2001:db8:1::/64")
MET = (*FOUR[:2], *SIX[:3], *WIDE_MET, "0.0.0.0/0", "::/0", "::/1")


@st.composite
def dual_worlds(draw):
    """Businesses on addresses of both families, and orders of every mechanism that meet them."""
    share = draw(SIXTEENTHS)
    sizes = st.sampled_from([1, 2, 4])

    def seat():
        four = FOUR[: draw(sizes)] if draw(st.integers(0, 5)) else ()
        six = SIX[: draw(sizes)] if not four or draw(st.integers(0, 4)) else ()
        return Seat((*four, *six), draw(st.sampled_from(["any", "spread"])))

    def response():
        at = st.sampled_from(FOUR), st.sampled_from(("", *SIX))
        pairs = [(draw(at[0]), draw(at[1])) for _ in range(5)]
        kind = draw(st.sampled_from(["same", "foreign", "proxy"]))
        # Of those with IPv6 some have that alone.
        four = tuple(six if six and draw(st.booleans()) else four for four, six in pairs)
        six = tuple(
            six if six != first else "" for first, (_, six) in zip(four, pairs, strict=True)
        )
        return Response(kind, draw(st.integers(1, 500)), four, beside=six)

    times = sorted(draw(st.lists(st.integers(0, 5000), min_size=4, max_size=14)))
    mechanism = st.sampled_from(["drop", "drop", "drop", "throttle", "exempt"])
    return SmallWorld(
        orders=tuple(
            Dated(t_s, "block", (draw(st.sampled_from(MET)),), draw(mechanism)) for t_s in times
        ),
        actors=(
            Actor(share, 250),
            Actor(1 - share, 250, apply_lag_s=draw(st.integers(0, 3000))),
        ),
        cadence=((0, 250),),
        firms=tuple(
            Firm(
                weights=tuple(draw(SIXTEENTHS) for _ in range(5)),
                seats=(*(seat(),) * 3, *(seat(),) * 2),
                patience_s=draw(st.integers(1, 800)),
                responses=(response(), response()),
            )
            for _ in range(2)
        ),
        services=(),
        reactions=Reactions(responses="x", n_rounds=draw(st.integers(1, 2))),
        horizon_s=5000,
        throttle_severity=draw(SIXTEENTHS),
        share_ipv6=draw(SIXTEENTHS),
    )


@settings(max_examples=n_examples(60), deadline=None, phases=[Phase.explicit, Phase.generate])
@given(dual_worlds())
def test_users_meet_sites_by_the_families_they_have(small):
    assert_same_at_sites(small)


def assert_same_at_sites(small: SmallWorld) -> None:
    """States and losses of businesses agree, and by operator and cause."""
    outcome, reference = small.run(), simulate_reference(small.reference())
    for found, row in zip(ledger_of(outcome), reference.ledger, strict=True):
        expected = ledger_row(row)
        np.testing.assert_allclose(found[:7], expected[:7], rtol=1e-9, atol=1e-12)
        assert found[7:-1] == expected[7:-1]
    assert_same_at_operators(outcome, reference)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] * (name not in DAILY))
        for name in IN_RANDOM_WORLDS
    ],
)
def test_every_strategy_answers_fronts_of_both_families(name: str) -> None:
    asked, rule = IN_RANDOM_WORLDS[name]
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
