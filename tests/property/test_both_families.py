"""Worlds of both families: the slow reference agrees event by event, and on every total."""

import ipaddress
from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sim.scenario.strategies import DECLARED
from tests.chases import RULES, made
from tests.examples import n_examples
from tests.property.test_engine_reference import (
    SIXTEENTHS,
    assert_same_at_sites,
    assert_the_same,
    small_worlds,
)
from tests.property.test_engine_whole import assert_agrees, assert_same_run, whole_worlds
from tests.reference_strategies import EVERYTHING_OF_BOTH, IN_RANDOM_WORLDS, allow_list
from tests.sections import Reactions
from tests.worlds import Actor, Dated, Firm, Pool, Response, Seat, SmallWorld, many_worlds

WIDE, NARROW = ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("198.51.100.0/24")
"""What may lie in IPv6: each address as a /64 of its own, or all of them in one /64."""
WIDE_IN, NARROW_IN = "2001:db8::/56", "2001:db8:1:1::a00/120"


def in_ipv6(text: str, moved: tuple[ipaddress.IPv4Network, ...]) -> str:
    """An address or a prefix where it lies now; what is not of those moved stays."""
    network = ipaddress.ip_network(text)
    is_prefix = "/" in text
    if network.version == 6 or not any(network.subnet_of(whole) for whole in moved):
        return text
    offset = int(network.network_address) & 255
    if network.subnet_of(NARROW):
        first = int(ipaddress.ip_network(NARROW_IN)[0]) + offset
        found = ipaddress.ip_network((first, network.prefixlen + 96))
    else:
        first = int(ipaddress.ip_network(WIDE_IN)[0]) + (offset << 64)
        # Whoever has a /64 sits on its first address.
        single = (first + 1, 128)
        found = ipaddress.ip_network(
            single if network.prefixlen == 32 else (first, network.prefixlen + 32)
        )
    return str(found) if is_prefix else str(found[0])


def with_ipv6(small: SmallWorld, *moved: ipaddress.IPv4Network) -> SmallWorld:
    """The same world with some networks in IPv6.

    A censor that pauses is silent in it: the slow reference narrows IPv4 alone.
    """
    silent = {"under_pressure": "silence", "narrow_length": None}
    censor = small.censor.model_copy(update=silent) if small.censor is not None else None

    def texts(column: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(in_ipv6(text, moved) for text in column)

    def seat(one: Seat | int) -> Seat | int:
        return one if isinstance(one, int) else replace(one, addresses=texts(one.addresses))

    def firm(one: Firm) -> Firm:
        return replace(
            one,
            addresses=texts(one.addresses),
            seats=tuple(map(seat, one.seats)),
            responses=tuple(replace(r, addresses=texts(r.addresses)) for r in one.responses),
            arrivals=tuple(replace(a, addresses=texts(a.addresses)) for a in one.arrivals),
        )

    def pool(one: Pool) -> Pool:
        return replace(one, prefixes=texts(one.prefixes))

    def order(one: Dated) -> Dated:
        return replace(one, prefixes=texts(one.prefixes))

    return replace(
        small,
        censor=censor,
        orders=tuple(map(order, small.dated())),
        firms=tuple(map(firm, small.firms)),
        services=tuple(map(seat, small.services)),
        target_prefixes=texts(small.target_prefixes),
        exempt_prefixes=texts(small.exempt_prefixes),
        pools=tuple(map(pool, small.pools)),
    )


pytestmark = pytest.mark.laws

DAILY = ("allow-list", "covering-prefix")
"""A list, announced prefixes: the others differ in when and around what."""
MOVED = st.sampled_from([(WIDE,), (NARROW,), (WIDE, NARROW)])


@settings(max_examples=n_examples(40), deadline=None)
@given(small_worlds(), MOVED)
def test_orders_of_both_families_agree_to_the_last_bit(small, moved):
    assert_the_same(with_ipv6(small, *moved))


@many_worlds(2)
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


@pytest.mark.long  # `test_each_kernel.py` has some every day
@settings(max_examples=n_examples(60), deadline=None, phases=[Phase.explicit, Phase.generate])
@given(dual_worlds())
def test_users_meet_sites_by_the_families_they_have(small):
    assert_same_at_sites(small.run(), small.reference())


def _long_but(daily: Collection[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=[pytest.mark.long] * (name not in daily))
            for name in IN_RANDOM_WORLDS
        ],
    )


@_long_but(DAILY)
def test_every_strategy_answers_fronts_of_both_families(name):
    asked, rule = IN_RANDOM_WORLDS[name]
    engine = made(asked)
    if name == "allow-list":
        rule = allow_list(["203.0.113.0/24"], EVERYTHING_OF_BOTH)

    @many_worlds(2)
    @given(whole_worlds(), MOVED)
    def agree(small, moved) -> None:
        both = with_ipv6(small, *moved)
        assert both.line.has_ipv6
        assert_same_run(both, engine, replace(both.reference(), orders=(), strategy=rule))

    agree()


# The rule of every strategy, written a second time from the documents, leads to the same run.


ELSEWHERE = {"none", "replay", "exact", "cover"}


def test_every_id_of_the_language_has_a_second_rule():
    assert set(DECLARED) == {label.partition(",")[0] for label in IN_RANDOM_WORLDS} | ELSEWHERE


# Whose rule is held in the crowded world, is held in random ones now and then.
@_long_but([name for name in IN_RANDOM_WORLDS if name not in RULES])
def test_the_rule_written_from_the_documents_leads_to_the_same_run(name):
    asked, rule = IN_RANDOM_WORLDS[name]
    engine = made(asked)

    @many_worlds(2)
    @given(whole_worlds())
    def agree(small: SmallWorld) -> None:
        assert_same_run(small, engine, replace(small.reference(), orders=(), strategy=rule))

    agree()
