"""The hotline against M/M/c, the onboarding against a queue with deterministic service."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.actors import Shared
from sim.engine.actors.reactions import ComplaintActor
from sim.engine.clock import Moment, Phase
from sim.engine.eventlog import Events, Kind
from sim.streams import Stream, Streams
from sim.world.build import World
from sim.world.components import N_ROLES
from tests.complaining import attention_of, turn_impaired
from tests.sections import patient, quiet
from tests.worlds import DAY, HOUR, Firm, Response, SmallWorld, components_of

pytestmark = pytest.mark.laws

ERRORS = 4.0
SERVICE_H = 10.0
N_APPEALS, N_BATCHES, WARM_UP = 12_000, 30, 1_500


@dataclass(frozen=True)
class Hotline:
    """Waiting times at a hotline fed with Poisson appeals, in batches after a warm-up."""

    wait_h: np.ndarray

    def agrees(self, values: np.ndarray, expected: float) -> bool:
        """Whether batch means of values, one per appeal, agree with an expectation.

        Waits in line depend on each other; means of batches much longer than a busy period hardly
        do, so their spread gives the standard error.
        """
        means = values.mean(axis=1)
        return abs(means.mean() - expected) <= ERRORS * means.std(ddof=1) / math.sqrt(means.size)

    def follows(self, law: ErlangC) -> bool:
        """Whether mean wait, share who wait, and the tail of the wait all agree."""
        tail_h = 1.0 / law.spare_per_h
        return (
            self.agrees(self.wait_h, law.share_waiting / law.spare_per_h)
            and self.agrees(self.wait_h > 0, law.share_waiting)
            and self.agrees(self.wait_h > tail_h, law.share_waiting * math.exp(-1.0))
        )


@dataclass(frozen=True)
class ErlangC:
    """The M/M/c queue: Erlang (1917); Gross and Harris, Fundamentals of Queueing Theory, ch. 2."""

    arrivals_per_h: float
    service_h: float
    servers: int

    @property
    def share_waiting(self) -> float:
        load = self.arrivals_per_h * self.service_h
        free = 1.0 - load / self.servers
        terms = [load**n / math.factorial(n) for n in range(self.servers)]
        last = load**self.servers / math.factorial(self.servers) / free
        return last / (sum(terms) + last)

    @property
    def spare_per_h(self) -> float:
        return self.servers / self.service_h - self.arrivals_per_h


def crowd(n: int) -> World:
    """A world of n businesses, each with all roles on one address of its own."""
    small = SmallWorld().world()
    one = small.businesses
    rows = np.arange(n)
    businesses = replace(
        one,
        sector_row=np.zeros(n, np.int64),
        home_place_row=np.zeros(n, np.int64),
        revenue_usd_per_h=np.ones(n),
        value_micro_usd_per_h=np.ones(n, np.int64),
        name_draw=np.ones(n),
        component_row=np.repeat(rows[:, np.newaxis], N_ROLES, axis=1),
        is_third_party=np.zeros((n, N_ROLES), np.bool_),
    )
    components = components_of(np.zeros(n, np.bool_), rows, rows, rows, rows)
    return replace(small, businesses=businesses, components=components)


def run_hotline(arrivals_per_h: float, servers: int, streams: Streams) -> Hotline:
    """Let Poisson appeals reach the hotline of a complaint actor, one business each."""
    rules = quiet(named_per_d=1.0, hotline_servers=servers, hotline_service_h=SERVICE_H)
    world = crowd(N_APPEALS)
    states = SimpleNamespace(columns=SimpleNamespace(component_row=world.businesses.component_row))
    attention = attention_of(rules, world)
    attention.note(0)
    shared = Shared(world, streams, states, None, None)
    env, log = shared.env, shared.log
    actor = ComplaintActor(shared, rules, attention, lambda addresses: True)
    # Draws of nothing: whoever is impaired at a tick appeals at that tick.
    attention.columns.due[:] = 0.0
    gaps_h = np.random.default_rng(1).exponential(1 / arrivals_per_h, N_APPEALS)
    arrival_s = np.rint(np.cumsum(gaps_h) * HOUR).astype(np.int64)

    def feed():
        for row, t_s in enumerate(arrival_s.tolist()):
            yield Moment(env, t_s, Phase.TICK)
            turn_impaired(attention, [row], range(max(row - 1, 0), row), t_s)
            attention.note(t_s)
            actor.hear(t_s)

    env.process(feed())
    env.run()
    events = log.freeze(np.empty((0, 4), np.int64))
    complained_s, exempted_s = (
        times_by_business(events, kind) for kind in (Kind.COMPLAINED, Kind.EXEMPTED)
    )
    assert np.array_equal(complained_s, arrival_s)
    service = streams.generator(Stream.HOTLINE_SERVICE).standard_exponential(N_APPEALS)
    service_s = np.rint(service * SERVICE_H * HOUR).astype(np.int64)
    wait_s = exempted_s - HOUR - service_s - arrival_s
    assert wait_s.min() >= 0
    return Hotline(wait_s[WARM_UP:].reshape(N_BATCHES, -1) / HOUR)


def times_by_business(events: Events, kind: Kind) -> np.ndarray:
    """Time of the one event of a kind of each business."""
    mine = events.kind == kind
    assert mine.sum() == N_APPEALS
    t_s = np.empty(N_APPEALS, np.int64)
    t_s[events.business_row[mine]] = events.t_s[mine]
    return t_s


@pytest.mark.parametrize(
    ("servers", "load"), [pytest.param(1, 0.6, marks=pytest.mark.long), (3, 0.7)]
)
def test_appeals_wait_as_erlang_says(servers, load):
    rate = load * servers / SERVICE_H
    found = run_hotline(rate, servers, Streams(11, 0))
    assert found.follows(ErlangC(rate, SERVICE_H, servers))


SLOTS = (1, 2, 5)
N_FIRMS = 120
ONBOARDING_S = 5 * HOUR


def onboarded_s(slots: int, arrival_s: np.ndarray, onboarding_s: int = ONBOARDING_S) -> np.ndarray:
    """When each firm sits at its domestic provider, by arrival at the queue; from the engine.

    A firm is impaired from t = 0, so that its patience and the second its response takes set when
    it reaches the queue.
    """
    firms = tuple(
        Firm(patience_s=int(t_s) - 1, responses=(Response("domestic", 1),)) for t_s in arrival_s
    )
    small = SmallWorld(
        ((0, "block", "203.0.113.1/32"),),
        firms=firms,
        reactions=patient(n_rounds=1, onboarding_slots=slots, onboarding_h=onboarding_s / HOUR),
        horizon_s=int(arrival_s.max()) + N_FIRMS * onboarding_s + DAY,
    )
    events = small.run().events
    is_move = events.kind == Kind.MOVED
    t_s = np.full(N_FIRMS, -1, np.int64)
    t_s[events.business_row[is_move]] = events.t_s[is_move]
    return t_s


def departures_s(slots: int, arrival_s: np.ndarray, service_s: int) -> np.ndarray:
    """First come, first served, with equal service: customer n starts when n - slots has left.

    d(n) = max(a(n), d(n - c)) + D, because with equal service customers leave as they came.
    """
    left_s = np.zeros(arrival_s.size, np.int64)
    for n, t_s in enumerate(arrival_s.tolist()):
        free_s = left_s[n - slots] if n >= slots else 0
        left_s[n] = max(t_s, free_s) + service_s
    return left_s


@pytest.fixture(scope="module")
def arrival_s():
    # Distinct, and close enough that queues build up and empty again for every number of slots.
    gaps = np.random.default_rng(2).exponential(1.6 * HOUR, N_FIRMS)
    return 2 + np.cumsum(np.maximum(1, np.rint(gaps))).astype(np.int64)


@pytest.mark.parametrize("slots", SLOTS)
def test_onboarding_is_a_queue_with_equal_service(slots, arrival_s):
    found = onboarded_s(slots, arrival_s)
    assert found.tolist() == departures_s(slots, arrival_s, ONBOARDING_S).tolist()
    waited = found - ONBOARDING_S > arrival_s
    assert waited.any()
    if slots > 1:
        assert not waited.all()


def test_firms_that_come_in_one_second_are_taken_in_their_rows(arrival_s):
    together = np.full(N_FIRMS, 100, np.int64)
    expected = 100 + (1 + np.arange(N_FIRMS) // 2) * ONBOARDING_S
    assert onboarded_s(2, together).tolist() == expected.tolist()
