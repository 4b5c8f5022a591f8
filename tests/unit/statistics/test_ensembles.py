"""What a result depends on: shares of the variance of its rank."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from sim.statistics.ensembles import FEWEST, rank_shares, ranks_of


def linear(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sum of uniform inputs: shares of variance 16/21, 4/21, 1/21, then seven of no influence."""
    inputs = np.random.default_rng(seed).random((n, 10))
    return inputs @ np.array([4.0, 2, 1, 0, 0, 0, 0, 0, 0, 0]), inputs


def test_shares_of_variance_are_those_of_a_linear_sum() -> None:
    result, inputs = linear(4000, 2)
    found = rank_shares(result, ranks_of(inputs))
    assert_allclose(found[:3], np.array([16, 4, 1]) / 21, atol=0.03)
    assert_array_equal(found[3:], 0)


def test_ranks_alone_count() -> None:
    result, inputs = linear(200, 2)
    found = rank_shares(np.exp(5 * result), ranks_of(inputs**3))
    assert_array_equal(found, rank_shares(result, ranks_of(inputs)))
    assert_array_equal(ranks_of(np.array([[3.0], [1], [2], [2]]))[:, 0], [0.375, -0.375, 0, 0])


def test_inputs_without_influence_are_named_at_the_risk_stated() -> None:
    """A negative control: in 400 results of chance some one in twenty names any input."""
    named = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        named += rank_shares(rng.random(64), ranks_of(rng.random((64, 30)))).any()
    assert 6 <= named <= 36


def test_the_share_of_one_input_is_the_adjusted_one_of_its_rank_correlation() -> None:
    """Adjusted R squared of Spearman's correlation, which scipy knows, with 38 of 40 degrees."""
    rng = np.random.default_rng(7)
    known = rng.random(40)
    result = known + rng.normal(size=40) / 4
    (found,) = rank_shares(result, ranks_of(known[:, None]))
    squared = stats.spearmanr(known, result).statistic ** 2
    assert found == pytest.approx(squared - (1 - squared) / 38)


def test_below_the_fewest_simulations_no_input_is_named() -> None:
    assert FEWEST == 32
    for n, is_named in ((31, False), (32, True)):
        known = np.arange(n, dtype=float)
        found = rank_shares(known**2, ranks_of(known[:, None]))
        assert found.shape == (1,)
        assert found.any() == is_named


def test_two_inputs_that_are_the_same_are_named_once() -> None:
    result, inputs = linear(300, 4)
    found = rank_shares(result, ranks_of(np.concatenate([inputs, inputs[:, :1]], axis=1)))
    assert (found[[0, 10]] > 0).sum() == 1
    assert found.sum() <= 1


@pytest.mark.parametrize("inputs", [np.zeros((40, 0)), np.ones((40, 2))])
def test_inputs_that_do_not_vary_explain_nothing(inputs: np.ndarray) -> None:
    assert not rank_shares(np.arange(40.0), ranks_of(inputs)).any()
    assert not rank_shares(np.ones(40), ranks_of(inputs)).any()
