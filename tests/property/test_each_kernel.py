"""Each compiled kernel beside the second implementation, in worlds few enough for every day.

`laws` hold more of the same worlds. `tests/README.md` says which test meets which kernel.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sim.addresses.cover.frontier import find_covers
from sim.addresses.cover.tree import Targets, WeightedRanges, Weights
from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6
from sim.engine.state.cover_kernel import find_least_cover
from sim.engine.state.keyed_numbers_kernel import write_first_numbers
from sim.engine.state.ledger import Group
from sim.streams import Stream, Streams
from tests.chases import RULES, STRATEGIES
from tests.property import test_both_families as both_families
from tests.property import test_crowded_reference as crowded
from tests.property import test_engine_reference as exact
from tests.property import test_engine_whole as whole
from tests.worlds import DAY, HOUR, Dated, Program, SmallWorld


def some(n: int) -> settings:
    """The same n random worlds on every day, without shrinking."""
    return settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@some(20)
@given(exact.small_worlds())
def test_exact_worlds_agree_to_the_last_bit(small):
    exact.assert_the_same(small)


@some(2)
@given(exact.crowded_worlds())
def test_a_calendar_that_grows_agrees_event_by_event(small):
    exact.assert_the_same(small)


@some(15)
@given(both_families.dual_worlds())
def test_users_meet_sites_by_the_families_they_have(small):
    exact.assert_same_at_sites(small.run(), small.reference())


@some(5)
@given(whole.whole_worlds())
def test_whole_worlds_agree(small):
    whole.assert_agrees(small)


@some(3)
@given(whole.whole_worlds())
def test_curves_over_everybody_are_the_same_without_those_of_groups(small):
    strategy = small.engine_strategy
    both = small.run_by(strategy()).curves
    alone = small.run_by(strategy(), has_groups=False).curves
    of_everybody = [one for one in both.series if one.group == Group()]
    assert repr(alone.series) == repr(tuple(of_everybody))
    assert len(both.series) > len(of_everybody)
    for one in of_everybody:
        found, expected = (curves.points(one.metric, Group()) for curves in (alone, both))
        assert [column.tobytes() for column in found] == [column.tobytes() for column in expected]


@some(4)
@given(whole.pressed_worlds())
def test_worlds_in_which_fronts_are_given_back_and_clients_hop_agree(small):
    whole.assert_agrees(small)


def more_at_once(small: SmallWorld, name: str) -> SmallWorld:
    """A crowded world with something more in it, another thing for each strategy."""
    assert small.fronts
    assert small.users
    assert small.complaints
    if name == "throttle":
        # Clients are told of half the fronts and hop.
        return replace(
            small,
            fronts=small.fronts.model_copy(update={"share_told": 0.5, "n_known": 2}),
            users=small.users.model_copy(update={"hop_min": 90.0}),
        )
    if name == "rolling":
        # Programs leave a shared range while it is blocked, and come back.
        firms = []
        for row, firm in enumerate(small.firms):
            own = [not isinstance(seat, int) for seat in firm.all_seats()]
            addresses = tuple("203.0.113.7" if is_own else "" for is_own in own)
            program = Program(300 * row, addresses)
            firms.append(replace(firm, arrivals=(), program=program))
        return replace(small, firms=tuple(firms), has_tenancy=False, look_every_s=2711)
    # People complain who miss what businesses offer.
    people = {"per_million_people_per_d": 5.0}
    return replace(small, complaints=small.complaints.model_copy(update=people))


@pytest.mark.parametrize("name", crowded.EACH_DAY)
def test_a_crowded_world_agrees(name):
    small = more_at_once(crowded.crowd(0, name), name)
    world = replace(small.reference(), strategy=RULES[name])
    whole.assert_same_run(small, STRATEGIES[name], world)


def test_attention_agrees_up_to_the_end_under_pressure():
    crowded.assert_same_if_looked_at(crowded.ending())


def test_users_who_evade_a_name_meet_fronts_that_are_dropped_and_throttled():
    orders = (
        Dated(HOUR, "block", (), "name", 0.25),
        Dated(2 * HOUR, "block", ("198.18.0.0/21",)),
        Dated(3 * HOUR, "block", ("198.18.8.0/21", "198.19.0.0/16"), "throttle"),
        Dated(2 * DAY, "unblock", (), "name", 0.25),
    )
    small = replace(crowded.chase(0, "replay"), orders=orders, horizon_s=3 * DAY)
    whole.assert_agrees(small)


def test_a_range_that_is_let_go_and_dropped_in_one_second_is_let_go_again_later():
    """The first operator takes five hours longer to let go than to drop; all fronts are in it."""
    orders = (
        Dated(HOUR, "block", ("198.18.0.0/15",)),
        Dated(DAY, "unblock", ("198.18.0.0/15",)),
        Dated(DAY + 5 * HOUR, "block", ("198.18.0.0/15",)),
        Dated(2 * DAY, "unblock", ("198.18.0.0/15",)),
    )
    small = crowded.chase(0, "replay")
    assert small.fronts is not None
    fronts = small.fronts.model_copy(update={"lost_share": 1.0})
    whole.assert_agrees(replace(small, orders=orders, fronts=fronts, horizon_s=3 * DAY))


@st.composite
def covers(draw: st.DrawFn) -> tuple[list[int], list[int], int]:
    """Targets, bounds of rented ranges and a budget, anywhere in IPv4, far apart or close."""
    n_bits = draw(st.integers(2, 32))
    first = draw(st.integers(0, 2 ** (32 - n_bits) - 1)) << n_bits
    size = 2**n_bits
    targets = draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=30))
    bounds = sorted(draw(st.sets(st.integers(0, size), max_size=16)))
    bounds = bounds[: len(bounds) // 2 * 2]
    budget = draw(st.integers(1, 12))
    return [first + one for one in sorted(targets)], [first + one for one in bounds], budget


@some(150)
@given(covers())
def test_a_compiled_cover_has_the_prefixes_of_find_covers(case):
    targets, bounds, budget = case
    address = np.array(targets, np.int64)
    rented = IntervalSet.from_bounds(bounds[::2], bounds[1::2])
    size = rented.stop - rented.start
    known = AddressSet(IntervalSet.from_bounds(address, address + 1), IntervalSet6.empty())
    weight = Weights(WeightedRanges.of(rented.start, rented.stop, size), WeightedRanges.none(128))
    frontier = find_covers(Targets.prepare(known), weight, budget)
    expected = frontier.cover(budget)
    found = find_least_cover(address, rented.start, rented.stop, np.cumsum(size) - size, budget)
    start, stop = (column.tolist() for column in found)
    assert start == expected.address4.tolist()
    assert [(to - of).bit_length() for of, to in zip(start, stop, strict=True)] == [
        33 - length for length in expected.length4.tolist()
    ]


def test_keyed_numbers_are_those_of_numpy_bit_for_bit():
    luck = np.random.default_rng(20180416)
    for _ in range(3000):
        # From numbers of one word to such of five, zero among them.
        root_seed, replicate, *entry = (
            int.from_bytes(luck.bytes(20)) >> int(n) for n in luck.integers(0, 161, 5)
        )
        streams, key = Streams(root_seed, replicate), tuple(entry[: luck.integers(0, 4)])
        numbers = np.empty(luck.integers(1, 9))
        write_first_numbers(streams.key_words(Stream.OPERATOR_COMPLIANCE, key), numbers)
        generator = streams.generator(Stream.OPERATOR_COMPLIANCE, key)
        assert numbers.tobytes() == generator.random(numbers.size).tobytes()
