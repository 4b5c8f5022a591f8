"""The line of the hotline against the fluid queue worked out by hand, and against D/D/1/K."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.state.hotline import Hotline
from sim.measure.impact import measure_impact
from tests.sections import Censor, Complaints, Fronts, Users
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld


def test_a_line_that_gets_more_than_it_takes_fills_and_turns_the_rest_away() -> None:
    line = Hotline(per_d=10.0, room=15.0)
    line.take(1.0, 20.0)
    assert (line.waiting, line.n_taken, line.n_turned_away) == (10.0, 10.0, 0.0)
    line.take(1.0, 20.0)
    # Full after half a day: of the ten that come beyond what is taken, five find no room.
    assert (line.waiting, line.n_taken, line.n_turned_away) == (15.0, 20.0, 5.0)
    assert line.wait_s == 1.5 * DAY
    line.take(4.0, 0.0)
    assert (line.waiting, line.n_taken, line.n_turned_away) == (0.0, 35.0, 5.0)
    assert line.longest_wait_s == 1.5 * DAY


def test_a_line_that_takes_more_than_it_gets_stays_empty() -> None:
    line = Hotline(per_d=10.0, room=math.inf)
    line.take(3.0, 29.0)
    assert (line.waiting, line.n_taken, line.n_turned_away, line.wait_s) == (0.0, 29.0, 0.0, 0)


def one_by_one(rates: list[float], per_d: float, room: int) -> tuple[float, float]:
    """Complaints taken down and turned away, one at a time at even distances, a day per rate.

    A queue D/D/1/K with K = room beside the one that is served: the fluid is its limit.
    """
    arrivals = [day + n / rate for day, rate in enumerate(rates) for n in range(round(rate))]
    begun: list[float] = []
    n_turned_away, free_s = 0, 0.0
    for at in arrivals:
        # Who comes later begins later.
        if len(begun) - bisect_right(begun, at) >= room:
            n_turned_away += 1
            continue
        begun.append(max(at, free_s))
        free_s = begun[-1] + 1 / per_d
    return float(sum(start + 1 / per_d <= len(rates) for start in begun)), float(n_turned_away)


RATES, PER_D, ROOM = [4000.0, 9000.0, 2000.0, 500.0, 8000.0], 3000.0, 5000


def fluid(per_d: float) -> tuple[float, float]:
    line = Hotline(per_d, ROOM)
    for rate in RATES:
        line.take(1.0, rate)
    return line.n_taken, line.n_turned_away


def test_the_fluid_is_the_limit_of_a_queue_of_single_complaints() -> None:
    # Nowhere do the two differ by more than the few that are between two arrivals.
    np.testing.assert_allclose(fluid(PER_D), one_by_one(RATES, PER_D, ROOM), atol=5)


def test_another_pace_of_the_hotline_would_be_told_apart() -> None:
    wanted = one_by_one(RATES, PER_D, ROOM)
    assert not np.allclose(fluid(PER_D * 1.01), wanted, atol=5)


def impaired(named_per_d: float = 100.0, **rules: float | None) -> SmallWorld:
    """Three businesses down from the start, each with complaints at an even rate."""
    return SmallWorld(
        orders=(Dated(0, "block", ("203.0.113.0/24",)),),
        actors=(Actor(poll_interval_s=HOUR),),
        firms=(Firm(), Firm(), Firm()),
        cadence=((0, HOUR),),
        horizon_s=4 * DAY,
        pools=(Pool("alpha", 1.0, ("192.0.2.0/24",)),),
        fronts=Fronts(pools="x", n_fronts=1),
        censor=Censor(discovery_lag_h=1e6),
        users=Users(tick_h=6.0, vpn_rate_per_d=0.0, vpn_start=0.0),
        complaints=Complaints(
            per_business_per_d=8.0,
            per_million_users_per_d=0.0,
            snowball=0.0,
            attention_per_complaint=0.0,
            named_per_d=named_per_d,
            hotline_servers=3,
            hotline_service_h=1e-6,
            confirmed_share=1.0,
            exempt_lag_h=1.0,
            **rules,
        ),
    )


def measures(small: SmallWorld) -> dict[str, float]:
    return {found.metric: found.value for found in measure_impact(small.world(), small.run())}


def test_a_run_keeps_what_the_hotline_took_and_turned_away() -> None:
    # Nobody appeals by name: three businesses complain 24 times a day, four days long.
    found = measures(impaired(0.0, hotline_calls_per_d=4.0, hotline_room=10.0))
    assert found["complaints"] == pytest.approx(96.0)
    assert found["complaints_taken_down"] == pytest.approx(16.0)
    assert found["complaints_turned_away"] == pytest.approx(96.0 - 16.0 - 10.0)
    assert found["hotline_longest_wait_h"] == pytest.approx(10.0 / 4.0 * 24)
    assert "complaints_taken_down" not in measures(impaired())


def exempted_s(small: SmallWorld) -> list[int]:
    events = small.run().events
    return events.t_s[events.kind == Kind.EXEMPTED].tolist()


def test_an_appeal_waits_behind_the_complaints_before_it() -> None:
    at_once = exempted_s(impaired())
    assert at_once == [6 * HOUR + HOUR] * 3
    # At the first tick 6 complaints have come and 3 were taken down: three quarters of a day.
    slow = impaired(hotline_calls_per_d=12.0)
    waiting = exempted_s(slow)
    assert waiting == [6 * HOUR + 6 * HOUR + HOUR] * 3
