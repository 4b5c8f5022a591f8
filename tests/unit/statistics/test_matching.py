"""History matching by hand: distances, likelihoods, weights and distances between distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from sim.statistics.matching import (
    by_number,
    distance_by_chance,
    implausibility,
    kolmogorov_distance,
    log_likelihood,
    weights_of,
)

MEAN = np.array([[1.0, 1.0, 1.0], [4.0, 4.0, 4.0]])
VARIANCE = np.array([[4.0, 4.0, 4.0], [1.0, 1.0, 1.0]])
OBSERVED, SIDE = np.array([2.0, 2.0, 2.0]), np.array([0, 1, -1])


def test_distance_is_in_standard_deviations_and_a_bound_that_is_kept_has_none() -> None:
    found = implausibility(MEAN, VARIANCE, OBSERVED, SIDE)
    # A mean of 1 is half a deviation of 2 below; 4 is two deviations of 1 above.
    assert_allclose(found, [[0.5, 0.5, 0.0], [2.0, 0.0, 2.0]])


def test_likelihood_is_gaussian_and_of_a_bound_the_probability_that_it_is_kept() -> None:
    found = log_likelihood(MEAN, VARIANCE, OBSERVED, SIDE)
    by_hand = -0.5 * math.log(2 * math.pi * 4) - 0.125
    assert found[0, 0] == pytest.approx(by_hand)
    within_half = 0.5 * (1 + math.erf(-0.5 / math.sqrt(2)))
    assert math.exp(found[0, 1]) == pytest.approx(within_half)
    assert np.exp(found[:, 1]) + np.exp(found[:, 2]) == pytest.approx(1.0)


def test_figures_of_one_number_count_once() -> None:
    rows = np.array([[1.0, 3.0, 5.0]])
    assert_allclose(by_number(rows, [0, 0, 1]), [[2.0, 5.0]])
    assert_allclose(by_number(rows, [0, 0, 1], 2), [[math.sqrt(5), 5.0]])


def test_weights_are_likelihoods_among_what_is_left() -> None:
    logs = np.log([1.0, 2.0, 4.0, 100.0]) - 2000
    found = weights_of(logs, np.array([True, True, False, False]))
    assert_allclose(found, [1 / 3, 2 / 3, 0, 0])
    assert_allclose(weights_of(logs, np.zeros(4, np.bool_)), 0)


def test_distance_of_distributions_is_kolmogorovs() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.random(40), rng.random(70) ** 2
    found = kolmogorov_distance(one, np.full(40, 1 / 40), other)
    assert found == pytest.approx(stats.ks_2samp(one, other).statistic)
    all_in_one = np.eye(40)[0]
    assert kolmogorov_distance(one, all_in_one, one) == pytest.approx(
        max(np.mean(one < one[0]), np.mean(one > one[0]))
    )


def test_a_distance_by_chance_is_kolmogorovs() -> None:
    assert distance_by_chance(100, 1) == pytest.approx(stats.kstwobign.isf(0.05) / 10, rel=0.01)
    assert distance_by_chance(100, 50) == pytest.approx(stats.kstwobign.isf(0.001) / 10, rel=0.01)
