"""Scores of distributions against integrals, definitions and another library's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from sim.statistics.scores import brier, crps, crps_parts, crps_uniform, rank_correlation

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


def test_brier_is_the_squared_shortfall():
    assert brier(1) == 0
    assert brier(0) == 1
    assert brier(0.9) == pytest.approx(0.01)


def test_rank_correlation_by_hand():
    # 1 - 6 * sum d^2 / (n (n^2 - 1)), with d = 0, 1, 1, 0.
    assert rank_correlation([1, 3, 2, 4], [10, 20, 30, 40]) == pytest.approx(1 - 12 / 60)
    assert rank_correlation([3, 2, 1], [1, 2, 3]) == pytest.approx(-1)
    # Ties share a rank: Pearson's correlation of (1.5, 1.5, 3) and (1, 2, 3).
    assert rank_correlation([5, 5, 9], [1, 2, 3]) == pytest.approx(math.sqrt(3) / 2)
    assert math.isnan(rank_correlation([1, 1, 1], [1, 2, 3]))
    assert math.isnan(rank_correlation([1, math.nan, 2], [1, 2, 3]))


def test_the_parts_of_a_crps_by_hand():
    # Mean distance to 6 is 13/3 and to the median, 1, is 4/3; half the mean mutual distance 8/9.
    low = crps_parts([0.0, 1.0, 4.0], 6.0)
    assert (low.spread, low.over, low.under) == pytest.approx((4 / 9, 0, 3))
    # Mean distance to -5 is 20/3.
    high = crps_parts([0.0, 1.0, 4.0], -5.0)
    assert (high.spread, high.over, high.under) == pytest.approx((4 / 9, 16 / 3, 0))
    point = crps_parts([3.0], 5.5)
    assert (point.spread, point.over, point.under) == pytest.approx((0, 0, 2.5))
    assert math.isnan(crps_parts([math.inf], 1.0).spread)


def test_parts_sum_to_the_crps_and_none_is_below_zero():
    rng = np.random.default_rng(3)
    for _ in range(200):
        n = int(rng.integers(1, 9))
        draws = rng.normal(size=n)
        observed = float(rng.normal())
        parts = crps_parts(draws, observed)
        shares = (parts.spread, parts.over, parts.under)
        assert min(shares) >= 0
        assert sum(shares) == pytest.approx(crps(draws, observed))
        assert parts.over == 0 or parts.under == 0
