"""Programs leave a shared range while it is blocked: at which look, to where, and for how long."""

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.measure.impact import measure_switching
from tests.sections import patient
from tests.worlds import DAY, HOUR, Arrival, Firm, Program, Response, SmallWorld

SHARED, LISTED_TOO, OWN = "192.0.2.7", "192.0.2.9", "203.0.113.1"
BLOCK = (100, "block", "192.0.2.7/32")
FREE = (5000, "unblock", "192.0.2.7/32")
# Looks at 50, 650, 1250, …: entries of 100 s are seen at 650, that they are gone by 5000 at 5450.
EVERY_S, FIRST_S = 600, 50
FRONT_END = Program(FIRST_S, (OWN, "", "", "", ""))


def small(program: Program | None = FRONT_END, orders=(BLOCK, FREE), firm=None, **changes):
    mine = {"addresses": (SHARED,) + (OWN,) * 4, "program": program} | (firm or {})
    world = {"orders": orders, "horizon_s": DAY, "look_every_s": EVERY_S} | changes
    return SmallWorld(firms=(Firm(**mine),), **world)


def switched(world: SmallWorld) -> list[tuple[int, str]]:
    events = world.run().events
    kinds = (Kind.SWITCHED_OFF, Kind.SWITCHED_BACK)
    return [
        (t_s, Kind(kind).name.lower())
        for t_s, kind in zip(events.t_s.tolist(), events.kind.tolist(), strict=True)
        if kind in kinds
    ]


def measures(world: SmallWorld) -> dict[str, float]:
    found = measure_switching(world.world(), world.run())
    return {measure.metric: measure.value for measure in found}


def test_a_program_leaves_at_its_next_look_and_comes_back_at_the_first_after_the_end():
    world = small()
    assert switched(world) == [(650, "switched_off"), (5450, "switched_back")]
    ledger = world.run().ledger
    # Cut off from the first second of the block to the look, and never again.
    assert (ledger.first_outage_s[0], ledger.last_outage_s[0]) == (100, 650)
    assert (ledger.down_s[0], ledger.n_spells[0]) == (550, 1)
    assert measures(world) == {
        "businesses_ever_unprotected": 1.0,
        "business_hours_unprotected": (5450 - 650) / HOUR,
    }


def test_without_a_program_it_is_cut_off_for_as_long_as_the_block_lasts():
    """Negative control."""
    for world in (small(None), small(look_every_s=None)):
        assert switched(world) == []
        assert world.run().ledger.down_s[0] == 4900
    assert measures(small(None)) == dict.fromkeys(measures(small()), 0.0)
    assert measures(small(look_every_s=None)) == {}


def test_who_moves_by_itself_has_left_for_good():
    rules = patient(n_rounds=1, onboarding_slots=1, onboarding_h=2.0)
    # Off from 650 on and impaired there too, patient for an hour, away another hour later.
    wide = ((100, "block", "192.0.2.0/24"), (DAY // 2, "unblock", "192.0.2.0/24"))
    firm = {"patience_s": HOUR, "responses": (Response("foreign", HOUR, (OWN,) * 5),)}
    program = Program(FIRST_S, (LISTED_TOO, "", "", "", ""))
    world = small(program, orders=wide, firm=firm, reactions=rules)
    assert switched(world) == [(650, "switched_off")]
    moved_s = world.run().ledger.last_outage_s[0]
    # A switch that does not help lets patience run on.
    assert moved_s == 100 + 2 * HOUR
    assert measures(world)["business_hours_unprotected"] == pytest.approx((moved_s - 650) / HOUR)


def test_over_all_phases_half_a_look_is_lost_and_it_is_off_as_long_as_blocked():
    # Phases of every tenth second: a look falls on average half an interval, and half a step, late.
    firms = tuple(
        Firm(addresses=(SHARED,) + (OWN,) * 4, program=Program(at_s, FRONT_END.addresses))
        for at_s in range(0, EVERY_S, 10)
    )
    world = SmallWorld(orders=(BLOCK, FREE), firms=firms, horizon_s=DAY, look_every_s=EVERY_S)
    assert world.run().ledger.down_s.mean() == EVERY_S / 2 + 5
    hours = measures(world)["business_hours_unprotected"]
    assert hours == pytest.approx(len(firms) * (FREE[0] - BLOCK[0]) / HOUR)


# Tenants come to other addresses: when, from which seat, and what holds them.


LISTED_SEAT = "192.0.2.7"
OTHER = "192.0.2.200"
CLEAN = "203.0.113.1"
WIDE = ((100, "block", "192.0.2.0/25"),)
RULES = patient(n_rounds=2, onboarding_slots=1, onboarding_h=2.0)


def tenants(*arrivals: Arrival, **changes) -> SmallWorld:
    firm = {"addresses": (CLEAN,) * 5, "arrivals": arrivals} | changes.pop("firm", {})
    world = {"orders": WIDE, "horizon_s": DAY, "has_tenancy": True} | changes
    return SmallWorld(firms=(Firm(**firm),), **world)


# Patient for an hour, away an hour later.
MOVING = {
    "addresses": (LISTED_SEAT,) * 5,
    "patience_s": HOUR,
    "responses": (Response("foreign", HOUR, (CLEAN,) * 5), Response("wait")),
}


def test_who_comes_to_a_listed_address_is_cut_off_from_that_second_on():
    ledger = tenants(Arrival(5000, 0, (LISTED_SEAT,))).run().ledger
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
    found = tenants(*arrivals, firm=MOVING, reactions=RULES).run()
    kinds, t_s = found.events.kind, found.events.t_s
    assert t_s[kinds == Kind.MOVED].tolist() == [moved_s]
    assert t_s[kinds == Kind.READDRESSED].tolist() == [moved_s + 2]


@pytest.mark.parametrize(("seat", "n_came"), [(0, 0), (1, 1)])
def test_moves_of_the_same_second_come_first(seat, n_came):
    arrival = Arrival(100 + 2 * HOUR, 0, (OTHER,), seat=seat)
    found = tenants(arrival, firm=MOVING, reactions=RULES).run()
    assert (found.events.kind == Kind.READDRESSED).sum() == n_came


def test_a_stay_without_a_second_leaves_no_trace():
    arrivals = Arrival(5000, 0, (LISTED_SEAT,)), Arrival(5000, 0, (CLEAN,))
    found = tenants(*arrivals).run()
    assert found.ledger.n_spells[0] == 0
    assert (found.events.kind == Kind.READDRESSED).sum() == 2


def test_the_world_is_frozen():
    stays = tenants(Arrival(5000, 0, (LISTED_SEAT,))).world().stays
    with pytest.raises(ValueError, match="read-only"):
        stays.t_s[0] = 0
    assert np.array_equal(stays.seat_of, [0] * 6)
