"""Pressure on the censor: how far public events raise it, and what a withdrawal spares."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.decisions import Mechanism
from sim.engine.eventlog import Kind
from sim.engine.state.ledger import Group
from sim.engine.state.reach_kernel import cut_off_days
from sim.engine.state.space import TargetState
from sim.scenario.tables.rows import STANCES
from tests.complaining import attention_of, turn_impaired
from tests.loops import called
from tests.sections import Censor, Complaints, Fronts, quiet, still
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld

POOLS = (Pool("alpha", 1.0, ("198.18.0.0/16",)), Pool("beta", 1.0, ("203.0.113.0/24",)))
FRONTS = Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5)
STILL = still(tick_h=6.0, n_target_users=1.0, vpn_max=0.0)
QUIET = quiet(snowball=1.0)
LETTER_S = DAY + 5 * HOUR
WIDE, NARROW, SPARED = "203.0.112.0/23", "203.0.113.0/25", "203.0.113.1/32"


def times(outcome, kind: Kind) -> list[int]:
    return outcome.events.t_s[outcome.events.kind == kind].tolist()


def pressed(*events: tuple[int, float], pause: float, quiet: Complaints | None = QUIET):
    """One block order every six hours; only public events raise attention."""
    return SmallWorld(
        orders=tuple((h * HOUR, "block", f"198.18.{h}.0/24") for h in range(0, 8 * 24, 6)),
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0, pause_pressure=pause),
        pools=POOLS,
        fronts=FRONTS,
        users=STILL,
        complaints=quiet,
        pressure_events=events,
        horizon_s=8 * DAY,
    )


def missing_h(outcome) -> list[int]:
    placed = {t_s // HOUR for t_s in times(outcome, Kind.BLOCK)}
    return [h for h in range(0, 8 * 24, 6) if h not in placed]


def test_a_letter_holds_the_censor_back_until_it_is_forgotten():
    # 0.8 is 0.4 two days later, at 77 h, and 0.2 after four.
    outcome = pressed((LETTER_S, 0.8), pause=0.4).run()
    assert missing_h(outcome) == list(range(30, 29 + 48, 6))
    assert outcome.attention == pytest.approx(0.8 * 2 ** -((8 * DAY - LETTER_S) / DAY / 2))


def test_a_letter_tells_from_the_next_second_on():
    at, before = (pressed((30 * HOUR - late_s, 0.8), pause=0.4).run() for late_s in (0, 1))
    assert missing_h(at)[0] == 36
    assert missing_h(before)[0] == 30


def test_without_complaints_nothing_says_how_fast_a_letter_is_forgotten():
    outcome = pressed((LETTER_S, 0.8), pause=0.4, quiet=None).run()
    assert missing_h(outcome) == list(range(30, 8 * 24, 6))


def test_public_events_and_stances_are_in_the_log_with_what_they_are():
    small = pressed((3 * DAY, 0.1), (LETTER_S, 0.2), pause=1.0)
    stances = ((DAY, "beta", "constructive"), (2 * DAY, "beta", "compliant"))
    events = replace(small, stances=stances).run().events
    public = events.kind == Kind.PUBLIC_EVENT
    assert events.t_s[public].tolist() == [LETTER_S, 3 * DAY]
    assert events.public_event_row[public].tolist() == [1, 0]
    turns = events.kind == Kind.STANCE
    taken = [STANCES[row] for row in events.stance_row[turns]]
    assert taken == ["constructive", "compliant"]
    for column, mine in ((events.public_event_row, public), (events.stance_row, turns)):
        assert np.all(column[~mine] == -1)
        assert np.all(column[mine] >= 0)


# What is granted to bystanders outlives the blocks it was granted against.


def granted(**changes) -> SmallWorld:
    """A wide block that stays, a narrow one in beta's range, and an exemption inside both."""
    small = SmallWorld(
        orders=(
            Dated(0, "block", (WIDE,)),
            Dated(1, "block", (NARROW,)),
            Dated(HOUR, "block", (SPARED,), "exempt"),
        ),
        actors=(Actor(),),
        pools=POOLS,
        fronts=FRONTS,
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0),
        horizon_s=5 * DAY,
    )
    return replace(small, **changes)


def test_an_exemption_stays_when_its_provider_complies_and_a_wider_block_holds_it():
    outcome = granted(stances=((DAY, "beta", "compliant"),)).run()
    assert times(outcome, Kind.UNBLOCK) == [DAY + HOUR]
    withdrawn = outcome.events.entry_row[outcome.events.kind == Kind.UNBLOCK].tolist()
    assert [outcome.entry_mechanism[row] for row in withdrawn] == [Mechanism.DROP]
    # The one firm sits on the spared address: one spell, which ended with the exemption.
    assert outcome.ledger.n_spells.tolist() == [1]
    assert outcome.ledger.last_outage_s[0] <= HOUR + 1


def test_an_exemption_stays_when_pressure_ends_the_block():
    ending = Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0, end_pressure=0.5)
    outcome = granted(censor=ending, pressure_events=((2 * DAY, 0.6),)).run()
    assert times(outcome, Kind.UNBLOCK) == [2 * DAY + 1] * 2
    assert outcome.curves.points("addresses_listed", Group())[1][-1] == 0
    withdrawn = outcome.events.entry_row[outcome.events.kind == Kind.UNBLOCK].tolist()
    assert sorted(withdrawn) == [0, 1]
    assert outcome.ledger.n_spells.tolist() == [1]


@pytest.mark.parametrize(
    ("order", "per_business_per_d", "per_million_users_per_d", "curve"),
    [
        ("203.0.113.0/24", 100.0, 0.0, "businesses_impaired"),
        ("198.18.0.0/16", 0.0, 1e8, "target_reached_share"),
    ],
    ids=["businesses", "users"],
)
def test_a_block_ends_in_the_second_in_which_pressure_passes_the_limit(
    order, per_business_per_d, per_million_users_per_d, curve
):
    said = {
        "per_business_per_d": per_business_per_d,
        "per_million_users_per_d": per_million_users_per_d,
        "attention_per_complaint": 0.01,
        "snowball": 0.0,
    }
    outcome = SmallWorld(
        orders=((HOUR, "block", order),),
        actors=(Actor(),),
        pools=POOLS[:1],
        fronts=FRONTS,
        users=STILL.model_copy(update={"tick_h": 48.0}),
        complaints=QUIET.model_copy(update=said),
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0, end_pressure=0.3),
        horizon_s=4 * DAY,
    ).run()
    hit_s = int(outcome.curves.points(curve, Group())[0][1])
    # A hundred complaints a day: r = 1, and A = r / (r + k) * (1 - exp(-(r + k) t)).
    k = math.log(2) / 2
    days = -math.log(1 - 0.3 * (1 + k)) / (1 + k)
    assert times(outcome, Kind.UNBLOCK) == [hit_s + math.ceil(days * DAY)]


# Who complains, against sums over all that are hit.


N = 5
LEVELS = st.lists(
    st.tuples(st.integers(1, 3 * DAY), st.lists(st.integers(0, 3), min_size=N, max_size=N)),
    min_size=1,
    max_size=8,
)


@given(LEVELS, st.integers(1, 5 * DAY), st.integers(0, 2 * DAY))
def test_one_number_stands_for_all_who_are_impaired(turns, length_s, later_s):
    changed = {"per_business_per_d": 1.0, "per_million_users_per_d": 0.0}
    world = SmallWorld(firms=(Firm(),) * N).world()
    attention = attention_of(QUIET.model_copy(update=changed), world)
    t_s, n = 0, 0
    for gap_s, levels in turns:
        t_s += gap_s
        is_impaired, is_now = attention.columns.is_impaired, np.array(levels) >= 2
        beginning = np.flatnonzero(is_now & ~is_impaired).tolist()
        ending = np.flatnonzero(is_impaired & ~is_now).tolist()
        turn_impaired(attention, beginning, ending, t_s)
        n = int(is_now.sum())
    from_s = t_s + later_s
    found = attention.complaints(from_s, from_s + length_s)
    assert found == pytest.approx(n * length_s / DAY, abs=1e-9)


def test_users_who_are_cut_off_count_for_as_long_as_they_are():
    small = SmallWorld(
        actors=(Actor(0.5), Actor(0.5)),
        fronts=FRONTS,
        users=STILL,
        complaints=QUIET,
    )
    # Without a front yet, who is without a VPN is cut off.
    target = TargetState(small.world())
    target.columns.n_by_fate[0] = 30.0, 10.0
    assert called(cut_off_days)(target.handle, 300 * DAY, 303 * DAY) == pytest.approx(120)
