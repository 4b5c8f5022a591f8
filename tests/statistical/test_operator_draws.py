"""Lags and phases of operators are drawn as docs/explanation/model.md says (Operators).

Tolerances as in `test_response_draws.py`: Kolmogorov's distance is exceeded once in a thousand
draws, a correlation of four standard errors once in 16,000; the seed is fixed.
"""

import math

import numpy as np
import pytest

from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.operators import build_operators
from tests.statistical.test_response_draws import HOUR, kolmogorov, standard

N = 4000
COLUMNS = ("apply_lag_s", "release_lag_s", "poll_phase_s")


@pytest.fixture(scope="module")
def resolved() -> Resolved:
    return resolve(load_scenario("telegram-2018-replay"))


@pytest.fixture(scope="module")
def drawn(resolved) -> dict[str, np.ndarray]:
    """Columns of the operators; shape (n_replicates, n_operators)."""
    found = [build_operators(resolved, Streams(7, replicate)) for replicate in range(N)]
    return {name: np.array([getattr(one, name) for one in found]) for name in COLUMNS}


@pytest.mark.parametrize("which", ["apply", "release"])
def test_lags_are_lognormal_with_the_median_and_sigma_of_their_column(resolved, drawn, which):
    for column, row in enumerate(resolved.operators.rows):
        lag_s = drawn[f"{which}_lag_s"][:, column]
        median_h = getattr(row, f"{which}_lag_median_h")
        sigma = getattr(row, f"{which}_lag_sigma")
        assert kolmogorov(standard(lag_s, median_h, sigma)) < 1, row.operator
        # Negative controls.
        assert kolmogorov(standard(lag_s, 1.1 * median_h, sigma)) > 1, row.operator
        assert kolmogorov(standard(lag_s, median_h, 1.15 * sigma)) > 1, row.operator


def test_apply_and_release_lags_have_other_medians(resolved):
    for row in resolved.operators.rows:
        assert row.release_lag_median_h > 1.5 * row.apply_lag_median_h


def test_phases_are_uniform_over_the_interval(resolved, drawn):
    middle = (np.arange(N) + 0.5) / N
    for column, row in enumerate(resolved.operators.rows):
        share = np.sort(drawn["poll_phase_s"][:, column] / (row.poll_interval_h * HOUR))
        assert share[0] >= 0
        assert share[-1] < 1
        distance = np.abs(share - middle).max() * math.sqrt(N) / 1.95
        assert distance < 1, row.operator
        assert np.abs(share**1.2 - middle).max() * math.sqrt(N) / 1.95 > 1, row.operator


def test_operators_lags_and_phases_have_luck_of_their_own(drawn):
    columns = np.concatenate([np.log(drawn[n] + 1.0) for n in COLUMNS], axis=1)
    correlation = np.corrcoef(columns, rowvar=False)
    between = correlation[~np.eye(columns.shape[1], dtype=bool)]
    # Of 528 pairs of independent columns one is beyond five standard errors once in 3,000 runs.
    assert np.abs(between).max() < 5 / math.sqrt(N)
    shared = np.corrcoef(columns[:, 0], columns[:, 0] + columns[:, 1])[0, 1]
    assert shared > 5 / math.sqrt(N)
