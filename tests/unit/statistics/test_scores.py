"""Scores of distributions against integrals, definitions and another library's numbers."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.integrate import quad
from scipy.stats import ks_2samp
from scipy.stats.qmc import LatinHypercube

from sim.statistics.designs import (
    FEWEST,
    crps,
    crps_uniform,
    distance_by_chance,
    latin_hypercube,
    rank_shares,
    ranks_of,
)

DRAWS = (1.0, 2.0, 4.0)


def crps_by_definition(draws, observed):
    """Gneiting and Raftery's second form: mean distance less half the mean mutual distance."""
    values = np.asarray(draws, float)
    mutual = np.abs(values[:, np.newaxis] - values).mean()
    return np.abs(values - observed).mean() - mutual / 2


@pytest.mark.parametrize("observed", [-3.0, 1.0, 2.5, 4.0, 9.0])
def test_crps_of_draws_is_that_of_both_definitions(observed):
    found = crps(DRAWS, observed)
    assert found == pytest.approx(crps_by_definition(DRAWS, observed))

    def gap(x):
        return (np.mean(np.array(DRAWS) <= x) - (observed <= x)) ** 2

    edges = sorted({*DRAWS, observed})
    integral, _ = quad(gap, min(edges) - 1, max(edges) + 1, points=edges)
    assert found == pytest.approx(integral, abs=1e-6)


@pytest.mark.parametrize(
    ("observed", "expected"), [(2.5, 0.5), (0.0, 1.6666666666666667), (10.0, 7.0)]
)
def test_crps_is_that_of_scoringrules(observed, expected):
    """``scoringrules.crps_ensemble(observed, draws, estimator="int")`` of version 0.10.0."""
    assert crps(DRAWS, observed) == pytest.approx(expected)


def test_a_sure_prediction_scores_its_distance_and_the_unknown_has_no_score():
    assert crps([3.0], 5.5) == pytest.approx(2.5)
    assert crps([3.0, 3.0], 3.0) == 0
    assert math.isnan(crps([1.0, -math.inf], 1.0))
    assert math.isnan(crps([1.0], math.nan))


@pytest.mark.parametrize("observed", [-2.0, 5.0, 5.7, 6.5, 8.0, 11.0])
def test_closed_form_of_an_even_guess_is_the_integral(observed):
    low, high = 5.0, 8.0

    def gap(x):
        return (min(max((x - low) / (high - low), 0), 1) - (observed <= x)) ** 2

    integral, _ = quad(gap, -3, 12, points=sorted({low, high, observed}), limit=200)
    assert crps_uniform(low, high, observed) == pytest.approx(integral, abs=1e-7)
    many = np.linspace(low, high, 4001)
    assert crps_uniform(low, high, observed) == pytest.approx(crps(many, observed), abs=1e-3)


def test_an_even_guess_over_three_decades_scores_a_quarter_at_best():
    assert crps_uniform(5, 8, 6.5) == pytest.approx(0.25)
    assert crps_uniform(5, 8, 6) == pytest.approx(1 / 3)
    assert crps_uniform(5, 8, 8) == pytest.approx(1)
    with pytest.raises(ValueError, match="expected low < high"):
        crps_uniform(5, 5, 5)


# What a result depends on: shares of the variance of its rank.


def linear(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sum of uniform inputs: shares of variance 16/21, 4/21, 1/21, then seven of no influence."""
    inputs = np.random.default_rng(seed).random((n, 10))
    return inputs @ np.array([4.0, 2, 1, 0, 0, 0, 0, 0, 0, 0]), inputs


def test_shares_of_variance_are_those_of_a_linear_sum():
    result, inputs = linear(4000, 2)
    found = rank_shares(result, ranks_of(inputs))
    assert_allclose(found[:3], np.array([16, 4, 1]) / 21, atol=0.03)
    assert_array_equal(found[3:], 0)
    assert (rank_shares(inputs.sum(axis=1), ranks_of(inputs)) > 0).sum() == 8


def test_ranks_alone_count():
    result, inputs = linear(200, 2)
    found = rank_shares(np.exp(5 * result), ranks_of(inputs**3))
    assert_array_equal(found, rank_shares(result, ranks_of(inputs)))
    assert_array_equal(ranks_of(np.array([[3.0], [1], [2], [2]]))[:, 0], [0.375, -0.375, 0, 0])


def test_inputs_without_influence_are_named_at_the_risk_stated():
    """A negative control: in 400 results of chance some one in twenty names any input."""
    named = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        named += rank_shares(rng.random(64), ranks_of(rng.random((64, 30)))).any()
    assert 6 <= named <= 36


def test_the_share_of_one_input_is_the_adjusted_one_of_its_rank_correlation():
    """Adjusted R squared of Spearman's correlation, which scipy knows, with 38 of 40 degrees."""
    rng = np.random.default_rng(7)
    known = rng.random(40)
    result = known + rng.normal(size=40) / 4
    (found,) = rank_shares(result, ranks_of(known[:, None]))
    squared = stats.spearmanr(known, result).statistic ** 2
    assert found == pytest.approx(squared - (1 - squared) / 38)
    both = ranks_of(np.column_stack([known, rng.random(40)]))
    total = ranks_of(both.sum(axis=1)[:, None])[:, 0]
    missed = np.linalg.lstsq(both, total)[1][0] / (total @ total)
    first = max(stats.pearsonr(column, total).statistic ** 2 for column in both.T)
    shares = first - (1 - first) / 38, 1 - first - missed - missed / 37
    assert rank_shares(total, both).sum() == pytest.approx(sum(shares))


def test_below_the_fewest_simulations_no_input_is_named():
    assert FEWEST == 32
    for n, is_named in ((31, False), (32, True)):
        known = np.arange(n, dtype=float)
        found = rank_shares(known**2, ranks_of(known[:, None]))
        assert found.shape == (1,)
        assert found.any() == is_named


def test_two_inputs_that_are_the_same_are_named_once():
    result, inputs = linear(300, 4)
    found = rank_shares(result, ranks_of(np.concatenate([inputs, inputs[:, :1]], axis=1)))
    assert (found[[0, 10]] > 0).sum() == 1
    assert found.sum() <= 1


def test_rounding_names_no_input():
    """What two inputs explain whole, or one and its copy do in part, leaves noise of 1e-17."""
    for seed in range(600):
        rng = np.random.default_rng(seed)
        inputs = ranks_of(rng.random((32, 10)))
        result = rng.permutation(32).astype(float)
        inputs[:, 0] = ranks_of(result[:, None])[:, 0] - inputs[:, 1]
        shares = rank_shares(result, inputs)
        assert 0.9 < shares.sum() <= 1
        assert shares[shares > 0].min() > 1e-9
        twins = inputs[:, [0, 0]]
        result = inputs[:, 0] + rng.random(32) / 9
        assert_array_equal(rank_shares(result, twins), [*rank_shares(result, twins[:, :1]), 0])


@pytest.mark.parametrize("inputs", [np.zeros((40, 0)), np.ones((40, 2))])
def test_inputs_that_do_not_vary_explain_nothing(inputs):
    assert not rank_shares(np.arange(40.0), ranks_of(inputs)).any()
    assert not rank_shares(np.ones(40), ranks_of(inputs)).any()


def test_samples_of_the_reference_stay_below_the_distance_by_chance():
    """One in twenty lies above at most; half the bound is passed by many."""
    rng = np.random.default_rng(4)
    reference = rng.random(50_000)
    distances = [ks_2samp(rng.choice(reference, 60), reference).statistic for _ in range(200)]
    bound = distance_by_chance(60, 1)
    assert sum(one > bound for one in distances) <= 20
    assert sum(one > bound / 2 for one in distances) > 60
    assert distance_by_chance(60, 100) > bound


# Designs fill the unit cube as they should.


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def test_a_latin_hypercube_has_one_point_in_each_part_of_each_dial():
    dials = latin_hypercube(17, 3, rng())
    for column in (dials * 17).astype(int).T:
        assert sorted(column) == list(range(17))
    assert_array_equal(dials, LatinHypercube(3, rng=rng()).random(17))
