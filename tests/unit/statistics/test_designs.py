"""Designs fill the unit cube as they should."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats.qmc import LatinHypercube

from sim.statistics.designs import MORRIS_STEP, latin_hypercube, morris_trajectories


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def test_a_latin_hypercube_has_one_point_in_each_part_of_each_dial() -> None:
    dials = latin_hypercube(17, 3, rng())
    for column in (dials * 17).astype(int).T:
        assert sorted(column) == list(range(17))
    assert_array_equal(dials, LatinHypercube(3, rng=rng()).random(17))


@given(
    n_dials=st.lists(st.integers(1, 3), min_size=1, max_size=5),
    n_trajectories=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_each_factor_moves_once_in_a_trajectory_with_all_its_dials(
    n_dials: list[int], n_trajectories: int, seed: int
) -> None:
    dials, moved = morris_trajectories(n_trajectories, n_dials, np.random.default_rng(seed))
    factor_of_dial = np.repeat(np.arange(len(n_dials)), n_dials)
    levels = np.rint(dials * 3)
    assert np.abs(dials * 3 - levels).max() < 1e-12
    assert levels.min() >= 0
    assert levels.max() <= 3
    for path, order in zip(dials, moved, strict=True):
        assert sorted(order) == list(range(len(n_dials)))
        for step, factor in zip(np.diff(path, axis=0), order, strict=True):
            assert_array_equal(np.abs(step) > 1e-12, factor_of_dial == factor)
            np.testing.assert_allclose(np.abs(step[factor_of_dial == factor]), MORRIS_STEP)


def test_trajectories_reach_all_levels_and_both_directions() -> None:
    dials, _ = morris_trajectories(60, [1, 1], rng())
    assert sorted(set(np.rint(dials * 3).ravel())) == [0, 1, 2, 3]
    assert set(np.sign(np.diff(dials, axis=1)).ravel()) == {-1, 0, 1}


def test_half_of_all_moves_go_up() -> None:
    moves = np.sign(np.diff(morris_trajectories(2000, [1, 1], rng())[0], axis=1))
    # 4,000 moves, one in each dial of a trajectory: half of them within four standard errors.
    assert abs(np.mean(moves[moves != 0] > 0) - 0.5) < 4 * 0.5 / np.sqrt(4000)
