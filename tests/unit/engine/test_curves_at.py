"""Curves read at some times have, at each of these, the value of their last change before."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from sim.engine.record.curves import Curves, Series
from sim.engine.state.tally import Group

Steps = dict[int, float]
steps = st.dictionaries(st.integers(1, 40), st.integers(-2, 2).map(float), max_size=12)


def curves_of(all_steps: list[Steps]) -> Curves:
    rows = [(row, t_s, one[t_s]) for row, one in enumerate(all_steps) for t_s in sorted(one)]
    row, t_s, value = (np.array(column) for column in zip(*rows, strict=True))
    series = tuple(Series(f"m{n}", Group(), np.nan) for n in range(len(all_steps)))
    return Curves(series, row, t_s, value.astype(float))


def value_at(points: Steps, at: int) -> float:
    return points[max(t_s for t_s in points if t_s <= at)]


@given(st.lists(steps, min_size=1, max_size=4), st.sets(st.integers(1, 50), max_size=8))
@example([{3: 1.0, 4: 0.0}, {}], {4})
@example([{40: 1.0}], set())
def test_a_curve_at_some_times_is_what_its_steps_say(changes: list[Steps], later: set[int]) -> None:
    all_steps = [{0: 0.0} | one for one in changes]
    at_s = np.array([0, *sorted(later)])
    found = curves_of(all_steps).at(at_s)
    assert found.series == curves_of(all_steps).series
    for row, points in enumerate(all_steps):
        t_s, value = found.points(f"m{row}", Group())
        held = dict(zip(t_s.tolist(), value.tolist(), strict=True))
        assert t_s.tolist() == sorted(set(held))
        assert set(held) <= set(at_s.tolist())
        assert 0 in held
        for at in at_s.tolist():
            assert value_at(held, at) == value_at(points, at)
        assert (np.diff(value) != 0).all(), "only changes are kept"
    assert (np.diff(found.series_row) >= 0).all()
