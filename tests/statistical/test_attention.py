"""Attention against its closed forms: bounded, fading, fed by complaints that it feeds itself."""

import math
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from sim.engine.actors.reactions import days_until
from sim.engine.state.pressure_kernel import PER_PEOPLE
from sim.engine.state.pressure_kernel import solved as solved_in_loops
from tests.complaining import attention_of, quiet_attention
from tests.loops import called
from tests.sections import Complaints, quiet
from tests.worlds import DAY, HOUR, SmallWorld

solved = called(solved_in_loops)

N_FIRMS = 6
TICK_S = 6 * HOUR
NEVER_FADES_D = 1e12


def rules(**changed: float) -> Complaints:
    """Three complaints a day of each impaired business; nobody appeals by name."""
    plain = {
        "per_business_per_d": 3.0,
        "per_million_users_per_d": 100.0,
        "attention_per_complaint": 0.01,
    }
    return quiet(**(plain | changed))


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
    """Let so many be impaired in each tick, after an attention of ``earlier`` at t = 0."""
    so_far, values = [0.0], []
    attention = attention_of(said, SmallWorld().world())
    # People who miss what businesses offer stand for users: so many, whatever the world.
    attention.columns.rates[PER_PEOPLE] = said.per_million_users_per_d
    attention.note(0)
    attention.rise(0, earlier)
    for tick, n in enumerate(n_impaired):
        attention.columns.n_hit[:] = n, n_cut_off
        attention.note((tick + 1) * tick_s)
        so_far.append(attention.n_complaints)
        values.append(attention.at((tick + 1) * tick_s))
    return Talk([after - before for before, after in pairwise(so_far)], values)


def steady(said: Complaints, n_ticks: int, n_impaired: int) -> list[float]:
    """Without snowball dA/dt = r (1 - A) - k A, so A = r / (r + k) * (1 - exp(-(r + k) t))."""
    r = said.attention_per_complaint * said.per_business_per_d * n_impaired
    k = math.log(2) / said.half_life_d
    days = [TICK_S / DAY * n for n in range(1, n_ticks + 1)]
    return [r / (r + k) * -math.expm1(-(r + k) * t) for t in days]


def logistic(k: float, snowball: float) -> float:
    """Attention that never fades and feeds on itself.

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
    assert found[-1] == pytest.approx(0.12 / (0.12 + math.log(2) / 2))


@pytest.mark.parametrize("snowball", [0.5, 1.0, 5.0])
def test_what_feeds_on_itself_grows_as_the_logistic_curve(snowball):
    said = rules(snowball=snowball, half_life_d=NEVER_FADES_D)
    tick_s, n_ticks = 6 * HOUR, 12
    found = talk(said, [N_FIRMS] * n_ticks, tick_s).attention
    per_tick = 0.01 * 3.0 * N_FIRMS * tick_s / DAY
    expected = [logistic(per_tick * (n + 1), snowball) for n in range(n_ticks)]
    assert agree(found, expected, rel=1e-9)
    assert found[-1] > 0.4
    other = [logistic(per_tick * (n + 1), 1.1 * snowball) for n in range(n_ticks)]
    assert not agree(found, other, rel=1e-3)


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


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_events_of_one_second_close_what_is_lacking_one_after_the_other(shares):
    attention = quiet_attention(3.0)
    for share in shares:
        attention.rise(100, share)
    lacking = math.prod(1 - share for share in shares)
    assert attention.at(100) == pytest.approx(1 - lacking, abs=1e-12)
    assert attention.at(100 + 3 * DAY) == pytest.approx((1 - lacking) / 2, abs=1e-12)


def test_attention_without_a_half_life_stays():
    attention = quiet_attention(None)
    attention.rise(0, 0.5)
    attention.note(1000 * DAY)
    assert attention.at(1000 * DAY) == 0.5


# The closed form against an integrator that knows only the equation.

# The solver of the equation ends with nothing where a rate is too small for a full float.
START, PULL, SNOWBALL, FADE = (st.floats(0, most, allow_subnormal=False) for most in (1, 20, 10, 3))


def integrated(value, pull, snowball, fade, days) -> tuple[float, float]:
    def slope(_, state):
        a = state[0]
        return [pull * (1 - a) * (1 + snowball * a) - fade * a, a]

    found = solve_ivp(slope, (0, days), [value, 0.0], method="LSODA", rtol=1e-10, atol=1e-12)
    return found.y[0, -1], found.y[1, -1]


@given(START, PULL, SNOWBALL, FADE, st.floats(1e-3, 20))
def test_the_closed_form_solves_the_equation(value, pull, snowball, fade, days):
    expected = integrated(value, pull, snowball, fade, days)
    assert solved(value, pull, snowball, fade, days) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@given(START, PULL, SNOWBALL, FADE, st.floats(1e-3, 5), st.floats(1e-3, 5))
def test_two_pieces_of_the_same_rate_are_one(value, pull, snowball, fade, first, second):
    middle, before = solved(value, pull, snowball, fade, first)
    end, after = solved(middle, pull, snowball, fade, second)
    whole = solved(value, pull, snowball, fade, first + second)
    assert (end, before + after) == pytest.approx(whole, rel=1e-8, abs=1e-11)


@given(START, PULL, SNOWBALL, FADE, st.floats(0.001, 0.999))
def test_the_time_until_a_limit_is_reached_is_when_it_is(value, pull, snowball, fade, limit):
    assume(value < limit - 1e-3)
    days = days_until(value, limit, pull, snowball, fade)
    if math.isinf(days):
        assert solved(value, pull, snowball, fade, 1e4)[0] <= limit + 1e-9
    else:
        assert solved(value, pull, snowball, fade, days)[0] == pytest.approx(limit, abs=1e-8)
