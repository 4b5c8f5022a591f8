"""Clients who know some fronts, hops from one to another, and people who complain."""

from dataclasses import replace
from fractions import Fraction
from ipaddress import IPv4Address
from itertools import combinations

import numpy as np
import pytest

from sim.engine.state.ledger import Group
from sim.engine.state.pressure_kernel import N_PEOPLE, _turn_people
from sim.engine.state.space import _none_known
from sim.engine.state.states import States
from tests.complaining import attention_of
from tests.loops import called
from tests.property.test_engine_reference import ledger_of, ledger_row
from tests.reference import simulate_reference
from tests.sections import Censor, Fronts, Users, still
from tests.unit.engine.test_actors_alone import UNSEEN
from tests.unit.engine.test_pressure import QUIET
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld


@pytest.mark.parametrize(("n", "m"), [(1, 1), (6, 1), (6, 2), (6, 5), (6, 6)])
def test_who_knows_none_of_some_fronts_is_counted_out(n, m):
    found = _none_known(Fronts(pools="x", n_fronts=n, n_known=m))
    ways = [set(known) for known in combinations(range(n), m)]
    for u in range(n + 1):
        usable = set(range(u))
        share = Fraction(sum(not (known & usable) for known in ways), len(ways))
        assert found[u] == pytest.approx(float(share))


def test_left_out_everybody_knows_all_fronts_of_the_start():
    assert _none_known(Fronts(pools="x", n_fronts=3)).tolist() == [1, 0, 0, 0]


WIDE = ("198.18.0.0/16",)


def besieged(
    blocked: tuple[tuple[int, tuple[int, ...]], ...], n_known: int | None, hop_min: float | None
) -> SmallWorld:
    """Four fronts, none of which is ever given up; blocked are some of them, by row, at times."""
    small = _besieged(n_known, hop_min)
    address = small.run().front_address
    assert np.unique(address).size == 4
    orders = tuple(
        Dated(t_s, "block", tuple(f"{IPv4Address(int(address[row]))}/32" for row in rows))
        for t_s, rows in blocked
    )
    return replace(small, orders=orders)


def _besieged(n_known: int | None, hop_min: float | None) -> SmallWorld:
    return SmallWorld(
        pools=(Pool("alpha", 1.0, WIDE),),
        fronts=Fronts(
            pools="x",
            n_fronts=4,
            n_known=n_known,
            monitor_lag_h=1.0,
            push_tau_h=1.0,
            lost_share=1.0,
        ),
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0),
        users=Users(
            n_target_users=1e6,
            tick_h=24.0,
            vpn_start=0.0,
            vpn_rate_per_d=0.0,
            leave_rate_per_d=0.0,
            hop_min=hop_min,
        ),
        actors=(Actor(share=0.75), Actor(share=0.25, compliance=0.0)),
        horizon_s=2 * DAY,
    )


TWO = (DAY // 2, (0, 1))
THIRD = (DAY // 2 + 300, (2,))


def test_hops_that_overlap_are_independent_and_end_within_a_tick():
    # Half of the fronts for ten minutes, and from five minutes on half of those left.
    outcome = besieged((TWO, THIRD), None, 10.0).run()
    minutes = 0.75e6 * (5 * 0.5 + 5 * (1 - 0.5 * 0.5) + 5 * 0.5)
    assert outcome.users.hopping_s.sum() == pytest.approx(minutes * 60)
    t_s, value = outcome.curves.points("target_degraded_share", Group())
    assert t_s.tolist() == [0, DAY]
    assert value == pytest.approx([minutes / 1e6 / (24 * 60), 0.0])


def test_more_hops_at_one_time_than_there_was_room_for():
    # Six hops that end, then thirty within the hour that each of them takes, of forty fronts; at a
    # second operator ten minutes later, so that its hops are under way while the first makes room.
    n, hop_s = 40, 3600
    small = replace(
        _besieged(None, hop_s / 60),
        actors=(Actor(share=0.5), Actor(share=0.25, apply_lag_s=600), Actor(0.25, compliance=0.0)),
    )
    fronts = small.fronts.model_copy(update={"n_fronts": n})
    small = replace(small, fronts=fronts)
    address = small.run().front_address
    assert np.unique(address).size == n
    hops_s = [*range(600, 1200, 100), *range(DAY, DAY + 1800, 60)]
    small = replace(
        small,
        orders=tuple(
            Dated(t_s, "block", (f"{IPv4Address(int(address[row]))}/32",))
            for row, t_s in enumerate(hops_s)
        ),
    )
    on_the_way = Fraction(0)
    for t_s in range(600, DAY + 1800 + hop_s):
        under_way = [row for row, at_s in enumerate(hops_s) if at_s <= t_s < at_s + hop_s]
        if under_way:
            # Of n - row fronts one is dropped: what is left of them multiplies to a fraction.
            first, last = under_way[0], under_way[-1]
            on_the_way += 1 - Fraction(n - 1 - last, n - first)
    assert small.run().users.hopping_s.sum() == pytest.approx(0.75e6 * float(on_the_way))


def test_people_complain_for_as_long_as_they_miss_what_businesses_offer():
    world = SmallWorld(actors=(Actor(0.5), Actor(0.5)), firms=(Firm(),)).world()
    changed = {"per_business_per_d": 0.0, "per_million_users_per_d": 0.0}
    changed |= {"per_million_people_per_d": 1e6}
    attention = attention_of(QUIET.model_copy(update=changed), world)
    attention.columns.rates[N_PEOPLE] = 400.0
    states = States(world)
    for day, n in enumerate(([100.0, 0.0], [200.0, 50.0], [100.0, 0.0])):
        # So many miss it at each operator, of 200 there.
        lost = np.array(n) / 200 * states.value_micro_usd_per_h[0]
        states.columns.lost_micro_usd_per_h[:, 0] = lost
        called(_turn_people)(attention.pressure, states.handle)
        assert attention.complaints(day * DAY, (day + 1) * DAY) == pytest.approx(sum(n))


# States that change though no address is listed or released: by drift of users, and by names.


def drifting(distance: float) -> SmallWorld:
    """A business at some distance below the upper threshold, to which drift brings it."""
    # Who is on a VPN reaches a business that is dropped for all others: u = 1 - v, and v grows.
    return SmallWorld(
        orders=(Dated(0, "block", ("203.0.113.1/32",)),),
        firms=(Firm(weights=(1.0, 0.0, 0.0, 0.0, 0.0)),),
        # One version and one download: the reference walks through each.
        cadence=((0, 30 * DAY),),
        actors=(Actor(poll_interval_s=30 * DAY),),
        pools=(Pool("alpha", 1.0, ("198.18.0.0/24",)),),
        fronts=Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5),
        censor=UNSEEN,
        users=still(tick_h=1.0, vpn_start=0.1 - distance, vpn_rate_per_d=0.002),
        horizon_s=8 * DAY,
    )


@pytest.mark.parametrize("distance", [1e-5, 1e-4, 5e-4, 2e-3])
def test_a_threshold_is_crossed_by_the_slowest_drift_at_the_tick_at_which_it_is(distance):
    small = drifting(distance)
    (found,) = ledger_of(small.run())
    (expected,) = [ledger_row(row) for row in simulate_reference(small.reference()).ledger]
    assert found[7:] == expected[7:]
    down_s = int(found[9])
    assert 0 < down_s < small.horizon_s
    # 0.002 * 0.75 * 0.4 a day, and a tick to notice it.
    assert down_s == pytest.approx(DAY * distance / 0.0006, abs=1.5 * HOUR, rel=0.01)


def test_what_is_released_in_the_second_of_a_crossing_is_reached_from_then_on():
    hourly = {"cadence": ((0, HOUR),), "actors": (Actor(poll_interval_s=HOUR),)}
    # Nothing but the front end changes there, so drift and one role meet in that second.
    alone = Firm(("203.0.113.1", *("192.0.2.9",) * 4), weights=(1.0, 0.0, 0.0, 0.0, 0.0))
    small = replace(drifting(5e-4), **hourly, firms=(alone,), horizon_s=2 * DAY)
    crossed_s = int(ledger_of(small.run())[0][9])
    released = Dated(crossed_s, "unblock", ("203.0.113.1/32",))
    small = replace(small, orders=(*small.orders, released))
    assert small.run().ledger.affected_s.tolist() == [crossed_s]
    (expected,) = [ledger_row(row) for row in simulate_reference(small.reference()).ledger]
    np.testing.assert_allclose(ledger_of(small.run())[0], expected, rtol=1e-9)


def test_a_name_that_is_released_is_reached_again_unless_another_entry_matches_it():
    small = SmallWorld(
        orders=(
            Dated(0, "block", (), "name", 0.5),
            Dated(HOUR, "block", (), "name", 0.25),
            Dated(5 * HOUR, "unblock", (), "name", 0.5),
            Dated(9 * HOUR, "unblock", (), "name", 0.25),
        ),
        firms=tuple(Firm(name_draw=draw) for draw in (0.125, 0.375, 0.625)),
        horizon_s=DAY,
    )
    ledger = small.run().ledger
    assert ledger.affected_s.tolist() == [9 * HOUR, 5 * HOUR, 0]
    assert np.allclose(ledger.lost_demand_h, [9 * 0.75, 5 * 0.75, 0])
