"""Orders, hosts, fronts and rules of both families, worked out by hand."""

import dataclasses
from ipaddress import IPv6Network

import numpy as np
import pytest

from sim.addresses.sets.intervals import AddressSet
from sim.addresses.sets.line import length6
from sim.engine.actors.limits import narrowed
from sim.engine.decisions import NO_ADDRESSES, Decision, KnownFronts, Mechanism, Observation, Order
from sim.engine.eventlog import Kind
from sim.engine.state.ledger import Group
from sim.engine.strategies.answers import _rented_out, cover
from tests.property.test_engine_reference import (
    assert_same_curves,
    events_of,
    ledger_of,
    ledger_row,
)
from tests.reference import simulate_reference
from tests.sections import Censor
from tests.worlds import HOUR, Actor, Firm, Pool, Seat, SmallWorld, prefixes_text

FOUR, SIX = "192.0.2.7", "2001:db8:0:7::1"
ALONE = (1.0, 0.0, 0.0, 0.0, 0.0)


def firm(*addresses: str, mode: str = "any") -> Firm:
    """A business of which the front end alone matters, on some addresses."""
    return Firm(seats=(Seat(addresses, mode), *(Seat((FOUR,)),) * 4), weights=ALONE)


def final(outcome, metric: str) -> float:
    return float(outcome.curves.points(metric, Group())[1][-1])


def lost_h(outcome) -> list[float]:
    ledger = outcome.ledger
    in_spells = ledger.lost_demand_h_by_spell.sum(axis=1)
    return (ledger.lost_demand_h_below_threshold + in_spells).tolist()


FOURS, SIXES = ("0.0.0.0", "255.255.255.255", FOUR), ("2000::", "3fff:ffff::1", SIX)


@pytest.mark.parametrize(
    ("prefixes", "lost"),
    [(("0.0.0.0/0",), {4}), (("::/0",), {6}), (("0.0.0.0/0", "::/0"), {4, 6}), (("::/2",), {6})],
)
def test_a_shutdown_cuts_the_families_that_it_names(prefixes, lost):
    firms = (*map(firm, (*FOURS, *SIXES)), firm(FOUR, SIX), firm(FOUR, SIX, mode="spread"))
    small = SmallWorld(
        orders=(
            *((100, "block", prefix) for prefix in prefixes),
            *((300, "unblock", prefix) for prefix in prefixes),
        ),
        firms=firms,
        horizon_s=400,
    )
    outcome = small.run()
    hours = [200 / HOUR * (4 in lost), 200 / HOUR * (6 in lost)]
    assert lost_h(outcome) == [hours[0]] * 3 + [hours[1]] * 3 + [min(hours), sum(hours) / 2]
    for metric, n in (
        ("addresses_listed", 2**32 * (4 in lost)),
        ("networks_listed", 2**61 * (6 in lost)),
    ):
        assert outcome.curves.points(metric, Group())[1].max() == n
    second = simulate_reference(small.reference())
    assert events_of(small, outcome) == second.events
    assert_same_curves(outcome, second)
    assert ledger_of(outcome) == [ledger_row(row) for row in second.ledger]


def test_each_family_is_counted_in_its_own_unit():
    small = SmallWorld(
        orders=(
            (0, "block", "192.0.2.0/24"),
            (0, "block", "2001:db8:0:4::/62"),
            (0, "block", "2001:db8:0:9::/128"),
            (0, "block", "2001:db8:0:9::8/125"),
        ),
        target_prefixes=("192.0.2.0/30", "2001:db8:0:5::/64"),
        actors=(Actor(0.5), Actor(0.5, compliance=0.0)),
        horizon_s=HOUR,
    )
    outcome = small.run()
    assert final(outcome, "addresses_listed") == 252
    # Four /64 of a /62, one of them the target's; two pieces of one more /64 count once.
    assert final(outcome, "networks_listed") == 4
    assert final(outcome, "networks_dropped") == 2


def test_no_provider_has_the_ipv4_listed_where_every_pool_is_in_ipv6():
    small = SmallWorld(
        orders=((100, "block", "192.0.2.0/28"),),
        pools=(Pool("alpha", 1.0, ("2001:db8::/56",)),),
        horizon_s=HOUR,
    )
    outcome, places = small.run(), small.world().places
    listed = [
        outcome.curves.points("addresses_listed", Group(provider_row=row))[1].tolist()
        for row in range(len(places.provider) + 1)
    ]
    assert listed == [[0]] * len(places.provider) + [[0, 16]]


@pytest.mark.parametrize(
    ("shares", "known"),
    [
        ((0.1,) * 10, True),
        ((0.3, 0.3, 0.3, 0.1), True),
        ((0.55, 0.25, 0.15, 0.05), True),
        ((0.3333334,) * 3, False),  # the second implementation multiplies by 1.0000002
    ],
)
def test_a_mean_over_users_is_exact_where_all_operators_block(shares, *, known):
    small = SmallWorld(
        orders=((0, "block", "0.0.0.0/0"), (0, "block", "::/0"), (100, "unblock", "0.0.0.0/0")),
        firms=(firm(FOUR, SIX),),
        actors=tuple(map(Actor, shares)),
        horizon_s=HOUR,
    )
    outcome = small.run()
    assert outcome.curves.points("addresses_dropped", Group())[1].max() == 2**32
    assert final(outcome, "addresses_dropped") == 0
    assert final(outcome, "networks_dropped") == final(outcome, "networks_listed")
    if known:
        assert_same_curves(outcome, simulate_reference(small.reference()))


@pytest.mark.parametrize(("limit", "placed"), [(2**16 - 1, 0), (2**16, 1)])
def test_a_limit_on_addresses_holds_networks_by_themselves(limit, placed):
    small = SmallWorld(
        orders=((0, "block", "2001:db8::/48"),), censor=Censor(max_addresses=limit), horizon_s=HOUR
    )
    assert (small.run().events.kind == Kind.BLOCK).sum() == placed


@pytest.mark.parametrize("length", [24, 32])
def test_narrow_orders_are_of_the_world_they_are_asked_in(length):
    # Networks that give out addresses take more room on the line than others, so fronts of two
    # worlds lie at the same places where one has 2**15 such networks more before them.
    position = []
    for network, before in ((17, ()), (16, ("2001:db8:0:8000::/49",))):
        near, far = f"2001:db8:{network:x}::", f"2001:db8:{network + 6:x}::"
        pool = Pool("alpha", 1.0, ("198.18.0.0/24", *before, f"{near}/63", f"{far}/63"))
        places = SmallWorld(pools=(pool,)).world().places
        address = np.concatenate(
            [places.line.put(AddressSet.of(f"{one}1/128")).start for one in (near, far)]
        )
        unknown = np.zeros_like(address)
        fronts = KnownFronts(
            address, unknown, unknown, unknown > 0, lambda _, flag=unknown > 0: flag
        )
        sight = Observation(0, fronts, places=places)
        # One order holds one front alone, the other both.
        wide = [places.line.put(AddressSet.of("2001:db8:16::/47")), places.line.everything]
        orders = [Order("block", one, Mechanism.DROP) for one in wide]
        decision, waits = narrowed(Decision(tuple(orders)), sight, length)
        assert not waits
        first, second = (
            str(IPv6Network((f"{one}1", length6(length)), strict=False)) for one in (near, far)
        )
        told = [prefixes_text(one.addresses) for one in decision.orders]
        assert told == [second, first, second]
        # One that is open is looked for alone.
        held = dataclasses.replace(fronts, is_held=lambda _, at=address: at == at[0])
        decision, _ = narrowed(Decision(tuple(orders)), Observation(0, held, places=places), length)
        assert [prefixes_text(one.addresses) for one in decision.orders] == [second, second]
        position.append(address.tolist())
    assert position[0] == position[1]


@pytest.mark.parametrize(
    ("fours", "sixes", "rules", "covered"),
    [
        # Two addresses of others against six networks of others, then the other way round.
        ((1, 2), (1, 6), 3, "198.18.0.0/30 2001:db8:0:1::/64 2001:db8:0:6::/64"),
        ((1, 6), (1, 2), 3, "198.18.0.1/32 198.18.0.6/32 2001:db8::/62"),
        # Nobody rents what lies beyond 198.18.0.15 and 2001:db8:0:f::, so that it costs nothing.
        ((129, 200), (1, 2), 3, "198.18.0.128/25 2001:db8:0:1::/64 2001:db8:0:2::/64"),
        ((1, 2), (129, 200), 3, "198.18.0.1/32 198.18.0.2/32 2001:db8:0:80::/57"),
        ((1, 2), (1, 6), 4, "198.18.0.1/32 198.18.0.2/32 2001:db8:0:1::/64 2001:db8:0:6::/64"),
    ],
)
def test_a_cover_weighs_a_network_like_an_address(fours, sixes, rules, covered):
    pool = Pool("alpha", 1.0, ("198.18.0.0/28", "2001:db8::/60"))
    known = [f"198.18.0.{one}/32" for one in fours]
    known += [f"2001:db8:0:{one:x}::1/128" for one in sixes]
    places = SmallWorld(pools=(pool,), target_prefixes=tuple(known)).world().places
    address = np.concatenate([places.line.put(AddressSet.of(one)).start for one in known])
    row = np.zeros_like(address)
    fronts = KnownFronts(address, row, row, row > 0, lambda _: row > 0)
    orders = cover(rules)(Observation(0, fronts, places=places)).orders
    assert " ".join(prefixes_text(order.addresses) for order in orders) == covered
    weights = _rented_out(places, NO_ADDRESSES, False)
    for prefix in ("198.18.0.0/30", "2001:db8::/62"):
        assert weights.inside(AddressSet.of(prefix)) == 4
