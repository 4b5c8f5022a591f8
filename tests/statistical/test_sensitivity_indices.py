"""Indices of functions whose indices are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from SALib.analyze import morris as salib_morris
from scipy import stats

from sim.statistics.designs import (
    MORRIS_STEP,
    morris_trajectories,
    saltelli,
    screen,
    variance_shares,
)

A, B = 7.0, 0.1
"""Coefficients of the Ishigami function."""


def rng(seed: int = 20180416) -> np.random.Generator:
    return np.random.default_rng(seed)


def ishigami(dials: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * dials - 1)
    return np.sin(x[..., 0]) + A * np.sin(x[..., 1]) ** 2 + B * x[..., 2] ** 4 * np.sin(x[..., 0])


def closed_form() -> tuple[np.ndarray, np.ndarray]:
    """First and total order, Saltelli et al., Global Sensitivity Analysis: The Primer (2008)."""
    first_0 = (1 + B * np.pi**4 / 5) ** 2 / 2
    first_1 = A**2 / 8
    joint_02 = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    variance = first_0 + first_1 + joint_02
    first = np.array([first_0, first_1, 0.0])
    return first / variance, (first + np.array([joint_02, 0, joint_02])) / variance


def shares(n_base: int, seed: int, function: object = ishigami) -> object:
    design = saltelli(n_base, [1, 1, 1], rng(seed))
    return variance_shares(function(design), rng(seed + 1), n_resamples=999)


def test_sobol_indices_of_the_ishigami_function_lie_in_their_intervals() -> None:
    first, total = closed_form()
    hits = []
    for seed in range(0, 40, 2):
        found = shares(256, seed)
        hits.append((found.first_low <= first) & (first <= found.first_high))
        hits.append((found.total_low <= total) & (total <= found.total_high))
    # 120 statements at 95 %: expected 114, four binomial standard errors are 9.5. Base points of
    # a Sobol' sequence are more even than luck, so intervals err to the wide side.
    assert 104 <= np.sum(hits) <= 120
    large = shares(4096, 1)
    assert_allclose(large.first, first, atol=0.02)
    assert_allclose(large.total, total, atol=0.02)


def test_the_check_fails_for_another_function() -> None:
    first, _ = closed_form()
    found = shares(4096, 1, lambda dials: ishigami(dials[..., ::-1]))
    assert np.abs(found.first - first).max() > 0.2


def test_indices_are_those_of_scipy() -> None:
    answers = ishigami(saltelli(64, [1, 1, 1], rng()))
    theirs = stats.sobol_indices(
        func={
            "f_A": answers[None, :, 0],
            "f_B": answers[None, :, 1],
            "f_AB": np.moveaxis(answers[:, 2:], 1, 0)[:, None, :],
        },
        n=64,
    )
    ours = variance_shares(answers, rng(), n_resamples=99)
    assert_allclose(ours.first, theirs.first_order, rtol=1e-10)
    assert_allclose(ours.total, theirs.total_order, rtol=1e-10)


def test_without_any_whole_base_point_no_index_is_known() -> None:
    found = variance_shares(np.full((4, 5), np.nan), rng(), n_resamples=9)
    columns = (found.first, found.first_low, found.first_high)
    for column in (*columns, found.total, found.total_low, found.total_high):
        assert np.isnan(column).tolist() == [True] * 3
    assert found.n_base == 0


def test_a_base_point_without_an_answer_is_left_out() -> None:
    answers = ishigami(saltelli(32, [1, 1, 1], rng()))
    holed = answers.copy()
    holed[5, 3] = np.nan
    ours = variance_shares(holed, rng(), n_resamples=99)
    rest = variance_shares(np.delete(answers, 5, axis=0), rng(), n_resamples=99)
    assert ours.n_base == 31
    assert_allclose(ours.total, rest.total)
    assert_allclose(ours.first_low, rest.first_low)


def test_a_factor_without_effect_has_exactly_no_total_share() -> None:
    found = shares(32, 3, lambda dials: dials[..., 0] + 2 * dials[..., 1])
    assert (found.total[2], found.total_low[2], found.total_high[2]) == (0, 0, 0)


@pytest.mark.parametrize("answer", [0.1, 0.0])
def test_an_answer_that_never_varies_has_no_shares(answer: float) -> None:
    found = shares(8, 3, lambda dials: np.full(dials.shape[:-1], answer))
    assert np.isnan(found.first).all()
    assert np.isnan(found.total_high).all()


def test_a_group_has_the_share_of_its_dials_together() -> None:
    # Additive: variance shares 1, 4 and 9 of 14; the last two form a group.
    design = saltelli(1024, [1, 2], rng())
    found = variance_shares(design @ np.array([1.0, 2.0, 3.0]), rng(), n_resamples=99)
    assert_allclose(found.first, [1 / 14, 13 / 14], atol=0.01)
    assert_allclose(found.total, [1 / 14, 13 / 14], atol=0.01)


def test_morris_of_a_linear_function_is_its_slopes() -> None:
    slopes = np.array([3.0, -2.0, 0.0, 5.0])
    design = morris_trajectories(6, [1, 1, 1, 1], rng())
    found = screen(design.dials @ slopes, design.dials, design.moved, np.ones(4, int), rng())
    assert_allclose(found.mu, slopes, atol=1e-12)
    assert_allclose(found.mu_star, np.abs(slopes), atol=1e-12)
    assert_allclose(found.sigma, 0, atol=1e-12)
    assert_allclose(found.low, np.abs(slopes), atol=1e-12)


def test_morris_indices_are_those_of_salib_and_rank_ishigami_right() -> None:
    design = morris_trajectories(200, [1, 1, 1], rng())
    answers = ishigami(design.dials)
    ours = screen(answers, design.dials, design.moved, np.ones(3, int), rng())
    theirs = salib_morris.analyze(
        {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3},
        design.dials.reshape(-1, 3),
        answers.ravel(),
        seed=1,
    )
    assert_allclose(ours.mu, theirs["mu"], atol=1e-12)
    assert_allclose(ours.mu_star, theirs["mu_star"])
    assert_allclose(ours.sigma, theirs["sigma"])
    # From level to level the second always changes by 7 sin²(pi / 3) over 2/3 of its range.
    assert ours.mu_star[1] == pytest.approx(A * 0.75 / MORRIS_STEP)
    _, total = closed_form()
    assert list(np.argsort(-ours.mu_star)) == list(np.argsort(-total))


def test_a_trajectory_without_an_answer_is_left_out_and_counted() -> None:
    design = morris_trajectories(5, [1, 1], rng())
    answers = design.dials @ np.array([1.0, 2.0])
    answers[2, 1] = np.nan
    found = screen(answers, design.dials, design.moved, np.ones(2, int), rng())
    assert found.n_trajectories == 4
    assert_allclose(found.mu, [1, 2])
    answers[:, 0] = np.nan
    none = screen(answers, design.dials, design.moved, np.ones(2, int), rng())
    assert none.n_trajectories == 0
    assert np.isnan(none.mu_star).all()


def test_a_factor_of_several_dials_has_a_size_and_no_direction() -> None:
    design = morris_trajectories(40, [1, 3], rng())
    answers = design.dials @ np.array([1.0, 5.0, 5.0, 5.0])
    found = screen(answers, design.dials, design.moved, np.array([1, 3]), rng())
    assert found.mu[0] == pytest.approx(1)
    assert np.isnan(found.mu[1])
    assert found.mu_star[1] > 3
