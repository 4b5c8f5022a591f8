"""States that change though no address is listed or released: by drift of users, and by names."""

from dataclasses import replace

import numpy as np
import pytest

from tests.property.test_engine_reference import ledger_of, ledger_row
from tests.reference import simulate_reference
from tests.sections import Fronts, Users
from tests.unit.engine.test_actors_alone import UNSEEN
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld


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
        users=Users(
            tick_h=1.0,
            n_target_users=1e6,
            share_target_users=0.25,
            vpn_start=0.1 - distance,
            vpn_max=0.5,
            vpn_rate_per_d=0.002,
            vpn_decay_per_d=0.0,
            leave_rate_per_d=0.0,
            return_rate_per_d=0.0,
        ),
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
    wide = Dated(0, "block", (), "name", 0.5)
    small = SmallWorld(
        orders=(
            wide,
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
