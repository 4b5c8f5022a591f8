"""What single actors do, in worlds so small that the outcome is worked out by hand."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.decisions import Observation
from sim.engine.eventlog import Kind
from sim.engine.strategies.names import dns, sni
from sim.streams import Streams
from sim.world.stances import build_stances
from tests.property.test_engine_reference import events_of
from tests.reference import simulate_reference
from tests.sections import Censor, Fronts, Users
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld

STILL = Users(
    tick_h=6.0,
    n_target_users=1e6,
    share_target_users=0.25,
    vpn_start=0.0,
    vpn_max=0.5,
    vpn_rate_per_d=0.0,
    vpn_decay_per_d=0.0,
    leave_rate_per_d=0.0,
    return_rate_per_d=0.0,
)
ONE_FRONT = Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5)
UNSEEN = Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0)
START = datetime(2018, 4, 16, tzinfo=UTC)
ALPHA, BETA = "198.18.0.0/24", "198.19.0.0/24"


@pytest.mark.parametrize("severity", [0.25, 0.75])
def test_a_throttle_denies_its_severity_of_the_hours_of_users_with_no_other_front(severity):
    small = SmallWorld(
        orders=(Dated(0, "block", (ALPHA,), "throttle"),),
        pools=(Pool("alpha", 1.0, (ALPHA,)),),
        fronts=ONE_FRONT,
        censor=UNSEEN,
        users=STILL,
        throttle_severity=severity,
        horizon_s=DAY,
    )
    users = small.run().users
    assert users is not None
    assert users.denied_s.sum() / HOUR == pytest.approx(severity * 24 * 1e6)


def enforced(small: SmallWorld) -> list[tuple[int, int]]:
    """Times and entries that the only operator takes over."""
    log = small.run().events
    mine = log.kind == Kind.ENFORCED
    return list(zip(log.t_s[mine].tolist(), log.entry_row[mine].tolist(), strict=True))


def test_an_entry_that_is_released_makes_room_for_another():
    small = SmallWorld(
        orders=((10, "block", ALPHA), (20, "unblock", ALPHA), (30, "block", BETA)),
        actors=(Actor(rule_capacity=1),),
    )
    assert enforced(small) == [(10, 0), (30, 1)]


def test_without_a_release_there_is_no_room():
    small = SmallWorld(
        orders=((10, "block", ALPHA), (30, "block", BETA)), actors=(Actor(rule_capacity=1),)
    )
    assert enforced(small) == [(10, 0)]


@pytest.mark.parametrize(("withdrawn_s", "found"), [(19, []), (20, []), (21, [(20, 0)])])
def test_what_would_be_enforced_when_it_is_released_is_never_enforced(withdrawn_s, found):
    small = SmallWorld(
        orders=((10, "block", ALPHA), (withdrawn_s, "unblock", ALPHA)),
        actors=(Actor(apply_lag_s=10),),
    )
    assert enforced(small) == found


def test_a_withdrawal_takes_the_oldest_of_equal_entries():
    small = SmallWorld(orders=((10, "block", ALPHA), (20, "block", ALPHA), (30, "unblock", ALPHA)))
    log = small.run().events
    assert log.entry_row[log.kind == Kind.UNBLOCK].tolist() == [0]
    assert log.entry_row[log.kind == Kind.RELEASED].tolist() == [0]


@pytest.mark.parametrize("strategy", [dns, sni])
def test_a_pattern_matches_the_share_of_names_it_is_said_to(strategy):
    (order,) = strategy(0.7)(Observation(t_s=0)).orders
    assert order.overmatch == 0.7


def test_who_complied_before_the_start_rents_the_target_nothing():
    small = SmallWorld(
        orders=((3 * DAY, "block", ALPHA),),
        actors=(Actor(poll_interval_s=6 * HOUR),),
        cadence=((0, 6 * HOUR),),
        pools=(Pool("alpha", 1.0, (ALPHA,)), Pool("beta", 1.0, (BETA,))),
        fronts=ONE_FRONT.model_copy(update={"n_fronts": 4}),
        censor=Censor(discovery_lag_h=5.0, withdraw_lag_h=30.0),
        stances=((-DAY, "alpha", "compliant"), (2 * DAY, "beta", "hostile")),
        horizon_s=5 * DAY,
    )
    outcome = small.run()
    assert Kind.EVICTED not in outcome.events.kind
    assert {int(address) >> 8 for address in outcome.front_address} == {(198 << 16) + (19 << 8)}
    assert events_of(small, outcome) == simulate_reference(small.reference()).events


def turns_d(hazard_per_d: float, n_replicates: int, *dated: tuple[float, str, str]) -> np.ndarray:
    """Days until each of 50 providers turns, replicate by replicate; NaN for never.

    Dated rows are (days from the start, provider, stance).
    """
    names = tuple(f"provider-{row}" for row in range(50))
    resolved = SimpleNamespace(
        scenario=SimpleNamespace(
            start=START, stances=SimpleNamespace(compliance_hazard_per_d=hazard_per_d)
        ),
        stances=SimpleNamespace(
            rows=[
                SimpleNamespace(at=START + timedelta(days=d), provider=name, stance=stance, act="")
                for d, name, stance in dated
            ]
        ),
    )
    days = np.full((n_replicates, 50), np.nan)
    for replicate in range(n_replicates):
        stances = build_stances(resolved, SimpleNamespace(provider=names), Streams(3, replicate))
        for event in stances.events:
            if event.stance == "compliant":
                days[replicate, event.provider_row] = event.t_s / DAY
    return days


@pytest.mark.parametrize("hazard_per_d", [0.05, 4.0])
def test_providers_turn_by_themselves_with_the_hazard(hazard_per_d):
    # Exponential: the mean is one over the hazard, and so is the standard deviation.
    days = turns_d(hazard_per_d, 40).ravel()
    error = 4 / hazard_per_d / np.sqrt(days.size)
    assert abs(days.mean() - 1 / hazard_per_d) < error
    assert abs(days.std() - 1 / hazard_per_d) < 3 * error
    # Negative control: another hazard is told apart.
    assert abs(days.mean() - 1 / (1.2 * hazard_per_d)) > error


def test_a_provider_with_a_dated_turn_has_no_other():
    days = turns_d(0.01, 3, (0.0, "provider-7", "compliant"))
    assert days[:, 7].tolist() == [0.0, 0.0, 0.0]
    assert (np.delete(days, 7, axis=1) > 0).all()


def test_the_hazard_stands_still_while_a_provider_is_hostile():
    calm, name = turns_d(0.05, 40)[:, 7], "provider-7"
    rows = ((-3, "hostile"), (2, "silent"), (10, "hostile"), (12, "hostile"), (15.5, "silent"))
    found = turns_d(0.05, 40, *((day, name, stance) for day, stance in rows))
    # Hostile until day 2 and from day 10 to 15.5, which is a clock of 8 days in between.
    expected = calm + 2 + 5.5 * (calm >= 8)
    assert found[:, 7] == pytest.approx(expected)
    assert np.array_equal(np.delete(found, 7, axis=1), np.delete(turns_d(0.05, 40), 7, axis=1))
    assert {True, False} == set((calm >= 8).tolist())


def test_who_stays_hostile_turns_before_or_never():
    calm = turns_d(0.05, 40)[:, 7]
    found = turns_d(0.05, 40, (10, "provider-7", "hostile"))[:, 7]
    np.testing.assert_array_equal(found, np.where(calm < 10, calm, np.nan))
    assert np.isnan(found).any()
