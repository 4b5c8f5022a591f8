"""Edges of time that random worlds seldom meet."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.catalogue.causes import (
    BOUGHT_SERVICE,
    CAUSES,
    COMPONENT_ELSEWHERE,
    NAME,
    OVERLOADED_OPERATOR,
    OWN_ADDRESS,
)
from sim.engine.actors.operators import next_tick_s
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Curves, Series
from sim.engine.state.ledger import NO_CAUSE, SPELL_EDGES_S, SPELL_NAMES, Group
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Seat, SmallWorld

PREFIX = "203.0.113.0/24"


def spell_of(length_s: int) -> list[float]:
    small = SmallWorld(
        orders=((0, "block", PREFIX), (length_s, "unblock", PREFIX)), horizon_s=30 * DAY
    )
    return small.run().ledger.lost_demand_h_by_spell[0].tolist()


@pytest.mark.parametrize(("edge_row", "edge_s"), list(enumerate(SPELL_EDGES_S)))
def test_a_spell_as_long_as_an_edge_belongs_above_it(edge_row, edge_s):
    assert len(SPELL_NAMES) == len(SPELL_EDGES_S) + 1
    assert np.flatnonzero(spell_of(edge_s)).tolist() == [edge_row + 1]
    assert np.flatnonzero(spell_of(edge_s - 1)).tolist() == [edge_row]


def test_withdrawing_a_wide_prefix_leaves_what_another_order_holds_inside_it():
    small = SmallWorld(
        orders=(
            (0, "block", "203.0.0.0/12"),
            (5, "block", "203.0.112.0/23"),
            (9, "unblock", "203.0.0.0/12"),
        ),
        firms=(Firm(("203.0.113.1",) * 5), Firm(("203.0.5.1",) * 5)),
        horizon_s=20,
    )
    outcome = small.run()
    t_s, listed = outcome.curves.points("addresses_listed", Group())
    assert list(zip(t_s.tolist(), listed.tolist(), strict=True)) == [(0, 2.0**20), (9, 512.0)]
    assert outcome.ledger.is_affected_at_end.tolist() == [True, False]


def test_two_orders_for_one_prefix_need_two_withdrawals():
    orders = ((0, "block", PREFIX), (1, "block", PREFIX), (5, "unblock", PREFIX))
    assert SmallWorld(orders, horizon_s=10).run().ledger.is_affected_at_end.tolist() == [True]
    twice = (*orders, (6, "unblock", PREFIX))
    assert SmallWorld(twice, horizon_s=10).run().ledger.is_affected_at_end.tolist() == [False]


@pytest.mark.parametrize(
    ("t_s", "tick_s"), [(-5, 0), (0, 0), (1, 60), (60, 60), (61, 100), (100, 100), (101, 107)]
)
def test_a_row_of_the_cadence_holds_until_the_next_begins(t_s, tick_s):
    assert next_tick_s(((0, 60), (100, 7)), t_s) == tick_s
    # Nor is a tick of the old row taken just after the next row begins.
    assert next_tick_s(((0, 101), (100, 7)), 1) == 100


def test_a_business_is_cut_off_above_a_tenth_and_affected_above_a_hundredth():
    """One in sixteen users from 10 s to the end, all others from 20 to 30 s."""
    small = SmallWorld(
        orders=((10, "block", PREFIX), (30, "unblock", PREFIX)),
        actors=(Actor(0.0625, release_lag_s=1000), Actor(0.9375, apply_lag_s=10)),
        horizon_s=100,
    )
    ledger = small.run().ledger
    assert (ledger.affected_s[0], ledger.impaired_s[0]) == (90, 10)
    assert (ledger.first_outage_s[0], ledger.last_outage_s[0]) == (10, 100)
    assert (ledger.first_cut_off_s[0], ledger.last_cut_off_s[0]) == (20, 30)


def test_an_event_at_the_horizon_does_not_happen():
    outcome = SmallWorld(orders=((100, "block", PREFIX),), horizon_s=100).run()
    assert outcome.events.t_s.size == 0
    assert outcome.ledger.n_spells.tolist() == [0]


def test_what_operators_do_in_one_second_is_logged_in_their_sequence():
    small = SmallWorld(
        orders=((1, "block", PREFIX), (101, "unblock", PREFIX)),
        actors=(Actor(0.125, 100, apply_lag_s=10, release_lag_s=20),) * 8,
        horizon_s=1000,
    )
    log = small.run().events
    for kind in (Kind.DOWNLOADED, Kind.ENFORCED, Kind.RELEASED):
        mine = log.operator_row[log.kind == kind].tolist()
        assert mine == list(range(8)) * (len(mine) // 8), kind
        assert mine


# What fails at each operator, and to which cause it is put down.


ONE, OTHER, FREE = "192.0.2.7", "198.51.100.1", "203.0.113.1"
USD = 1_000_000


def sat(front: str, *rest: Seat | int) -> tuple[Seat | int, ...]:
    """A front end, other components, and free ones for what is left."""
    return (Seat((front,)), *rest, *(Seat((FREE,)),) * (4 - len(rest)))


def test_two_operators_and_two_causes_by_hand():
    """The front end fails first, the service 200 s later; the second operator is 100 s late."""
    world = SmallWorld(
        orders=(Dated(5, "block", (f"{ONE}/32",)), Dated(205, "block", (f"{OTHER}/32",))),
        actors=(Actor(0.5), Actor(0.25, apply_lag_s=100), Actor(0.25, compliance=0.0)),
        services=(Seat((OTHER,)),),
        firms=(
            Firm(weights=(0.5, 0.875, 0.0, 0.0, 0.0), seats=sat(ONE, 0)),
            Firm(addresses=(FREE,) * 5),
        ),
        horizon_s=1000,
    )
    found = world.run().at_operators
    # Alone the front end fails 0.5; both fail 1 - 0.5 * 0.125 = 0.9375, of which the front end has
    # the mean of 0.5 and 0.9375 - 0.875, the service the mean of 0.875 and 0.9375 - 0.5.
    lost_s = np.zeros((3, len(CAUSES)))
    lost_s[0, OWN_ADDRESS] = 0.5 * (200 * 0.5 + 795 * 0.28125)
    lost_s[0, BOUGHT_SERVICE] = 0.5 * 795 * 0.65625
    lost_s[1, OWN_ADDRESS] = 0.25 * (200 * 0.5 + 695 * 0.28125)
    lost_s[1, BOUGHT_SERVICE] = 0.25 * 695 * 0.65625
    np.testing.assert_allclose(found.lost_micro_usd, lost_s / HOUR * USD, rtol=1e-12)
    assert found.time_s.tolist() == [[995, 895, 0], [995, 895, 0], [795, 695, 0]]
    assert found.n_ever.tolist() == [[1, 1, 0]] * 3
    assert found.main_cause.tolist() == [BOUGHT_SERVICE, NO_CAUSE]


def test_causes_that_each_fail_everything_have_equal_parts_and_the_first_is_the_main_one():
    world = SmallWorld(
        orders=(Dated(0, "block", (f"{ONE}/32",)),),
        services=(Seat((ONE,)),),
        firms=(Firm(weights=(1.0, 1.0, 1.0, 0.0, 0.0), seats=sat(ONE, 0, Seat((ONE,))),
                    elsewhere=(2,)),),
        horizon_s=HOUR,
    )  # fmt: skip
    found = world.run().at_operators
    (lost,) = found.lost_micro_usd / USD
    assert lost == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0])
    assert found.main_cause.tolist() == [OWN_ADDRESS]


def test_names_and_overload_are_causes_of_their_own():
    """A name that a quarter evades, and an operator that fails half of all attempts."""
    world = SmallWorld(
        orders=(Dated(0, "block", (), "name", 1.0), Dated(0, "block", (f"{ONE}/32",))),
        actors=(Actor(rule_capacity=0, overload="degrade", overload_severity=0.5),),
        firms=(Firm(addresses=(FREE,) * 5, name_draw=0.5),),
        horizon_s=HOUR,
        name_evasion=0.25,
    )
    (lost,) = world.run().at_operators.lost_micro_usd / USD
    # No rule is allowed and one is held. Together 1 - 0.5 * 0.25 = 0.875.
    assert lost[NAME] == pytest.approx((0.75 + 0.875 - 0.5) / 2)
    assert lost[OVERLOADED_OPERATOR] == pytest.approx((0.5 + 0.875 - 0.75) / 2)


def test_one_cause_takes_the_place_of_another_that_fails_as_much():
    """The share that fails stays the same over the second in which the cause changes."""
    world = SmallWorld(
        orders=(
            Dated(0, "block", (f"{ONE}/32",)),
            Dated(600, "unblock", (f"{ONE}/32",)),
            Dated(600, "block", (f"{OTHER}/32",)),
        ),
        firms=(Firm(weights=(0.5, 0.5, 0.0, 0.0, 0.0), seats=sat(ONE, Seat((OTHER,))),
                    elsewhere=(1,)),),
        horizon_s=HOUR,
    )  # fmt: skip
    outcome = world.run()
    (lost,) = outcome.at_operators.lost_micro_usd / USD
    assert lost[OWN_ADDRESS] == pytest.approx(0.5 * 600 / HOUR)
    assert lost[COMPONENT_ELSEWHERE] == pytest.approx(0.5 * 3000 / HOUR)
    assert outcome.at_operators.main_cause.tolist() == [COMPONENT_ELSEWHERE]


# Curves read at some times have, at each of these, the value of their last change before.


Steps = dict[int, float]
steps = st.dictionaries(st.integers(1, 40), st.integers(-2, 2).map(float), max_size=12)


def curves_of(all_steps: list[Steps]) -> Curves:
    rows = [(row, t_s, one[t_s]) for row, one in enumerate(all_steps) for t_s in sorted(one)]
    row, t_s, value = (np.array(column) for column in zip(*rows, strict=True))
    series = tuple(Series(f"m{n}", Group(), np.nan) for n in range(len(all_steps)))
    return Curves(series, row, t_s, value.astype(float))


def value_at(points: Steps, at: int) -> float:
    return points[max(t_s for t_s in points if t_s <= at)]


@given(st.lists(steps, min_size=1, max_size=4), st.sets(st.integers(1, 50), max_size=8))
@example([{3: 1.0, 4: 0.0}, {}], {4})
@example([{40: 1.0}], set())
def test_a_curve_at_some_times_is_what_its_steps_say(changes, later):
    all_steps = [{0: 0.0} | one for one in changes]
    at_s = np.array([0, *sorted(later)])
    found = curves_of(all_steps).at(at_s)
    assert found.series == curves_of(all_steps).series
    for row, points in enumerate(all_steps):
        t_s, value = found.points(f"m{row}", Group())
        held = dict(zip(t_s.tolist(), value.tolist(), strict=True))
        assert t_s.tolist() == sorted(set(held))
        assert set(held) <= set(at_s.tolist())
        assert 0 in held
        for at in at_s.tolist():
            assert value_at(held, at) == value_at(points, at)
        assert (np.diff(value) != 0).all(), "only changes are kept"
    assert (np.diff(found.series_row) >= 0).all()
