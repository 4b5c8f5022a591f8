"""What the target lost, and what that cost bystanders."""

import math

import pytest

from sim.measure.impact import measure_impact
from tests.sections import Censor, Fronts, Users
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld

CENSOR = Censor(discovery_lag_h=1000.0, withdraw_lag_h=1.0)
FRONTS = Fronts(pools="x", n_fronts=1, monitor_lag_h=1000.0, push_tau_h=1.0, lost_share=0.5)
USERS = Users(
    tick_h=168.0,
    n_target_users=100.0,
    share_target_users=1.0,
    vpn_start=0.25,
    vpn_max=0.5,
    vpn_rate_per_d=0.0,
    vpn_decay_per_d=0.0,
    leave_rate_per_d=0.0,
    return_rate_per_d=0.0,
)


def measured(
    *orders, users=USERS, horizon_s=DAY, actors: tuple[Actor, ...] = (Actor(),)
) -> dict[str, float]:
    small = SmallWorld(
        orders=orders,
        actors=actors,
        firms=(Firm(("192.0.2.7",) * 5),),
        horizon_s=horizon_s,
        pools=(Pool("alpha", 1.0, ("192.0.2.0/24",)),),
        fronts=FRONTS,
        censor=CENSOR,
        users=users,
    )
    return {m.metric: m.value for m in measure_impact(small.world(), small.run())}


def test_user_hours_are_denied_to_those_without_a_vpn_while_the_front_is_dropped():
    found = measured((6 * HOUR, "block", "192.0.2.0/24"))
    assert math.isclose(found["target_user_hours_denied"], 100 * 0.75 * 18)
    assert math.isclose(found["target_user_hours_by_vpn"], 100 * 0.25 * 24)
    assert found["target_users_left_at_end"] == 0
    assert math.isclose(found["target_user_hours_lost_share"], 0.75 * 18 / 24)
    expected = 18 / (100 * 0.75 * 18 / 1e6)
    assert math.isclose(found["collateral_per_million_user_hours_denied"], expected)


def test_where_nothing_is_denied_the_trade_off_is_not_known():
    found = measured()
    assert found["target_user_hours_denied"] == found["target_user_hours_lost_share"] == 0
    assert math.isnan(found["collateral_per_million_user_hours_denied"])


def test_a_name_is_reached_by_those_who_evade_its_blocking():
    found = measured(Dated(6 * HOUR, "block", mechanism="name"))
    # A quarter of those without a VPN evade it; the front itself stays open.
    assert math.isclose(found["target_user_hours_denied"], 100 * 0.75 * 0.75 * 18)


@pytest.mark.parametrize("return_rate", [0.0, 0.25])
def test_users_leave_by_the_equation_of_the_model_where_the_front_is_dropped(return_rate):
    leave_rate, vpn = 0.1, 0.25
    users = USERS.model_copy(
        update={"tick_h": 24.0, "leave_rate_per_d": leave_rate, "return_rate_per_d": return_rate}
    )
    # The second operator, with a fifth of the users, does not drop what is listed: nobody leaves.
    actors = Actor(0.8), Actor(0.2, compliance=0.0)
    found = measured(
        (6 * HOUR, "block", "192.0.2.0/24"),
        users=users,
        horizon_s=3 * DAY + HOUR,
        actors=actors,
    )

    left, left_h, denied_h = 0.0, 0.0, 0.75 * 18
    for share_dropped, hours_after in ((0.75, 24), (1.0, 24), (1.0, 1)):
        missed = (1 - vpn) * share_dropped
        up, down = leave_rate * missed, return_rate * (1 - missed)
        # dl/dt = up * (1 - l) - down * l over a day.
        rest = up / (up + down)
        left = rest + (left - rest) * math.exp(-(up + down))
        left_h += left * hours_after
        denied_h += (1 - left) * (1 - vpn) * hours_after
    assert 10 < 80 * left < 20
    assert math.isclose(found["target_users_left_at_end"], 80 * left)
    assert math.isclose(found["target_user_hours_left"], 80 * left_h)
    lost = found["target_user_hours_lost_share"]
    assert math.isclose(lost, 80 * (left_h + denied_h) / (100 * 73))
