"""What a censor is refused it asks for again when that may pass, and at no other time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.engine.decisions import Decision, Observation
from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism, Order
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies.negotiate import negotiate
from tests.sections import Censor, Complaints, Fronts
from tests.unit.engine.test_pressure import QUIET, STILL, times
from tests.worlds import DAY, HOUR, Actor, Firm, Pool, SmallWorld, _set_of

ALPHA, BETA, ONE = "198.18.0.0/24", "198.19.0.0/24", "198.19.0.0/32"
NEVER = 10**9
OPEN = Censor(discovery_lag_h=1e-9, withdraw_lag_h=1.0)
STANCE_S = 2 * DAY + 7
# Operators never download, so that no front is lost and none is found after the first second.
CHASE = SmallWorld(
    strategy="exact",
    actors=(Actor(poll_interval_s=NEVER, poll_phase_s=NEVER),),
    pools=(Pool("alpha", 1.0, (ALPHA,)), Pool("beta", 1.0, (BETA,))),
    fronts=Fronts(pools="x", n_fronts=3, monitor_lag_h=1e4, push_tau_h=1.0, lost_share=0.5),
    users=STILL,
    complaints=QUIET,
    horizon_s=8 * DAY,
)
LOUD = ((-1, 0.8),)
"""Attention of 0.8 at the start; it halves every two days, and ticks are six hours apart."""


def under(censor: dict, **changes) -> SmallWorld:
    return replace(CHASE, censor=OPEN.model_copy(update=censor), **changes)


def asked(small: SmallWorld, strategy: Callable) -> tuple[Outcome, list[int]]:
    """Outcome under a strategy of one's own, and the seconds in which it was asked."""
    calls: list[int] = []

    def decide(observation: Observation) -> Decision:
        calls.append(observation.t_s)
        return strategy(observation)

    return simulate(small.world(), decide, small.streams), calls


def wanting(*prefixes: str) -> Callable[[Observation], Decision]:
    """Block what is not in force, but for the ranges of who has complied; look no further."""

    def decide(observation: Observation) -> Decision:
        held = [entry.addresses for entry in observation.in_force]
        is_spared = "compliant" in observation.stance
        wanted = [_set_of((prefix,)) for prefix in prefixes if not (is_spared and prefix == ALPHA)]
        return Decision(tuple(Order("block", a) for a in wanted if a not in held))

    return decide


def test_what_a_day_refuses_is_asked_for_the_next_day():
    assert times(under({"orders_per_day": 1}).run(), Kind.BLOCK) == [0, DAY, 2 * DAY]


def test_a_day_without_refusals_is_followed_by_no_question():
    _, calls = asked(under({"orders_per_day": 2}), wanting(ALPHA, BETA))
    assert calls == [0]
    _, calls = asked(under({"orders_per_day": 1}), wanting(ALPHA, BETA))
    assert calls == [0, DAY]


def test_a_limit_of_no_order_a_day_is_not_asked_about_again():
    _, calls = asked(under({"orders_per_day": 0}), wanting(ALPHA))
    assert calls == [0]


@pytest.mark.parametrize(
    ("censor", "passing_s"),
    [
        ({"pause_pressure": 0.4}, 2 * DAY),  # 0.8 has halved
        ({"pause_pressure": 0.5}, 2 * DAY),  # 0.57 at one day
        ({"order_addresses": 2}, 2 * DAY),  # one address passes from 0.5 on
        ({"order_addresses": 5}, 0),
        ({"pause_pressure": 0.5, "order_addresses": 1}, None),  # the bar falls to 1 only at 0
        ({"pause_pressure": 0.6, "orders_per_day": 3}, DAY),
    ],
)
def test_what_pressure_refuses_is_asked_for_once_it_has_fallen(censor, passing_s):
    found = times(under(censor, pressure_events=LOUD).run(), Kind.BLOCK)
    assert found == ([] if passing_s is None else [passing_s] * 3)


def test_pressure_is_asked_about_when_it_lets_something_through_and_not_before():
    paused = under({"pause_pressure": 0.4}, pressure_events=(*LOUD, (3 * DAY, 0.9)))
    _, calls = asked(paused, wanting(ALPHA, BETA))
    assert calls == [0, 2 * DAY]
    # The wider of two orders passes the bar later: 256 of 600 from 0.57 on, 1 of 600 at once.
    barred = under({"order_addresses": 600}, pressure_events=LOUD)
    outcome, calls = asked(barred, wanting(ALPHA, ONE))
    assert calls == [0, DAY]
    assert times(outcome, Kind.BLOCK) == [0, DAY]
    # Refused both, it is asked when the narrower passes, and again when the wider does.
    barred = under({"order_addresses": 300}, pressure_events=((-1, 0.9), (STANCE_S, 0.0)))
    outcome, calls = asked(barred, wanting(ALPHA, "198.19.0.0/26"))
    assert calls == [0, DAY, 6 * DAY]
    assert times(outcome, Kind.BLOCK) == calls[1:]


def test_one_refusal_may_follow_another():
    both = under({"pause_pressure": 0.4, "orders_per_day": 1}, pressure_events=LOUD)
    outcome, calls = asked(both, wanting(ALPHA, BETA))
    assert calls == [0, 2 * DAY, 3 * DAY]
    assert times(outcome, Kind.BLOCK) == calls[1:]


def test_a_wider_order_than_the_whole_bar_is_never_asked_for_again():
    _, calls = asked(under({"order_addresses": 255}, pressure_events=LOUD), wanting(ALPHA))
    assert calls == [0]


def test_who_has_ended_asks_no_more():
    small = under({"orders_per_day": 1, "end_pressure": 0.6}, pressure_events=((DAY - HOUR, 0.9),))
    assert times(small.run(), Kind.BLOCK) == [0]


@pytest.mark.parametrize("limit", [{"max_rules": 1}, {"max_addresses": 256}])
def test_what_finds_no_room_is_asked_for_when_a_provider_complies(limit):
    small = under(limit, stances=((STANCE_S, "alpha", "compliant"),))
    outcome, calls = asked(small, wanting(ALPHA, BETA))
    assert times(outcome, Kind.UNBLOCK) == [STANCE_S + HOUR]
    assert times(outcome, Kind.BLOCK) == [0, STANCE_S + HOUR + 1]
    assert calls[-1] == STANCE_S + HOUR + 1
    # Negative control: no turn, no second question, over eight days of ticks.
    assert asked(under(limit), wanting(ALPHA, BETA))[1] == [0]


GRANTING: Complaints = QUIET.model_copy(update={"named_per_d": 100.0})


@pytest.mark.parametrize(("limit", "is_asked"), [("max_addresses", True), ("max_rules", False)])
def test_an_exemption_makes_room_for_addresses_and_not_for_rules(limit, is_asked):
    small = under(
        {limit: 256 if is_asked else 1},
        actors=(Actor(),),
        fronts=CHASE.fronts.model_copy(update={"n_fronts": 1, "lost_share": 1.0}),
        firms=(Firm(addresses=("198.18.0.9",) * 5),),
        complaints=GRANTING,
    )
    outcome, calls = asked(small, wanting(ALPHA, ONE))
    (exempted_s,) = times(outcome, Kind.EXEMPTED)
    assert calls == [0, exempted_s + 1][: 1 + is_asked]
    blocked = outcome.events.entry_row[outcome.events.kind == Kind.BLOCK].tolist()
    mechanisms = [outcome.entry_mechanism[row] for row in blocked]
    assert mechanisms == [Mechanism.DROP, Mechanism.EXEMPT, Mechanism.DROP][: 2 + is_asked]


def test_a_censor_is_asked_when_a_stance_turns_and_not_when_it_is_said_again():
    stances = (
        (-DAY, "beta", "constructive"),
        (DAY, "beta", "constructive"),
        (2 * DAY, "beta", "silent"),
        (3 * DAY, "alpha", "silent"),
        (4 * DAY, "alpha", "hostile"),
    )
    _, calls = asked(under({}, stances=stances), wanting(ALPHA))
    assert calls == [0, 2 * DAY + 1, 4 * DAY + 1]


def test_who_falls_silent_after_talks_is_blocked_in_the_second_after():
    talking = under(
        {},
        stances=((-DAY, "alpha", "constructive"), (STANCE_S, "alpha", "silent")),
        pools=CHASE.pools[:1],
    )
    outcome, _ = asked(talking, negotiate(DAY, 1.0, 24))
    assert times(outcome, Kind.BLOCK) == [STANCE_S + 1]


def test_fronts_that_are_rented_in_one_second_are_answered_together():
    # Half the pool is blocked; all fronts in it are lost, and replaced, in the same two seconds.
    half = "198.18.0.0/25"
    small = under(
        {},
        actors=(Actor(),),
        pools=(Pool("alpha", 1.0, (ALPHA,)),),
        fronts=CHASE.fronts.model_copy(update={"n_fronts": 8, "monitor_lag_h": 0.0}),
    )
    outcome, calls = asked(small, wanting(half))
    rented = times(outcome, Kind.RENTED)[8:]
    assert len(rented) > 1
    assert len(set(rented)) == 1
    assert times(outcome, Kind.DISCOVERED)[8:] == [rented[0] + 1] * len(rented)
    assert calls == [0, rented[0] + 1]
