"""Programs leave a shared range while it is blocked: at which look, to where, and for how long."""

import pytest

from sim.engine.eventlog import Kind
from sim.measure.impact import measure_switching
from tests.sections import Reactions
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Program, Response, Seat, SmallWorld

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


def test_a_look_sees_what_was_blocked_just_before_its_second():
    at_650 = ((650, "block", "192.0.2.7/32"), FREE)
    assert switched(small(orders=at_650))[0] == (1250, "switched_off")
    at_649 = ((649, "block", "192.0.2.7/32"), FREE)
    assert switched(small(orders=at_649))[0] == (650, "switched_off")
    at_start = ((0, "block", "192.0.2.7/32"), FREE)
    early = Program(0, FRONT_END.addresses)
    assert switched(small(early, orders=at_start))[0] == (600, "switched_off")


def test_a_block_that_is_gone_by_the_next_look_is_not_noticed():
    brief = (BLOCK, (640, "unblock", "192.0.2.7/32"))
    world = small(orders=brief)
    assert switched(world) == []
    assert world.run().ledger.down_s[0] == 540


def test_a_list_that_covers_its_own_address_reaches_it_there():
    wide = ((100, "block", "192.0.2.0/24"), (5000, "unblock", "192.0.2.0/24"))
    world = small(Program(FIRST_S, (LISTED_TOO, "", "", "", "")), orders=wide)
    assert switched(world) == [(650, "switched_off"), (5450, "switched_back")]
    assert world.run().ledger.down_s[0] == 4900


def test_one_operator_that_blocks_is_enough_and_all_must_have_let_go():
    actors = (Actor(share=0.25), Actor(share=0.75, compliance=0.0))
    assert switched(small(actors=actors))[0] == (650, "switched_off")
    slow = (Actor(share=0.5), Actor(share=0.5, release_lag_s=HOUR))
    assert switched(small(actors=slow)) == [(650, "switched_off"), (9050, "switched_back")]


def test_any_blocked_address_is_enough_and_all_served_roles_go_at_once():
    seats = (Seat((OWN, SHARED)), Seat((OWN,)), *(Seat((OWN,)),) * 3)
    both = Program(FIRST_S, (OWN, LISTED_TOO, "", "", ""))
    orders = (BLOCK, (100, "block", "192.0.2.9/32"))
    firm = {"seats": seats, "weights": (0.0, 1.0, 0.0, 0.0, 0.0)}
    world = small(both, orders=orders, firm=firm)
    # The front end is still reached by its other address; its storage goes with it, to worse.
    assert world.run().ledger.first_outage_s[0] == 650


def test_what_is_throttled_is_left_and_what_is_exempt_is_not():
    throttled = (Dated(100, "block", ("192.0.2.7/32",), "throttle"),)
    assert switched(small(orders=throttled)) == [(650, "switched_off")]
    exempt = (Dated(90, "block", ("192.0.2.7/32",), "exempt"), Dated(*BLOCK[:2], (BLOCK[2],)))
    assert switched(small(orders=exempt)) == []


def test_who_moves_by_itself_has_left_for_good():
    rules = Reactions(
        responses="x",
        n_rounds=1,
        patience_median_h=1.0,
        patience_sigma=0.0,
        onboarding_slots=1,
        onboarding_h=2.0,
    )
    # Off from 650 on and impaired there too, patient for an hour, away another hour later.
    wide = ((100, "block", "192.0.2.0/24"), (DAY // 2, "unblock", "192.0.2.0/24"))
    firm = {"patience_s": HOUR, "responses": (Response("foreign", HOUR, (OWN,) * 5),)}
    program = Program(FIRST_S, (LISTED_TOO, "", "", "", ""))
    world = small(program, orders=wide, firm=firm, reactions=rules)
    assert switched(world) == [(650, "switched_off")]
    ledger = world.run().ledger
    moved_s = ledger.last_outage_s[0]
    # A switch that does not help lets patience run on.
    assert moved_s == 100 + 2 * HOUR
    assert measures(world)["business_hours_unprotected"] == pytest.approx((moved_s - 650) / HOUR)


def test_a_wait_is_no_move():
    rules = Reactions(
        responses="x",
        n_rounds=1,
        patience_median_h=1.0,
        patience_sigma=0.0,
        onboarding_slots=1,
        onboarding_h=2.0,
    )
    firm = {"patience_s": 300, "responses": (Response("wait"),)}
    world = small(firm=firm, reactions=rules)
    assert switched(world) == [(650, "switched_off"), (5450, "switched_back")]


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
