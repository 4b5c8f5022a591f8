"""What is kept of the address space by difference, against sets that are made anew each time."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.prefixes import prefix_set
from sim.engine.decisions import Entry, Mechanism, Order
from sim.engine.state.calendar_kernel import count as count_entries
from sim.engine.state.reach_kernel import unreached
from sim.engine.state.space import COLUMN, SHORTEST_RUN, AddressSpace, TargetState
from sim.engine.state.space_kernel import CLEAN, DROPPED, THROTTLED, draw_free
from sim.engine.state.states import States
from sim.engine.state.target_kernel import add_front, addresses, evict, lost, settle
from sim.world.providers import choose
from tests.loops import called
from tests.sections import Fronts
from tests.worlds import Actor, Firm, Pool, SmallWorld, many_worlds

# Numba compiles each loop for this file alone; `test_interpreted.py` runs it every day.
pytestmark = [pytest.mark.laws, pytest.mark.long]

BASE = int(IntervalSet.of("198.18.0.0").start[0])
N = 64
"""Addresses that are looked at: few, so that intervals touch, nest and end together."""
OWN = ("198.18.0.8/30", "198.18.0.40/32")
POOLS = (
    Pool("alpha", 1.0, ("198.18.0.0/28", "198.18.0.32/29")),
    Pool("beta", 1.0, ("198.18.0.16/28",)),
)
SMALL = SmallWorld(
    actors=(Actor(0.5), Actor(0.5)),
    firms=tuple(Firm((f"198.18.0.{row}",) * 5) for row in range(0, N, 5)),
    target_prefixes=OWN,
    pools=POOLS,
    fronts=Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.4),
)
WORLD = SMALL.world()
MECHANISMS = (Mechanism.DROP, Mechanism.THROTTLE, Mechanism.EXEMPT)
REGISTER, HOLDERS = 2, 3
BOUNDS = st.tuples(st.integers(0, N - 1), st.integers(1, 20)).map(
    lambda pair: (pair[0], min(sum(pair), N))
)
SETS = st.lists(BOUNDS, min_size=1, max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), SETS, st.sampled_from(MECHANISMS)),
        st.tuples(st.just("turn"), st.integers(0, 99), st.integers(0, REGISTER)),
        st.tuples(st.just("rent"), st.integers(0, N - 1), st.just(0)),
    ),
    min_size=1,
    max_size=60,
)


def count(space: AddressSpace, holder: int, entry: Entry, step: int) -> None:
    """Count an entry more or less at a holder, as the calendar of operators does."""
    start, stop = entry.addresses.start.copy(), entry.addresses.stop.copy()
    called(count_entries)(space.scene, start, stop, holder, COLUMN[entry.mechanism], step)


def lost_rows(target: TargetState, n_lost: int) -> list[int]:
    """Rows of the fronts, so many, that the target gave up at the last settlement."""
    return [lost(target.handle, place) for place in range(n_lost)]


class Naive:
    """The same, from all entries each time."""

    def __init__(self) -> None:
        self.holds: Counter[tuple[int, int]] = Counter()
        self.entries: list[tuple[Mechanism, frozenset[int]]] = []

    def state(self, holder: int, address: int) -> int:
        """What a holder does to an address."""
        found = {
            mechanism
            for (row, which), n in self.holds.items()
            if which == holder and n
            for mechanism, addresses in [self.entries[row]]
            if address in addresses
        }
        if Mechanism.EXEMPT in found or not found:
            return CLEAN
        return DROPPED if Mechanism.DROP in found else THROTTLED

    def blocked(self, holder: int) -> set[int]:
        """Addresses that a holder drops or throttles."""
        return {address for address in range(N) if self.state(holder, address) != CLEAN}


def addresses_of(*prefixes: str) -> set[int]:
    """Addresses of some prefixes, counted from the base."""
    found = IntervalSet.of(*prefixes)
    return {
        address - BASE
        for start, stop in zip(found.start.tolist(), found.stop.tolist(), strict=True)
        for address in range(start, stop)
    }


def assert_agree(space: AddressSpace, target: TargetState, naive: Naive, rented: list[int]) -> None:
    """All that is kept is what the entries make it."""
    own = addresses_of(*OWN)
    blocked = [naive.blocked(holder) for holder in range(HOLDERS)]
    assert space.columns.n_blocked.tolist() == [[len(held - own)] for held in blocked]
    listed = blocked[REGISTER]
    held_by = {pool.provider: addresses_of(*pool.prefixes) for pool in POOLS}
    expected = [len((listed - own) & held_by.get(name, set())) for name in WORLD.places.provider]
    expected.append(len(listed - own) - sum(expected))
    assert space.columns.n_listed_of.tolist() == expected
    for row, pool in enumerate(POOLS):
        free = sorted(addresses_of(*pool.prefixes) - listed)
        assert space.columns.n_free_of[row] == len(free)
        weight = np.eye(len(POOLS))[row]
        drawn = [
            draw_free(space.handle, weight, 0.5, (n + 0.5) / len(free)) for n in range(len(free))
        ]
        assert drawn == [(row, BASE + address) for address in free]
    assert (addresses(target.handle) - BASE).tolist() == rented
    rows = np.arange(len(rented))
    for mechanism in (Mechanism.DROP, Mechanism.THROTTLE):
        holding = [
            members
            for (row, holder), n in naive.holds.items()
            if holder == REGISTER and n
            for which, members in [naive.entries[row]]
            if which is mechanism
        ]
        wanted = [any(one in members for members in holding) for one in rented]
        assert target.is_held(rows, mechanism).tolist() == wanted


@pytest.mark.parametrize("shortest_run", [SHORTEST_RUN, 3])
def test_counts_by_difference_are_those_of_all_entries(shortest_run, monkeypatch):
    monkeypatch.setattr("sim.engine.state.space.SHORTEST_RUN", shortest_run)

    @many_worlds(60)
    @given(STEPS)
    def agree(steps) -> None:
        target = TargetState(WORLD)
        space, naive = AddressSpace(WORLD, target, States(WORLD)), Naive()
        placed: list[Entry] = []
        rented: list[int] = []
        for step, one, other in steps:
            if step == "place":
                bounds = np.array(one, np.int64) + BASE
                placed_at = IntervalSet.from_bounds(bounds[:, 0], bounds[:, 1])
                entry = Entry(len(placed), Order("block", placed_at, other), 0)
                placed.append(entry)
                members = frozenset(a for first, last in one for a in range(first, last))
                naive.entries.append((other, members))
                naive.holds[entry.row, REGISTER] = 1
                count(space, REGISTER, entry, +1)
            elif step == "rent":
                rented.append(one)
                assert (
                    add_front(target.handle, space.handle, BASE + one, len(rented))
                    == len(rented) - 1
                )
            elif placed:
                entry, holder = placed[one % len(placed)], other
                # Each comes back where it was let go, and goes where it was held.
                way = -1 if naive.holds[entry.row, holder] else +1
                naive.holds[entry.row, holder] += way
                count(space, holder, entry, way)
            assert_agree(space, target, naive, rented)
        gone = lost_rows(target, called(settle)(target.handle, 100))
        wanted = [
            row
            for row, address in enumerate(rented)
            if sum(naive.state(holder, address) == DROPPED for holder in range(REGISTER)) * 0.5
            > 0.4
        ]
        assert gone == wanted

    agree()


@pytest.mark.parametrize("n", [40, 1500])
def test_columns_grow_with_what_they_hold(n):
    """Pieces and fronts begin with room for some; the last of many is as the first."""
    target = TargetState(WORLD)
    space = AddressSpace(WORLD, target, States(WORLD))
    entries = [Entry(row, Order("block", prefix_set(BASE + 2 * row, 32)), 0) for row in range(n)]
    for entry in entries:
        count(space, REGISTER, entry, +1)
        count(space, 0, entry, +1)
        # After the start: clients know shares of no more fronts than the scenario begins with.
        add_front(target.handle, space.handle, int(entry.addresses.start[0]), 1)
        add_front(target.handle, space.handle, int(entry.addresses.start[0]) + 1, 1)
    rows = np.arange(2 * n)
    assert space.columns.n_blocked[0, 0] == len(set(range(0, 2 * n, 2)) - addresses_of(*OWN))
    assert target.is_held(rows, Mechanism.DROP).tolist() == [True, False] * n
    # Half of all users are at the operator that drops the first of each two.
    assert lost_rows(target, called(settle)(target.handle, 1)) == list(range(0, 2 * n, 2))
    for entry in entries:
        count(space, 0, entry, -1)
        count(space, REGISTER, entry, -1)
    assert space.columns.n_blocked.sum() == 0
    assert not target.is_held(rows, Mechanism.DROP).any()
    assert space.columns.n_listed_of.sum() == 0


def test_a_front_is_drawn_by_weight_where_anything_is_free():
    """A pool that is listed wholly is not drawn, whatever its weight and place."""
    target = TargetState(WORLD)
    space = AddressSpace(WORLD, target, States(WORLD))
    weight, u = np.array([1.0, 9.0]), np.arange(32) / 32
    drawn = [draw_free(space.handle, weight, each, 0.0)[0] for each in u.tolist()]
    assert drawn == choose(weight, u).tolist()
    for row, prefix in enumerate(POOLS[0].prefixes):
        count(space, REGISTER, Entry(row, Order("block", IntervalSet.of(prefix)), 0), +1)
    assert [draw_free(space.handle, weight, each, 0.0)[0] for each in u.tolist()] == [1] * u.size


# Who knows a front that works, where hundreds come and go: the product over all of them.


TAU_S = 3600
TWO = SmallWorld(
    actors=(Actor(0.6), Actor(0.4)),
    fronts=Fronts(
        pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=1.0, share_told=0.3
    ),
)
TWO_WORLD = TWO.world()
HOLDING = (Mechanism.DROP, Mechanism.THROTTLE)
N_FRONTS = 250
EVERY_S = (60, 900)
"""Many are known to few yet; or most to all, after thirty time constants."""


@pytest.mark.parametrize("every_s", EVERY_S)
def test_reach_is_the_product_over_all_fronts_that_work(every_s):
    luck = random.Random(every_s)
    target = TargetState(TWO_WORLD)
    space = AddressSpace(TWO_WORLD, target, States(TWO_WORLD))
    rented_s: dict[int, int] = {}
    held: dict[tuple[int, int], Mechanism] = {}
    severity = TWO_WORLD.effects.throttle_severity

    def none_known(operator: int, but: tuple[Mechanism, ...], t_s: int) -> float:
        return math.prod(
            0.7 + 0.3 * math.exp(-(t_s - since_s) / TAU_S)
            for front, since_s in rented_s.items()
            if held.get((front, operator)) not in but
        )

    def entry_of(front: int, mechanism: Mechanism) -> Entry:
        return Entry(0, Order("block", prefix_set(2 * front, 32), mechanism), 0)

    for row in range(N_FRONTS):
        t_s = (row + 1) * every_s
        rented_s[add_front(target.handle, space.handle, 2 * row, t_s)] = t_s
        for mechanism in HOLDING:
            count(space, REGISTER, entry_of(row, mechanism), +1)
        # What is at an operator comes and goes; a front that is gone works nowhere.
        for _ in range(2):
            front, operator = luck.choice(list(rented_s)), luck.randrange(REGISTER)
            known = held.pop((front, operator), None)
            if known is not None:
                count(space, operator, entry_of(front, known), -1)
            else:
                held[front, operator] = mechanism = luck.choice(HOLDING)
                count(space, operator, entry_of(front, mechanism), +1)
        if row % 7 == 0:
            gone = luck.choice(list(rented_s))
            evict(target.handle, gone)
            del rented_s[gone]
        called(settle)(target.handle, t_s)
        at_s = t_s + luck.randrange(every_s)
        for operator in range(REGISTER):
            clean = none_known(operator, HOLDING, at_s)
            either = none_known(operator, (Mechanism.DROP,), at_s)
            found = called(unreached)(target.handle, operator, at_s)
            wanted = clean - (1 - severity) * (clean - either)
            assert found == pytest.approx(wanted, rel=1e-9, abs=0)
