"""Who complains, against sums over all that are hit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from sim.engine.actors.attention import Attention, Plaintiffs
from sim.engine.state.pressure_kernel import fatigued_days
from sim.engine.state.target import TargetState
from sim.engine.state.users_kernel import close_complaints, complaining_days, open_complaints
from sim.scenario.reactions import Fronts
from tests.complaining import attention_of, turn_impaired
from tests.loops import called
from tests.unit.engine.test_pressure import QUIET, STILL
from tests.worlds import DAY, HOUR, Actor, Firm, SmallWorld

N = 5
HALF_LIVES = st.sampled_from([None, 0.25, 3.0])
LEVELS = st.lists(
    st.tuples(st.integers(1, 3 * DAY), st.lists(st.integers(0, 3), min_size=N, max_size=N)),
    min_size=1,
    max_size=8,
)


def impairing(n: int, half_life_d: float | None) -> tuple[Attention, Plaintiffs]:
    """Businesses that complain once a day when they are impaired, and nobody else."""
    changed = {"per_business_per_d": 1.0, "per_million_users_per_d": 0.0}
    rules = QUIET.model_copy(update=changed | {"fatigue_half_life_d": half_life_d})
    return attention_of(rules, SmallWorld(firms=(Firm(),) * n).world())


def left(half_life_d: float | None, elapsed_s: float) -> float:
    return 1.0 if half_life_d is None else 2.0 ** (-elapsed_s / DAY / half_life_d)


@given(HALF_LIVES, LEVELS, st.integers(1, 5 * DAY), st.integers(0, 2 * DAY))
def test_one_sum_stands_for_the_rates_of_all(half_life_d, turns, length_s, later_s):
    attention, plaintiffs = impairing(N, half_life_d)
    since_s: dict[int, int] = {}
    t_s = 0
    for gap_s, levels in turns:
        t_s += gap_s
        level = np.array(levels, np.int8)
        is_impaired = plaintiffs.is_impaired
        beginning = np.flatnonzero((level >= 2) & ~is_impaired).tolist()
        ending = np.flatnonzero(is_impaired & (level < 2)).tolist()
        turn_impaired(attention, beginning, ending, t_s)
        for row in range(N):
            if level[row] < 2:
                since_s.pop(row, None)
            else:
                since_s.setdefault(row, t_s)
    from_s = t_s + later_s
    expected = sum(
        quad(lambda s, t0=t0: left(half_life_d, s - t0), from_s, from_s + length_s)[0]
        for t0 in since_s.values()
    )
    assert plaintiffs.impaired["n"] == len(since_s)
    found = attention.complaints(from_s, from_s + length_s)
    assert found == pytest.approx(expected / DAY, abs=1e-9)


def test_who_is_hit_again_complains_afresh_and_who_stays_hit_does_not():
    (stays, _), (again, _) = impairing(1, 1.0), impairing(1, 1.0)
    for attention in (stays, again):
        turn_impaired(attention, [0], [], 0)
    turn_impaired(again, [], [0], 3 * DAY - 1)
    assert again.complaints(3 * DAY - 1, 3 * DAY) == 0.0
    turn_impaired(again, [0], [], 3 * DAY)
    ratio = stays.complaints(3 * DAY, 4 * DAY) / again.complaints(3 * DAY, 4 * DAY)
    assert ratio == pytest.approx(1 / 8)


def crowd(fatigue_half_life_d: float | None) -> TargetState:
    """A target without a front yet, at two operators: who is without a VPN is cut off."""
    small = SmallWorld(
        actors=(Actor(0.5), Actor(0.5)),
        fronts=Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5),
        users=STILL,
        complaints=QUIET.model_copy(update={"fatigue_half_life_d": fatigue_half_life_d}),
    )
    return TargetState(small.world())


def change(cut_off: TargetState, t_s: int, *n: float) -> None:
    """Let so many be cut off at each operator from a second on."""
    called(close_complaints)(cut_off.handle, t_s)
    cut_off.n_by_fate[0] = n
    called(open_complaints)(cut_off.handle, t_s)


def rate(cut_off: TargetState, t_s: int) -> float:
    return called(complaining_days)(cut_off.handle, t_s, t_s + 1) * DAY


def test_users_who_come_to_it_are_fresh_and_who_goes_is_as_tired_as_who_stays():
    cut_off = crowd(1.0)
    change(cut_off, 0, 0.0, 0.0)
    change(cut_off, HOUR, 100.0, 0.0)
    assert rate(cut_off, HOUR) == pytest.approx(100, rel=1e-4)
    assert rate(cut_off, HOUR + DAY) == pytest.approx(50, rel=1e-4)
    # Half of them return: 25 are left. As many others, at the other operator, are fresh.
    change(cut_off, HOUR + DAY, 50.0, 40.0)
    assert rate(cut_off, HOUR + DAY) == pytest.approx(25 + 40, rel=1e-4)
    # Thirty more at the first.
    change(cut_off, HOUR + 2 * DAY, 80.0, 40.0)
    assert rate(cut_off, HOUR + 2 * DAY) == pytest.approx(12.5 + 30 + 20, rel=1e-4)
    # All return, and are fresh when they are cut off anew, be it a second later.
    change(cut_off, HOUR + 3 * DAY, 0.0, 0.0)
    change(cut_off, HOUR + 3 * DAY + 1, 10.0, 0.0)
    assert rate(cut_off, HOUR + 3 * DAY + 1) == pytest.approx(10, rel=1e-4)


def test_a_return_that_lasts_no_time_makes_nobody_fresh():
    cut_off = crowd(1.0)
    change(cut_off, 0, 0.0, 0.0)
    change(cut_off, HOUR, 100.0, 0.0)
    change(cut_off, HOUR + DAY, 0.0, 0.0)
    change(cut_off, HOUR + DAY, 100.0, 0.0)
    assert rate(cut_off, HOUR + DAY) == pytest.approx(50, rel=1e-4)


def test_without_fatigue_all_complain_as_on_the_first_day():
    cut_off = crowd(None)
    change(cut_off, 0, 30.0, 10.0)
    assert rate(cut_off, 300 * DAY) == pytest.approx(40)
    assert called(fatigued_days)(0.0, 0, DAY) == 1.0
