"""Where a front by names comes to sit: how often each address comes up, counted exactly.

Weights are whole numbers here, and luck is laid out evenly over their sum: then an address comes up
as many times as it weighs, without an error of sampling.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import Line
from sim.addresses.sets.seats import Seats
from sim.addresses.text.text import parse_prefix
from sim.engine.orders import Entry, Mechanism, Order
from sim.engine.state.entries_kernel import count as count_entries
from sim.engine.state.mechanisms import COLUMN
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.world.build import World
from sim.world.target import Crowding, NamedPlace
from tests.loops import called
from tests.sections import Fronts
from tests.worlds import Pool, SmallWorld, many_worlds

# It compiles a loop for each that Python cannot call.
pytestmark = pytest.mark.laws

FOUR = ("198.18.0.0/27", "198.18.0.48/29")
SIX = ("2001:db8::/60", "2001:db8:1:1::/124")
SMALL = SmallWorld(
    pools=(Pool("alpha", 1.0, FOUR), Pool("beta", 1.0, SIX)),
    fronts=Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.4),
)
WORLD = SMALL.world()
SEATS = WORLD.pools.given_out
GIVEN_OUT = tuple(seats.draw(np.arange(seats.n) / seats.n) for seats in SEATS)
MOST = min(seats.n for seats in SEATS)
CROWDS = st.dictionaries(st.integers(0, MOST - 1), st.integers(1, 30), max_size=12)
LISTED = st.lists(st.tuples(st.integers(0, MOST), st.integers(0, MOST)), max_size=4)


def with_crowding(pool: int, names: dict[int, int], rest: int, share: float) -> World:
    """The world in which some addresses of a pool, by their number in it, have names."""
    rows = np.array(sorted(names), np.int64)
    n_names = np.array([names[row] for row in rows.tolist()], np.int64)
    crowding = [Crowding.none(), Crowding.none()]
    crowding[pool] = Crowding(share, GIVEN_OUT[pool][rows], n_names, float(rest))
    return replace(WORLD, pools=replace(WORLD.pools, crowding=tuple(crowding)))


def space_of(world: World, pool: int, listed: list[tuple[int, int]]) -> AddressSpace:
    """Its address space, with some addresses of a pool listed and the first of these taken off."""
    space = AddressSpace(world, TargetState(world), States(world))
    register = world.operators.n_operators
    entries = []
    for low, high in listed:
        first, last = min(low, high), max(low, high)
        if first == last:
            continue
        each = np.split(GIVEN_OUT[pool][first:last], last - first)
        entries.append(IntervalSet.union_all(IntervalSet(one, one + 1) for one in each))
    for row, addresses in enumerate(entries):
        entry = Entry(row, Order("block", addresses), 0)
        for step in (+1, -1, +1) if row else (+1,):
            start, stop = entry.addresses.start.copy(), entry.addresses.stop.copy()
            called(count_entries)(space.scene, start, stop, register, COLUMN[Mechanism.DROP], step)
    return space


def drawn(space: AddressSpace, pool: int, n: int, w: float) -> Counter[int]:
    """How often each address comes up, of n draws whose luck is laid out evenly."""
    weight = np.eye(2)[pool]
    return Counter(space.draw_free(weight, 0.5, (row + 0.5) / n, w)[1] for row in range(n))


@pytest.mark.parametrize("pool", [0, 1], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("shortest_run", [64, 3])
def test_an_address_comes_up_as_often_as_it_weighs(
    pool: int, shortest_run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.engine.state.space.SHORTEST_RUN", shortest_run)

    @many_worlds(40)
    @given(CROWDS, st.integers(0, 5), LISTED)
    def agree(names: dict[int, int], rest: int, listed: list[tuple[int, int]]) -> None:
        space = space_of(with_crowding(pool, names, rest, 0.5), pool, listed)
        taken = {row for pair in listed for row in range(min(pair), max(pair))}
        address = GIVEN_OUT[pool].tolist()
        free = [row for row in range(len(address)) if row not in taken]
        if not free:
            return
        even = {address[row]: 1 for row in free}
        weights = {address[row]: names.get(row, rest) for row in free}
        weights = {one: weight for one, weight in weights.items() if weight} or even
        # With a share of a half, luck below it is by names, and no other.
        assert drawn(space, pool, sum(weights.values()), 0.4999) == weights
        assert drawn(space, pool, len(free), 0.5) == even
        assert drawn(space, pool, len(free), 1.0) == even

    agree()


@pytest.mark.parametrize("pool", [0, 1], ids=["IPv4", "IPv6"])
def test_a_larger_share_by_names_hits_no_fewer_names_where_pools_are_crowded(pool: int) -> None:
    """By a strategy that lists single addresses: names on those in use are the names it hits."""

    @many_worlds(25)
    @given(CROWDS.filter(bool), st.integers(0, 5), LISTED)
    def rises(names: dict[int, int], rest: int, listed: list[tuple[int, int]]) -> None:
        address = GIVEN_OUT[pool].tolist()
        taken = {row for pair in listed for row in range(min(pair), max(pair))}
        free = [row for row in range(len(address)) if row not in taken]
        mine = [names[row] for row in free if row in names]
        n_all = sum(mine) + rest * (len(free) - len(mine))
        # Crowded: a name in use has more names around it than an address of the pool has.
        if not mine or sum(n * n for n in mine) * len(free) < n_all * sum(mine):
            return
        expected = []
        for share in (0.0, 0.25, 0.5, 1.0):
            space = space_of(with_crowding(pool, names, rest, share), pool, listed)
            found = [
                sum(names.get(address.index(one), 0) * times for one, times in counted.items()) / n
                for w in (0.125, 0.375, 0.625, 0.875)
                for n in [n_all if w < share else len(free)]
                for counted in [drawn(space, pool, n, w)]
            ]
            expected.append(sum(found))
        assert expected == pytest.approx(sorted(expected), rel=1e-12)

    rises()


def test_what_is_in_use_is_taken_off_what_is_expected() -> None:
    """Worked out by hand: two places of 10 and 6 addresses, of which 4 and 6 carry names."""
    first, second = IntervalSet.from_bounds([100], [110]), IntervalSet.from_bounds([200], [206])
    places = (NamedPlace(Seats.of(first), 0.4, 10.0), NamedPlace(Seats.of(second), 1.0, 100.0))
    address, n_names = np.array([99, 101, 105, 203, 300]), np.array([7, 1, 50, 3000, 7])
    seats = Seats.of(first.union(second))
    found = Crowding.of(0.5, seats, places, address, n_names)
    assert found.address.tolist() == [101, 105, 203]
    assert found.n_names.tolist() == [1, 50, 3000]
    # (4 - 2) * 10 + (6 - 1) * 100 names on 16 - 3 addresses.
    assert found.rest_names == pytest.approx(520 / 13)
    assert Crowding.of(0.0, seats, places, address, n_names).address.size == 0
    # More in use than carry a name: nothing is expected on the others, and never less than nothing.
    few = (NamedPlace(Seats.of(first), 0.1, 10.0),)
    assert Crowding.of(0.5, Seats.of(first), few, address, n_names).rest_names == 0
    # All in use: there are no others.
    whole = np.arange(100, 110)
    assert Crowding.of(1.0, Seats.of(first), places[:1], whole, whole).rest_names == 0


def test_addresses_between_those_that_are_given_out_are_not_held() -> None:
    line = Line.of((parse_prefix(text, version=0) for text in SIX), [])
    seats = line.seats(parse_prefix(text, version=0) for text in SIX)
    address = seats.draw(np.arange(seats.n) / seats.n)
    assert seats.holds(address).all()
    wide = seats.step > 1
    assert wide.any()
    assert not seats.holds(seats.start[wide] + 1).any()
    assert not seats.holds(np.array([-1, 0, seats.stop[-1]])).any()
    assert not Seats.of(IntervalSet.empty()).holds(address).any()
