"""Attention against its closed forms: bounded, fading, fed by complaints that it feeds itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.attention import Attention
from sim.engine.clock import Moment, Phase
from sim.engine.complaints import ComplaintActor
from sim.engine.eventlog import EventLog
from sim.engine.patience import IMPAIRED_LEVEL
from sim.scenario.reactions import Complaints
from sim.streams import Streams
from tests.worlds import DAY, HOUR, Firm, SmallWorld

N_FIRMS = 6
TICK_S = 6 * HOUR
NEVER_FADES_D = 1e12


def rules(**changed: float) -> Complaints:
    """Three complaints a day of each impaired business; nobody appeals by name."""
    plain = {
        "per_business_per_d": 3.0,
        "per_million_users_per_d": 100.0,
        "snowball": 0.0,
        "attention_per_complaint": 0.01,
        "half_life_d": 2.0,
        "named_per_d": 0.0,
        "hotline_servers": 1,
        "hotline_service_h": 1.0,
        "confirmed_share": 1.0,
        "exempt_lag_h": 1.0,
    }
    return Complaints(**(plain | changed))


@dataclass(frozen=True)
class Talk:
    """Complaints of each tick, and attention after it."""

    complaints: list[float]
    attention: list[float]


def talk(
    said: Complaints,
    n_impaired: list[int],
    tick_s: int = TICK_S,
    n_cut_off: float = 0.0,
    earlier: float = 0.0,
) -> Talk:
    """Let so many be impaired at each tick, after an attention of ``earlier`` at t = 0."""
    env, attention = simpy.Environment(), Attention(said.half_life_d)
    attention.rise(0, earlier)
    world = SmallWorld(firms=(Firm(),) * N_FIRMS).world()
    exposure = SimpleNamespace(component_row=world.businesses.component_row)
    actor = ComplaintActor(
        env, world, said, exposure, Streams(1, 0), EventLog(), attention, lambda _: True
    )
    so_far, values = [0.0], []

    def feed():
        for tick, n in enumerate(n_impaired):
            yield Moment(env, (tick + 1) * tick_s, Phase.TICK)
            level = np.zeros(N_FIRMS, np.int8)
            level[:n] = IMPAIRED_LEVEL
            actor.tick(tick_s, level, n_cut_off)
            so_far.append(actor.n_complaints)
            values.append(attention.value)

    env.process(feed())
    env.run()
    return Talk([after - before for before, after in pairwise(so_far)], values)


def steady(said: Complaints, n_ticks: int, n_impaired: int) -> list[float]:
    """Without snowball every tick leaves e of what is lacking to 1, after a decay by d.

    A(n) = 1 - (1 - d A(n-1)) e, so A(n) = A* (1 - (d e)^n) with A* = (1 - e) / (1 - d e).
    """
    days = TICK_S / DAY
    d = 2.0 ** (-days / said.half_life_d)
    e = math.exp(-said.attention_per_complaint * said.per_business_per_d * n_impaired * days)
    return [(1 - e) / (1 - d * e) * (1 - (d * e) ** n) for n in range(1, n_ticks + 1)]


def unbounded(said: Complaints, n_ticks: int, n_impaired: int) -> list[float]:
    """The law before: A(n) = d A(n-1) + a c."""
    days = TICK_S / DAY
    d = 2.0 ** (-days / said.half_life_d)
    step = said.attention_per_complaint * said.per_business_per_d * n_impaired * days
    return [step * (1 - d**n) / (1 - d) for n in range(1, n_ticks + 1)]


def logistic(k: float, snowball: float) -> float:
    """Attention that never fades and feeds on itself, in the limit of short ticks.

    dA/dk = (1 + s A) (1 - A) with k = attention_per_complaint * rate * t and A(0) = 0, so
    (1 + s A) / (1 - A) = exp((1 + s) k).
    """
    grown = math.exp((1 + snowball) * k)
    return (grown - 1) / (grown + snowball)


def agree(found: list[float], expected: list[float], rel: float = 1e-12) -> bool:
    return len(found) == len(expected) > 0 and found == pytest.approx(expected, rel=rel)


def test_steady_complaints_bring_attention_to_its_level():
    said = rules()
    found = talk(said, [4] * 200).attention
    assert agree(found, steady(said, 200, 4))
    # A level at which the bound tells: without it, it would be a third higher.
    assert found[-1] == pytest.approx(0.268, abs=0.001)
    assert unbounded(said, 200, 4)[-1] == pytest.approx(0.36, abs=0.01)


def test_the_unbounded_law_and_another_half_life_are_told_apart():
    said = rules()
    found = talk(said, [4] * 200).attention
    assert not agree(found, unbounded(said, 200, 4), rel=0.1)
    assert not agree(found, steady(rules(half_life_d=2.1), 200, 4), rel=0.01)
    assert not agree(found, steady(said, 200, 5), rel=0.01)


@pytest.mark.parametrize("snowball", [0.5, 1.0, 5.0])
def test_what_feeds_on_itself_grows_as_the_logistic_curve(snowball):
    said = rules(snowball=snowball, half_life_d=NEVER_FADES_D)
    tick_s, n_ticks = 60, 4000
    found = talk(said, [N_FIRMS] * n_ticks, tick_s).attention
    per_tick = 0.01 * 3.0 * N_FIRMS * tick_s / DAY
    expected = [logistic(per_tick * (n + 1), snowball) for n in range(n_ticks)]
    assert agree(found, expected, rel=0.002)
    assert found[-1] > 0.4
    other = [logistic(per_tick * (n + 1), 1.1 * snowball) for n in range(n_ticks)]
    assert not agree(found, other, rel=0.002)


def test_little_attention_follows_the_unbounded_law_to_first_order():
    # A tenth of the attention, a tenth of the difference: the difference is of second order.
    off = []
    for per_complaint in (1e-4, 1e-5, 1e-6):
        said = rules(attention_per_complaint=per_complaint)
        bounded, free = talk(said, [4] * 40).attention[-1], unbounded(said, 40, 4)[-1]
        off.append(1 - bounded / free)
        assert 0 < off[-1] < 2 * free
    for more, less in pairwise(off):
        assert more / less == pytest.approx(10, rel=0.02)


LOUD = st.floats(0, 1e6)
ANY_RULES = st.builds(
    rules,
    per_business_per_d=LOUD,
    per_million_users_per_d=LOUD,
    snowball=st.floats(0, 1e6),
    attention_per_complaint=st.floats(0, 1e12),
    half_life_d=st.floats(1e-3, 1e6),
)
COUNTS = st.lists(st.integers(0, N_FIRMS), min_size=1, max_size=12)


@given(ANY_RULES, COUNTS, st.floats(0, 1e8), st.floats(0, 1))
def test_attention_is_a_share_and_complaints_at_most_1_plus_snowball_times_the_base_rate(
    said, n_impaired, n_cut_off, earlier
):
    found = talk(said, n_impaired, n_cut_off=n_cut_off, earlier=earlier)
    assert all(0 <= value <= 1 for value in found.attention)
    so_far = 0.0
    for n, complaints in zip(n_impaired, found.complaints, strict=True):
        base = said.per_business_per_d * n + said.per_million_users_per_d * n_cut_off / 1e6
        base *= TICK_S / DAY
        so_far += complaints
        room = 1e-9 * (so_far + 1e-300)
        assert base - room <= complaints <= base * (1 + said.snowball) + room


@given(ANY_RULES, COUNTS, st.integers(0, 11), st.floats(0, 1e8), st.floats(0, 1), st.floats(0, 1))
def test_more_that_is_broken_and_more_attention_before_never_lower_attention(
    said, n_impaired, where, n_cut_off, earlier, more
):
    least = talk(said, n_impaired, n_cut_off=n_cut_off, earlier=earlier).attention
    tick = where % len(n_impaired)
    worse = [*n_impaired]
    worse[tick] = min(N_FIRMS, worse[tick] + 1)
    for other in (
        talk(said, worse, n_cut_off=n_cut_off, earlier=earlier),
        talk(said, n_impaired, n_cut_off=1.5 * n_cut_off, earlier=earlier),
        talk(said, n_impaired, n_cut_off=n_cut_off, earlier=earlier + (1 - earlier) * more),
    ):
        assert all(b >= a - 1e-12 for a, b in zip(least, other.attention, strict=True))


def test_a_long_block_makes_no_more_complaints_than_the_loudest_public():
    said = rules(snowball=5.0, attention_per_complaint=0.5)
    found = talk(said, [N_FIRMS] * 1040)
    per_tick = 3.0 * N_FIRMS * TICK_S / DAY
    assert sum(found.complaints) <= 1040 * per_tick * 6
    assert found.complaints[-1] == pytest.approx(per_tick * 6, rel=0.1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_events_of_one_second_close_what_is_lacking_one_after_the_other(shares):
    attention = Attention(half_life_d=3.0)
    for share in shares:
        attention.rise(100, share)
    lacking = math.prod(1 - share for share in shares)
    assert attention.value == pytest.approx(1 - lacking, abs=1e-12)
    assert attention.before(100) == 0.0
    attention.fade(100 + 3 * DAY)
    assert attention.value == pytest.approx((1 - lacking) / 2, abs=1e-12)
    assert attention.before(100 + 3 * DAY) == pytest.approx(1 - lacking, abs=1e-12)


def test_attention_without_a_half_life_stays():
    attention = Attention(half_life_d=None)
    attention.rise(0, 0.5)
    attention.fade(1000 * DAY)
    assert attention.value == 0.5
