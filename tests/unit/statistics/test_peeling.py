"""PRIM: a planted box is found, in weighted draws, with few conditions."""

from __future__ import annotations

import numpy as np
import pytest

from sim.statistics.peeling import peel
from tests.optional import needs


def planted(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cases are where the second input is above 0.6 and the fourth below 0.5."""
    inputs = np.random.default_rng(seed).random((n, 8))
    return inputs, (inputs[:, 1] > 0.6) & (inputs[:, 3] < 0.5)


def test_a_planted_box_is_found() -> None:
    inputs, is_case = planted(1000, 1)
    box = peel(inputs, is_case, np.ones(1000))
    assert [one.row for one in box.conditions] == [1, 3]
    above, below = box.conditions
    assert above.low == pytest.approx(0.6, abs=0.03)
    assert above.high == np.inf
    assert below.high == pytest.approx(0.5, abs=0.03)
    assert below.low == -np.inf
    assert box.coverage > 0.93
    assert box.density > 0.93
    assert box.mass == pytest.approx(is_case.mean(), abs=0.03)


def test_coverage_and_density_are_those_of_the_draws_in_the_box() -> None:
    inputs, is_case = planted(500, 2)
    weight = np.random.default_rng(3).random(500)
    box = peel(inputs, is_case, weight)
    inside = np.ones(500, bool)
    for one in box.conditions:
        inside &= (inputs[:, one.row] >= one.low) & (inputs[:, one.row] <= one.high)
    both = weight[inside & is_case].sum()
    assert box.coverage == pytest.approx(both / weight[is_case].sum())
    assert box.density == pytest.approx(both / weight[inside].sum())
    assert box.mass == pytest.approx(weight[inside].sum() / weight.sum())


def test_a_weight_counts_as_so_many_draws() -> None:
    inputs, is_case = planted(200, 4)
    times = np.random.default_rng(5).integers(0, 4, 200)
    once = peel(inputs, is_case, times.astype(float))
    repeated = peel(
        np.repeat(inputs, times, axis=0), np.repeat(is_case, times), np.ones(times.sum())
    )
    assert once.conditions == repeated.conditions
    assert once.coverage == pytest.approx(repeated.coverage)
    assert once.density == pytest.approx(repeated.density)


def test_another_implementation_finds_the_same_inputs() -> None:
    """The package PRIM, which knows no weights."""
    needs("prim")
    import pandas as pd
    import prim

    inputs, is_case = planted(800, 6)
    frame = pd.DataFrame(inputs, columns=[f"x{row}" for row in range(8)])
    theirs = prim.Prim(frame, is_case.astype(float), threshold=0.8, threshold_type=">").find_box()
    theirs.select(len(theirs.peeling_trajectory) - 1)
    ours = {f"x{one.row}" for one in peel(inputs, is_case, np.ones(800)).conditions}
    assert ours == {"x1", "x3"}
    assert ours <= set(theirs.limits.index)


def test_at_most_so_many_inputs_bound_the_box() -> None:
    inputs = np.random.default_rng(7).random((2000, 6))
    is_case = (inputs[:, :5] > 0.35).all(axis=1)
    for most in (1, 2, 3):
        assert len(peel(inputs, is_case, np.ones(2000), most).conditions) == most


def test_values_that_many_draws_share_stay_together() -> None:
    rng = np.random.default_rng(8)
    inputs = np.stack([rng.integers(1, 4, 600), rng.random(600)], axis=1).astype(float)
    is_case = inputs[:, 0] == 3
    box = peel(inputs, is_case, np.ones(600))
    (one,) = box.conditions
    assert (one.row, one.low) == (0, 3.0)
    assert (box.coverage, box.density) == pytest.approx((1, 1))


def test_where_chance_alone_decides_no_condition_is_told() -> None:
    """A negative control: of 40 boxes of chance, two may tell a condition, at a risk of 5 %."""
    told = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        box = peel(rng.random((150, 20)), rng.random(150) < 0.3, np.ones(150))
        told += bool(box.conditions)
    assert told <= 4


def test_what_helps_by_chance_is_left_out_and_what_decides_is_kept() -> None:
    """One input decides, four times in five: no other is told, nor takes the place it needs."""
    told = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        inputs = rng.random((200, 6))
        is_case = rng.random(200) < np.where(inputs[:, 2] > 0.6, 0.8, 0.05)
        told.append([one.row for one in peel(inputs, is_case, np.ones(200)).conditions])
    assert told == [[2]] * 12


def test_what_is_always_or_never_the_case_has_no_region() -> None:
    inputs, _ = planted(50, 10)
    assert peel(inputs, np.ones(50, bool), np.ones(50)).conditions == ()
    assert peel(inputs, np.zeros(50, bool), np.ones(50)).conditions == ()


def test_one_draw_on_each_side_tells_no_condition() -> None:
    """Where a single draw is left, nothing can be peeled off it."""
    box = peel(np.array([[0.0], [1.0]]), np.array([True, False]), np.ones(2))
    assert (box.conditions, box.coverage, box.density, box.mass) == ((), 1.0, 0.5, 1.0)
