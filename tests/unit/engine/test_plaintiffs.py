"""Who complains, against sums over all that are hit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.state.reach_kernel import cut_off_days
from sim.engine.state.space import TargetState
from sim.scenario.reactions import Fronts
from tests.complaining import attention_of, turn_impaired
from tests.loops import called
from tests.unit.engine.test_pressure import QUIET, STILL
from tests.worlds import DAY, Actor, Firm, SmallWorld

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
        fronts=Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5),
        users=STILL,
        complaints=QUIET,
    )
    # Without a front yet, who is without a VPN is cut off.
    target = TargetState(small.world())
    target.columns.n_by_fate[0] = 30.0, 10.0
    assert called(cut_off_days)(target.handle, 300 * DAY, 303 * DAY) == pytest.approx(120)
