"""What a censor is refused it asks for again when that may pass, and at no other time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.engine.decisions import Decision, Observation, Order
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from tests.sections import Censor, Fronts
from tests.unit.engine.test_pressure import QUIET, STILL, times
from tests.worlds import DAY, Actor, Pool, SmallWorld, _set_of

ALPHA, BETA, ONE = "198.18.0.0/24", "198.19.0.0/24", "198.19.0.0/32"
NEVER = 10**9
OPEN = Censor(discovery_lag_h=1e-9, withdraw_lag_h=1.0)
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


@pytest.mark.parametrize(
    ("censor", "passing_s"),
    [
        ({"pause_pressure": 0.4}, 2 * DAY),  # 0.8 has halved
        ({"pause_pressure": 0.5}, 2 * DAY),  # 0.57 at one day
        ({"pause_pressure": 0.6, "orders_per_day": 3}, DAY),
    ],
)
def test_what_pressure_refuses_is_asked_for_once_it_has_fallen(censor, passing_s):
    assert times(under(censor, pressure_events=LOUD).run(), Kind.BLOCK) == [passing_s] * 3


def test_pressure_is_asked_about_when_it_lets_something_through_and_not_before():
    paused = under({"pause_pressure": 0.4}, pressure_events=(*LOUD, (3 * DAY, 0.9)))
    _, calls = asked(paused, wanting(ALPHA, BETA))
    assert calls == [0, 2 * DAY]


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
