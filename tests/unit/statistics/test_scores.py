"""Scores of distributions against integrals, definitions and another library's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from sim.statistics.distances import crps, crps_uniform

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
