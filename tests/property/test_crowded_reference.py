"""The crowded world a second time, by the slow reference, under every strategy it has a rule for.

What random worlds bring about now and then is met here in each run: a hotline with a queue, limits
that bind, providers that turn, tenants on the way. The last test holds that nothing of it is idle.
"""

from dataclasses import replace

import numpy as np
import pytest

from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.eventlog import Kind
from sim.scenario.tables.rows import RESPONSES
from tests.chases import (
    LIMITS,
    RULES,
    SEEDS,
    SERVICES,
    STRATEGIES,
    UNLISTED,
    chase_world,
    crowded_world,
    differ,
    made,
    outcome_of,
    run,
    where_nobody_turns,
    whole,
    with_limits,
    without_capacity,
)
from tests.property.test_engine_whole import assert_same_run
from tests.reference import RefAnswer, RefSight, RefStrategy
from tests.reference_strategies import IN_RANDOM_WORLDS
from tests.worlds import DAY, HOUR, Dated, Pool, Response, SmallWorld

pytestmark = pytest.mark.laws

REPLAYED = (
    Dated(HOUR, "block", ("198.18.0.0/22",)),
    Dated(2 * DAY, "block", ("198.19.0.0/24",)),
    Dated(4 * DAY, "unblock", ("198.18.0.0/22",)),
)
SOUTH = Pool("gamma", 1.0, ("198.19.160.0/24",), region="south")
"""A second region, so that `provider-region` and `provider` are not the same."""
LOOK_S = 5 * HOUR + 7


def crowd(seed: int, name: str) -> SmallWorld:
    """The crowded world, with a provider of two regions and rentals that end."""
    small = crowded_world(seed, name)
    assert small.fronts is not None
    fronts = small.fronts.model_copy(update={"cancel_h": 20.0})
    return _all_responding(replace(small, pools=(*small.pools, SOUTH), fronts=fronts))


def chase(seed: int, name: str) -> SmallWorld:
    """The world of a chase, in which nothing holds the censor back."""
    return _all_responding(chase_world(seed))


def kept(seed: int, name: str) -> SmallWorld:
    """The crowded world, with a target that keeps its addresses; no provider holds the last."""
    own = ("198.18.2.77", "198.18.9.4", "198.18.9.200", "198.19.64.3", UNLISTED)
    return replace(crowd(seed, name), fronts=None, given=own, stances=())


def _all_responding(small: SmallWorld) -> SmallWorld:
    """Who has no response waits; the reference wants it said."""
    firms = (
        replace(firm, responses=firm.responses or (Response("wait", 0),) * 2)
        for firm in small.firms
    )
    return replace(small, firms=tuple(firms))


EACH_DAY = ("escalate", "throttle", "dns", "rolling")
"""Held in `test_each_kernel.py`, with something more at once."""
BESIDE = ("orders", "negotiate", "replay", "time-window")
"""Held here; golden values and `test_laws_of_a_crowded_world.py` see the others change."""
RUNS = [
    pytest.param(
        make,
        name,
        seed,
        id=f"{make.__name__}-{name}-{seed}",
        marks=[pytest.mark.long] * (seed != SEEDS[0] or make is not crowd or name not in BESIDE),
    )
    for make, seeds in ((crowd, SEEDS), (chase, SEEDS[:1]), (kept, SEEDS[:1]))
    for name in RULES
    for seed in seeds
]


@pytest.mark.parametrize(("make", "name", "seed"), RUNS)
def test_the_slow_reference_agrees_in_a_crowded_world(make, name, seed):
    small = make(seed, name)
    world = replace(small, orders=REPLAYED if name == "replay" else ()).reference()
    assert_same_run(small, STRATEGIES[name], replace(world, strategy=RULES[name]))


def arriving(seed: int) -> SmallWorld:
    """The world of a chase, into its third week, in which fronts arrive and none is replaced."""
    small = chase_world(seed)
    assert small.fronts is not None
    asked = {"arrivals_per_week": 40.0, "arrivals_shape": 1.3, "drift_sd_logit": 1.5}
    fronts = small.fronts.model_copy(update=asked)
    return _all_responding(replace(small, fronts=fronts, horizon_s=16 * DAY))


@pytest.mark.parametrize("shape", [1.3, None])
def test_the_slow_reference_agrees_on_fronts_that_arrive_leave_and_return(shape):
    small = arriving(SEEDS[0])
    small = replace(small, fronts=small.fronts.model_copy(update={"arrivals_shape": shape}))
    asked, rule = IN_RANDOM_WORLDS["time-window, fronts that leave and return"]
    assert_same_run(small, made(asked), replace(small.reference(), strategy=rule))
    log = run(small, made(asked)).events
    assert (log.t_s[log.kind == Kind.RENTED] > 14 * DAY).any()


def ending() -> SmallWorld:
    return with_limits(crowd(1, "aggregate"), end_pressure=0.5)


# What ends under pressure `test_each_kernel.py` has every day.
def test_who_looks_all_the_time_sees_the_same_attention_and_reach():
    assert_same_if_looked_at(crowd(1, "aggregate"))


def assert_same_if_looked_at(small: SmallWorld) -> None:
    """A censor that looks every few hours sees the same, and comes to the same."""
    rule = RULES["aggregate"]
    assert callable(rule)
    world = replace(small.reference(), strategy=_looking_rule(rule))
    assert_same_run(small, _looking(STRATEGIES["aggregate"]), world)


def _looking(strategy: Strategy) -> Strategy:
    def decide(observation: Observation) -> Decision:
        return replace(strategy(observation), next_look_s=observation.t_s + LOOK_S)

    return decide


def _looking_rule(rule: RefStrategy) -> RefStrategy:
    def decide(sight: RefSight) -> RefAnswer:
        return replace(rule(sight), look_s=sight.t_s + LOOK_S)

    return decide


def test_the_end_under_pressure_comes_within_the_run():
    outcome = run(ending(), _looking(STRATEGIES["aggregate"]))
    t_s, listed = whole(outcome, "addresses_listed")
    assert listed.max() > 0
    assert listed[-1] == 0
    assert DAY < t_s[-1] < outcome.events.t_s[-1]


def test_every_rule_is_compared():
    assert set(RULES) == set(STRATEGIES) - {"cover"}


def test_every_kind_of_event_and_of_response_is_met():
    kinds: set[Kind] = set()
    n_responses = np.zeros(len(RESPONSES), np.int64)
    for one in RUNS:
        make, name, seed = one.values
        outcome = run(make(seed, name), STRATEGIES[name])
        kinds |= {Kind(kind) for kind in outcome.events.kind.tolist()}
        n_responses += outcome.n_responses.sum(axis=0)
    # Programs that leave a proxy stand beside no tenancy, which every crowded world has.
    assert kinds == set(Kind) - {Kind.SWITCHED_OFF, Kind.SWITCHED_BACK}
    assert (n_responses > 0).all()


# In the crowded world nobody is idle: without any one mechanism some outcome is another.


def in_mode(small: SmallWorld, mode: str) -> SmallWorld:
    """The same world with all components of businesses in one mode."""
    firms = tuple(
        replace(
            firm,
            seats=tuple(
                seat if isinstance(seat, int) else replace(seat, mode=mode)
                for seat in firm.all_seats()
            ),
        )
        for firm in small.firms
    )
    return replace(small, firms=firms)


def with_services_of_their_own(small: SmallWorld) -> SmallWorld:
    """The same world with the addresses of shared services as the businesses' own."""
    firms = tuple(
        replace(
            firm,
            seats=tuple(SERVICES[s] if isinstance(s, int) else s for s in firm.all_seats()),
        )
        for firm in small.firms
    )
    return replace(small, firms=firms, services=())


def with_proxies_as_waits(small: SmallWorld) -> SmallWorld:
    """The same world in which who would put up a proxy waits."""
    firms = tuple(
        replace(
            firm,
            responses=tuple(
                replace(one, kind="wait") if one.kind == "proxy" else one for one in firm.responses
            ),
        )
        for firm in small.firms
    )
    return replace(small, firms=firms)


WITHOUT = {
    **{limit: lambda small, limit=limit: with_limits(small, **{limit: None}) for limit in LIMITS},
    "exempt prefixes": lambda small: replace(small, exempt_prefixes=()),
    "public events": lambda small: replace(small, pressure_events=()),
    "providers that turn": where_nobody_turns,
    "operators that stop": lambda small: without_capacity(small, "stop"),
    "operators that degrade": lambda small: without_capacity(small, "degrade"),
    "tenancy": lambda small: replace(small, has_tenancy=False),
    "shared services": with_services_of_their_own,
    "mode any": lambda small: in_mode(small, "spread"),
    "mode spread": lambda small: in_mode(small, "any"),
    "proxies": with_proxies_as_waits,
    "degrees of throttling": lambda small: replace(small, throttle_severity=1.0),
    "evasion": lambda small: replace(small, name_evasion=0.0),
    "the target's own range": lambda small: replace(small, target_prefixes=()),
    "complaints": lambda small: replace(small, complaints=None),
    "reactions": lambda small: replace(small, reactions=None),
    "users": lambda small: replace(small, users=None, complaints=None),
}


@pytest.mark.parametrize("mechanism", WITHOUT)
def test_every_mechanism_makes_a_difference_to_some_strategy(mechanism):
    assert any(
        differ(outcome_of(name, seed), run(WITHOUT[mechanism](crowded_world(seed, name)), strategy))
        for seed in SEEDS
        for name, strategy in STRATEGIES.items()
    )
