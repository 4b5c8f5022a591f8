"""Likelihoods of observations whose predictions share an error, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.statistics.matching import log_likelihood_in_common

UNIT = st.floats(0.05, 1.0)
AWAY = st.floats(-0.7, 0.7)
"""Farther off than eight deviations of what is shared lies nothing: the grid ends there."""


@given(st.lists(st.tuples(AWAY, UNIT), min_size=2, max_size=6), UNIT, AWAY)
def test_of_quantities_it_is_the_normal_density_with_one_covariance(rows, in_common, observed):
    mean, own = (np.array(column) for column in zip(*rows, strict=True))
    n = mean.size
    covariance = np.diag(own) + in_common
    seen = np.full(n, observed)
    found = log_likelihood_in_common(
        mean[np.newaxis], (own + in_common)[np.newaxis], seen, np.zeros(n), range(n), in_common
    )
    wanted = stats.multivariate_normal(mean, covariance).logpdf(seen)
    assert found == pytest.approx(wanted, abs=1e-4)


@given(UNIT, UNIT)
def test_of_two_bounds_it_is_the_share_of_a_quadrant(own, in_common):
    correlation = in_common / (own + in_common)
    both = np.zeros((1, 2))
    found = log_likelihood_in_common(
        both, both + own + in_common, np.zeros(2), np.array([1, -1]), [0, 1], in_common
    )
    # Sheppard 1899: one above and one below, of two normal variables with this correlation.
    assert np.exp(found[0]) == pytest.approx(0.25 - np.arcsin(correlation) / (2 * np.pi), abs=1e-6)


def test_a_single_number_is_as_without_an_error_in_common():
    mean, variance = np.array([[0.3, -0.2]]), np.full((1, 2), 0.4)
    found = log_likelihood_in_common(mean, variance, np.zeros(2), np.zeros(2), [0, 0], 0.2)
    wanted = stats.norm.logpdf([0.0, 0.0], mean[0], np.sqrt(0.4)).mean()
    assert found[0] == pytest.approx(wanted)
