"""Elementary effects of functions whose effects are known, and those of SALib."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from SALib.analyze import morris as salib_morris

from sim.statistics.designs import MORRIS_STEP, morris_trajectories, screen

A, B = 7.0, 0.1
"""Coefficients of the Ishigami function."""


def rng(seed: int = 20180416) -> np.random.Generator:
    return np.random.default_rng(seed)


def ishigami(dials: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * dials - 1)
    return np.sin(x[..., 0]) + A * np.sin(x[..., 1]) ** 2 + B * x[..., 2] ** 4 * np.sin(x[..., 0])


def total_shares() -> np.ndarray:
    """Total order: Saltelli et al., Global Sensitivity Analysis: The Primer (2008)."""
    first_0 = (1 + B * np.pi**4 / 5) ** 2 / 2
    first_1 = A**2 / 8
    joint_02 = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    return np.array([first_0 + joint_02, first_1, joint_02]) / (first_0 + first_1 + joint_02)


def test_morris_of_a_linear_function_is_its_slopes():
    slopes = np.array([3.0, -2.0, 0.0, 5.0])
    dials, moved = morris_trajectories(6, [1, 1, 1, 1], rng())
    found, _ = screen(dials @ slopes, dials, moved, np.ones(4, int), rng())
    assert_allclose(found["mu"], slopes, atol=1e-12)
    assert_allclose(found["mu_star"], np.abs(slopes), atol=1e-12)
    assert_allclose(found["sigma"], 0, atol=1e-12)
    assert_allclose(found["mu_star_low"], np.abs(slopes), atol=1e-12)


def test_morris_indices_are_those_of_salib_and_rank_ishigami_right():
    dials, moved = morris_trajectories(200, [1, 1, 1], rng())
    answers = ishigami(dials)
    ours, _ = screen(answers, dials, moved, np.ones(3, int), rng())
    theirs = salib_morris.analyze(
        {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3},
        dials.reshape(-1, 3),
        answers.ravel(),
        seed=1,
    )
    assert_allclose(ours["mu"], theirs["mu"], atol=1e-12)
    assert_allclose(ours["mu_star"], theirs["mu_star"])
    assert_allclose(ours["sigma"], theirs["sigma"])
    # From level to level the second always changes by 7 sin²(pi / 3) over 2/3 of its range.
    assert ours["mu_star"][1] == pytest.approx(A * 0.75 / MORRIS_STEP)
    assert list(np.argsort(-ours["mu_star"])) == list(np.argsort(-total_shares()))


def test_a_trajectory_without_an_answer_is_left_out_and_counted():
    dials, moved = morris_trajectories(5, [1, 1], rng())
    answers = dials @ np.array([1.0, 2.0])
    answers[2, 1] = np.nan
    found, n_trajectories = screen(answers, dials, moved, np.ones(2, int), rng())
    assert n_trajectories == 4
    assert_allclose(found["mu"], [1, 2])
    answers[:, 0] = np.nan
    none, n_trajectories = screen(answers, dials, moved, np.ones(2, int), rng())
    assert n_trajectories == 0
    assert np.isnan(list(none.values())).all()


def test_the_interval_of_mu_star_holds_the_mean_size_of_all_effects():
    every = ishigami(np.stack(np.meshgrid(*[np.arange(4) / 3] * 3, indexing="ij"), axis=-1))
    moves = (np.diff(every.take([[0, 2], [1, 3]], axis=k), axis=k + 1) for k in range(3))
    exact = [np.abs(move).mean() / MORRIS_STEP for move in moves]
    hits = []
    for seed in range(40):
        dials, moved = morris_trajectories(30, [1, 1, 1], rng(seed + 2))
        one, _ = screen(ishigami(dials), dials, moved, np.ones(3, int), rng(seed))
        hits.append((one["mu_star_low"] <= exact) & (exact <= one["mu_star_high"]))
    # 80 statements at 95 % on the inputs whose effect varies: expected 76, four standard errors 8.
    assert 68 <= np.sum(np.array(hits)[:, [0, 2]]) <= 80


def test_a_factor_of_several_dials_has_a_size_and_no_direction():
    dials, moved = morris_trajectories(40, [1, 3], rng())
    answers = dials @ np.array([1.0, 5.0, 5.0, 5.0])
    found, _ = screen(answers, dials, moved, np.array([1, 3]), rng())
    assert found["mu"][0] == pytest.approx(1)
    assert np.isnan(found["mu"][1])
    assert found["mu_star"][1] > 3
