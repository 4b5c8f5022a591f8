"""Lags, phases and compliance of operators are drawn as docs/explanation/model.md says (Operators).

Tolerances as in `test_response_draws.py`: Kolmogorov's distance is exceeded once in a thousand
draws, a correlation of four standard errors once in 16,000; the seed is fixed.
"""

import math

import numpy as np
import pytest

from sim.engine.actors.operators import Compliance
from sim.scenario.tables.rows import OperatorRow
from sim.streams import Stream, Streams
from sim.world.operators import build_operators
from sim.world.providers import drawn_times_s
from tests.statistical.test_response_draws import HOUR, distance_from_even, kolmogorov, standard
from tests.statistical.test_tenancy_draws import is_poisson

pytestmark = pytest.mark.laws

N = 4000
COLUMNS = ("apply_lag_s", "release_lag_s", "poll_phase_s")
SETS = [
    (256 * row + first, 256 * row + last)
    for row in range(6_700)
    for first, last in ((0, 255), (0, 127), (128, 255))
]
"""First and last address of sets that may be ordered: /24s and their halves, which share an end."""
N_SETS = len(SETS)
SHARES = (0.2, 0.5, 0.9)


@pytest.fixture(scope="module")
def drawn(replay) -> dict[str, np.ndarray]:
    """Columns of the operators; shape (n_replicates, n_operators)."""
    found = [build_operators(replay, Streams(7, replicate)) for replicate in range(N)]
    return {name: np.array([getattr(one, name) for one in found]) for name in COLUMNS}


@pytest.fixture(scope="module")
def rows(replay) -> list[OperatorRow]:
    """Row of the table for each operator; cohorts have the values of their group."""
    luck_row = build_operators(replay, Streams(7, 0)).luck_row.tolist()
    assert len(luck_row) > len(replay.operators.rows)
    return [replay.operators.rows[number] for number in luck_row]


@pytest.mark.parametrize("which", ["apply", "release"])
def test_lags_are_lognormal_with_the_median_and_sigma_of_their_column(rows, drawn, which):
    for column, row in enumerate(rows):
        lag_s = drawn[f"{which}_lag_s"][:, column]
        median_h = getattr(row, f"{which}_lag_median_h")
        sigma = getattr(row, f"{which}_lag_sigma")
        assert kolmogorov(standard(lag_s, median_h, sigma)) < 1, row.operator
        # Negative controls.
        assert kolmogorov(standard(lag_s, 1.1 * median_h, sigma)) > 1, row.operator
        assert kolmogorov(standard(lag_s, median_h, 1.15 * sigma)) > 1, row.operator


def test_phases_are_uniform_over_the_interval(rows, drawn):
    for column, row in enumerate(rows):
        share = drawn["poll_phase_s"][:, column] / (row.poll_interval_h * HOUR)
        assert share.min() >= 0
        assert share.max() < 1
        assert distance_from_even(share) < 1 < distance_from_even(share**1.2), row.operator


def test_operators_lags_and_phases_have_luck_of_their_own(drawn):
    columns = np.concatenate([np.log(drawn[n] + 1.0) for n in COLUMNS], axis=1)
    correlation = np.corrcoef(columns, rowvar=False)
    between = correlation[~np.eye(columns.shape[1], dtype=bool)]
    # Of 1,953 pairs of independent columns one is beyond five standard errors once in 900 runs.
    assert np.abs(between).max() < 5 / math.sqrt(N)
    shared = np.corrcoef(columns[:, 0], columns[:, 0] + columns[:, 1])[0, 1]
    assert shared > 5 / math.sqrt(N)


def enforced(*shares: float, replicate: int = 0) -> np.ndarray:
    """Which sets operators of these compliances enforce; shape (N_SETS, n_operators)."""
    compliance = Compliance(np.array(shares), np.arange(len(shares)), Streams(7, replicate))
    return np.array([compliance.enforces(key) for key in SETS])


@pytest.fixture(scope="module")
def complying() -> np.ndarray:
    """Sets enforced by operators of three compliances; shape (N_SETS, 3)."""
    return enforced(*SHARES)


@pytest.mark.parametrize("row", range(len(SHARES)))
def test_an_operator_enforces_the_share_of_its_compliance(complying, row):
    share = SHARES[row]
    found = complying[:, row].mean()

    def distance(expected: float) -> float:
        """Standard errors between what was found and a share."""
        return abs(found - expected) / math.sqrt(expected * (1 - expected) / N_SETS)

    assert distance(share) < 4
    # Negative control.
    assert distance(share + 0.03) > 4


def test_a_higher_compliance_enforces_a_superset(complying):
    # The same operators with the same luck: only their compliance differs.
    higher = enforced(0.25, 0.75, 0.95)
    assert np.all(higher >= complying)
    assert np.all(higher.sum(axis=0) > complying.sum(axis=0))
    # Negative control: in another replicate no set holds the other.
    assert not np.all(enforced(0.25, 0.75, 0.95, replicate=1) >= complying)


def test_operators_and_sets_have_luck_of_their_own():
    drawn = enforced(0.5, 0.5, 0.5)

    def correlation(first: np.ndarray, second: np.ndarray) -> float:
        return abs(float(np.corrcoef(first, second)[0, 1]))

    for row, other in ((0, 1), (0, 2), (1, 2)):
        assert correlation(drawn[:, row], drawn[:, other]) < 4 / math.sqrt(N_SETS)
        # A /24 and its first half, and a /24 and its second.
        for apart in (1, 2):
            assert correlation(drawn[apart:, row], drawn[:-apart, row]) < 4 / math.sqrt(N_SETS)
    # Negative control: operators that share a tenth of their luck.
    shared = np.where(np.arange(N_SETS) % 10 == 0, drawn[:, 0], drawn[:, 1])
    assert correlation(drawn[:, 0], shared) > 4 / math.sqrt(N_SETS)


# Decisions that nobody foretells: a Poisson process, by its mean, its variance and its gaps.


DAY = 86_400
PER_D, DAYS, N_REPLICATES = 0.2, 100, 2000


def counts(per_d: float) -> np.ndarray:
    generators = (
        Streams(11, replicate).generator(Stream.OUTSIDE_WITHDRAWAL)
        for replicate in range(N_REPLICATES)
    )
    return np.array([drawn_times_s(per_d, DAYS * DAY, rng).size for rng in generators])


def test_as_many_as_the_rate_says_come_on_average_and_their_variance_is_their_mean():
    assert is_poisson(counts(PER_D), PER_D * DAYS)


def test_a_longer_run_only_adds_times():
    def drawn(days: int) -> list[int]:
        rng = Streams(5, 3).generator(Stream.OUTSIDE_WITHDRAWAL)
        return drawn_times_s(2.0, days * DAY, rng).tolist()

    short, long = drawn(30), drawn(300)
    assert 0 < len(short) < len(long)
    assert long[: len(short)] == short
    assert all(0 < t_s < 30 * DAY for t_s in short)
    assert long[len(short)] >= 30 * DAY
