"""What tenants inherit, in worlds small enough to work out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.engine.record.outcome import VpnSteps
from sim.measure.impact import measure_impact
from sim.measure.inherited import inherited_by
from tests.worlds import DAY, HOUR, Actor, Arrival, Dated, Firm, SmallWorld

LISTED = "192.0.2.7"
CLEAN = "203.0.113.1"
CAME_S = 10 * HOUR
BLOCK = Dated(100, "block", ("192.0.2.0/25",))
CAME = (Arrival(CAME_S, 0, (LISTED,)),)


def small(*orders: Dated, arrivals=CAME, **changes) -> SmallWorld:
    firm = {"addresses": (CLEAN,) * 5, "arrivals": arrivals} | changes.pop("firm", {})
    world = {"orders": orders, "firms": (Firm(**firm),), "horizon_s": DAY, "has_tenancy": True}
    return SmallWorld(**(world | changes))


def found(world: SmallWorld) -> tuple[int, int, int, float]:
    """Arrivals, blocked ones, seconds affected, hours of demand lost; of the first business."""
    it = inherited_by(world.world(), world.run())
    return (
        int(it.n_arrivals[0]),
        int(it.n_blocked[0]),
        int(it.affected_s[0]),
        float(it.lost_demand_h[0]),
    )


def test_an_entry_placed_before_the_tenant_came_is_inherited():
    assert found(small(BLOCK)) == (1, 1, 14 * HOUR, 14.0)


@pytest.mark.parametrize("placed_s", [CAME_S, CAME_S + 1])
def test_an_entry_placed_when_the_tenant_was_there_is_not(placed_s):
    world = small(Dated(placed_s, "block", ("192.0.2.0/25",)))
    assert world.run().ledger.down_s[0] > 13 * HOUR
    assert found(world) == (1, 0, 0, 0.0)


def test_of_two_entries_on_an_address_the_older_one_counts_alone():
    later = Dated(CAME_S + 5, "block", ("192.0.2.0/24",))
    gone = Dated(CAME_S + HOUR, "unblock", ("192.0.2.0/25",))
    world = small(BLOCK, later, gone, actors=(Actor(release_lag_s=9),))
    assert world.run().ledger.down_s[0] == 14 * HOUR
    assert found(world)[2] == HOUR + 9


def test_a_withdrawn_entry_is_inherited_while_an_operator_still_enforces_it():
    gone = Dated(CAME_S - HOUR, "unblock", ("192.0.2.0/25",))
    assert found(small(BLOCK, gone))[1] == 0
    assert found(small(BLOCK, gone, actors=(Actor(release_lag_s=3 * HOUR),)))[:2] == (1, 1)


def test_who_came_back_to_an_address_listed_meanwhile_inherits_what_first_hit_it():
    # Listed while it sat there: not inherited; on its return the entry is older than its coming.
    back = Arrival(CAME_S, 0, (CLEAN,)), Arrival(CAME_S + HOUR, 0, (LISTED,))
    assert found(small(BLOCK, arrivals=back, firm={"addresses": (LISTED,) * 5}))[:3] == (
        2,
        1,
        13 * HOUR,
    )


def test_spread_addresses_fail_by_halves_and_throttled_ones_by_degree():
    spread = Arrival(CAME_S, 0, (LISTED, CLEAN), "spread")
    assert found(small(BLOCK, arrivals=(spread,))) == (1, 1, 14 * HOUR, 7.0)
    slow = Dated(100, "block", ("192.0.2.0/25",), "throttle")
    assert found(small(slow, throttle_severity=0.25)) == (1, 1, 14 * HOUR, 3.5)
    # A drop decides over a throttle, in whatever sequence they came.
    both = (Dated(90, "block", ("192.0.2.0/24",), "drop"), slow)
    assert found(small(*both, throttle_severity=0.25)) == (1, 1, 14 * HOUR, 14.0)


def test_an_exemption_frees_whenever_it_was_placed():
    pardon = Dated(CAME_S + HOUR, "block", ("192.0.2.7/32",), "exempt")
    assert found(small(BLOCK, pardon)) == (1, 1, HOUR, 1.0)
    assert found(small(BLOCK, Dated(50, "block", ("192.0.2.7/32",), "exempt")))[1] == 0


def test_the_share_of_users_decides_who_is_affected():
    few = Actor(0.005), Actor(0.995, compliance=0.0)
    assert found(small(BLOCK, actors=few))[:3] == (1, 1, 0)
    some = Actor(0.05), Actor(0.95, compliance=0.0)
    assert found(small(BLOCK, actors=some))[:3] == (1, 1, 14 * HOUR)  # affected, not impaired
    nobody = Actor(0.0), Actor(1.0, compliance=0.0)
    assert found(small(BLOCK, actors=nobody)) == (1, 0, 0, 0.0)


def test_users_on_a_vpn_do_not_meet_the_block():
    world = small(BLOCK)
    steps = VpnSteps(
        np.array([0, CAME_S + 2 * HOUR, CAME_S + 4 * HOUR]), np.array([[0.0], [1.0], [0.5]])
    )
    it = inherited_by(world.world(), replace(world.run(), vpn=steps))
    # Two hours of all users, two of none, ten of half of them.
    assert it.affected_s[0] == (2 + 10) * HOUR
    assert it.lost_demand_h[0] == 2 + 5


def test_a_name_is_not_inherited():
    world = small(Dated(100, "block", (), "name", 1.0), firm={"name_draw": 0.0})
    assert world.run().ledger.affected_s[0] > 0
    assert found(world) == (1, 0, 0, 0.0)


def test_three_states_and_their_denominators():
    firms = (
        Firm(addresses=(CLEAN,) * 5, arrivals=(Arrival(CAME_S, 0, (LISTED,)),)),
        Firm(addresses=(CLEAN,) * 5, arrivals=(Arrival(CAME_S, 0, (CLEAN,)),)),
        Firm(addresses=(LISTED,) * 5),
    )
    world = SmallWorld((BLOCK,), firms=firms, horizon_s=DAY, has_tenancy=True)
    it = inherited_by(world.world(), world.run())
    assert (it.n_arrivals.tolist(), it.n_blocked.tolist()) == ([1, 1, 0], [1, 0, 0])
    measures = {m.metric: m for m in measure_impact(world.world(), world.run())}
    found = {name: (measures[name].value, measures[name].denominator) for name in INHERITED}
    assert found == {
        "arrivals": (2.0, 3.0),
        "arrivals_inherited_share": (0.5, 2.0),
        "businesses_inherited": (1.0, 2.0),
        "business_hours_inherited": (14.0, 72.0),
        "demand_lost_inherited_share": (pytest.approx(14 / 72), pytest.approx(72.0)),
    }


INHERITED = (
    "arrivals",
    "arrivals_inherited_share",
    "businesses_inherited",
    "business_hours_inherited",
    "demand_lost_inherited_share",
)


def test_where_nobody_came_anywhere_the_share_is_not_known():
    world = small(BLOCK, arrivals=())
    measures = {m.metric: m for m in measure_impact(world.world(), world.run())}
    assert math.isnan(measures["arrivals_inherited_share"].value)
    assert measures["businesses_inherited"].denominator == 0
    assert measures["business_hours_inherited"].value == 0


def test_where_tenants_stay_there_are_no_such_measures():
    world = small(BLOCK, has_tenancy=False)
    assert not set(INHERITED) & {m.metric for m in measure_impact(world.world(), world.run())}
