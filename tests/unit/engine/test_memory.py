"""What a run holds grows with businesses and with what happens, not with businesses times time."""

import tracemalloc
from dataclasses import dataclass
from functools import cache

import pytest

from sim.engine.decisions import Decision, Observation
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.streams import Streams
from sim.world.build import build_world
from tests.experiments import resolved_of
from tests.worlds import DAY

pytestmark = pytest.mark.laws

WATCHED_S = (60 * DAY, 239 * DAY)
N_TICKS = (239 - 60) * 4
STREAMS = Streams(1, 0)
OVERRIDES = (
    "start=2018-04-16T00:00+03:00",
    "end=2018-12-12T00:00+03:00",
    "strategy={id: replay, orders: telegram-2018-orders, last_order: 2018-04-16T18:00:00+03:00}",
    "users.tick_h=6",
    # An exemption is an order, so that the log would grow.
    "complaints.named_per_d=0",
)
"""240 days with the orders of the first: businesses react, then only ticks and complaints go on."""


@dataclass(frozen=True)
class Held:
    """Bytes held when the run was watched, and most at one time."""

    watched: tuple[int, ...]
    peak: int


@cache
def run(n_businesses: int) -> Held:
    """Run the world, and watch it when its strategy is asked."""
    overrides = (f"population.n_businesses={n_businesses}", *OVERRIDES)
    resolved = resolved_of("telegram-2018", overrides)
    world, strategy = build_world(resolved, STREAMS), build_strategy(resolved, STREAMS)
    watched = []

    def watch(observation: Observation) -> Decision:
        t_s = observation.t_s
        if t_s in WATCHED_S:
            watched.append(tracemalloc.get_traced_memory()[0])
        decision = strategy(observation)
        looks = [look_s for look_s in (decision.next_look_s, *WATCHED_S) if (look_s or 0) > t_s]
        return Decision(decision.orders, min(looks, default=None))

    tracemalloc.start()
    try:
        simulate(world, watch, STREAMS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return Held(tuple(watched), peak)


@pytest.fixture(autouse=True, scope="module")
def warm() -> None:
    """What is loaded at its first use belongs to no run."""
    run(50)


def test_a_further_tick_takes_less_than_half_a_byte_for_each_business():
    n = 4000
    first, last = run(n).watched
    # Points of curves are kept; the narrowest column would take a byte for each business.
    assert 0 < (last - first) / N_TICKS < n / 2


def test_a_further_business_takes_as_much_among_many_as_among_few():
    few, more, many = (run(n).peak for n in (500, 1000, 4000))
    # A byte for each pair of businesses would come to 1.8 times as much.
    assert (many - more) / 3000 < 1.5 * (more - few) / 500
