"""Tenants come to other addresses: when, from which seat, and what holds them."""

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from tests.sections import patient
from tests.worlds import DAY, HOUR, Arrival, Firm, Response, SmallWorld

LISTED = "192.0.2.7"
OTHER = "192.0.2.200"
CLEAN = "203.0.113.1"
BLOCK = ((100, "block", "192.0.2.0/25"),)
RULES = patient(n_rounds=2, onboarding_slots=1, onboarding_h=2.0)


def small(*arrivals: Arrival, **changes) -> SmallWorld:
    firm = {"addresses": (CLEAN,) * 5, "arrivals": arrivals} | changes.pop("firm", {})
    world = {"orders": BLOCK, "horizon_s": DAY, "has_tenancy": True} | changes
    return SmallWorld(firms=(Firm(**firm),), **world)


# Patient for an hour, away an hour later.
MOVING = {
    "addresses": (LISTED,) * 5,
    "patience_s": HOUR,
    "responses": (Response("foreign", HOUR, (CLEAN,) * 5), Response("wait")),
}


def test_who_comes_to_a_listed_address_is_cut_off_from_that_second_on():
    ledger = small(Arrival(5000, 0, (LISTED,))).run().ledger
    assert (ledger.first_outage_s[0], ledger.down_s[0]) == (5000, DAY - 5000)


def test_an_arrival_needs_its_seat():
    # Impaired at 100 s, patient for an hour, away an hour later: from then on seat 1 counts.
    moved_s = 100 + 2 * HOUR
    arrivals = (
        Arrival(moved_s - 1, 0, (OTHER,), seat=1),  # not there yet
        Arrival(moved_s + 1, 0, (OTHER,)),  # no longer there
        Arrival(moved_s + 2, 0, (OTHER,), seat=1),
        Arrival(moved_s + 3, 0, (OTHER,), seat=2),  # a wait leads nowhere
    )
    found = small(*arrivals, firm=MOVING, reactions=RULES).run()
    kinds, t_s = found.events.kind, found.events.t_s
    assert t_s[kinds == Kind.MOVED].tolist() == [moved_s]
    assert t_s[kinds == Kind.READDRESSED].tolist() == [moved_s + 2]


@pytest.mark.parametrize(("seat", "n_came"), [(0, 0), (1, 1)])
def test_moves_of_the_same_second_come_first(seat, n_came):
    arrival = Arrival(100 + 2 * HOUR, 0, (OTHER,), seat=seat)
    found = small(arrival, firm=MOVING, reactions=RULES).run()
    assert (found.events.kind == Kind.READDRESSED).sum() == n_came


def test_a_stay_without_a_second_leaves_no_trace():
    arrivals = Arrival(5000, 0, (LISTED,)), Arrival(5000, 0, (CLEAN,))
    found = small(*arrivals).run()
    assert found.ledger.n_spells[0] == 0
    assert (found.events.kind == Kind.READDRESSED).sum() == 2


def test_the_world_is_frozen():
    stays = small(Arrival(5000, 0, (LISTED,))).world().stays
    with pytest.raises(ValueError, match="read-only"):
        stays.t_s[0] = 0
    assert np.array_equal(stays.seat_of, [0] * 6)
