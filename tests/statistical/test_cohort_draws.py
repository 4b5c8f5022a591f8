"""A group that stands for many enforces by share, as docs/explanation/model.md says (Operators).

With as many cohorts as operators the number that enforces an entry is beta-binomial: its mean, its
variance and its probabilities are known. Tolerances as in `test_operator_draws.py`; the seed is
fixed.
"""

import math
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest

from sim.engine.actors.operators import Compliance
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.operators import Operators, build_operators, share_above
from tests.statistical.test_response_draws import HOUR, kolmogorov, standard

pytestmark = pytest.mark.laws

N = 2000
"""Replicates. One entry is asked for in each, so that draws are independent."""
KEY = (0, 255)
GROUP = 1
DAY = 86_400
MEAN, OVER = 0.75, 0.25


def split(replay: Resolved, **values: object) -> Resolved:
    """Return the scenario with two groups, other values in the second."""
    first, *_, other, _ = replay.operators.rows
    for name in ("n_operators", "cohorts", "over_dispersion"):
        values.setdefault(name, None)
    rows = first, other.model_copy(update={"compliance": MEAN, **values})
    return replace(replay, operators=replace(replay.operators, rows=rows))


def built(replay: Resolved, n: int = N) -> list[Operators]:
    return [build_operators(replay, Streams(3, replicate)) for replicate in range(n)]


def numbers_enforcing(worlds: list[Operators]) -> np.ndarray:
    """Cohorts of the group that enforce one entry, replicate by replicate."""
    found = []
    for replicate, operators in enumerate(worlds):
        compliance = Compliance(operators.compliance, operators.luck_row, Streams(3, replicate))
        found.append(np.array(compliance.enforces(KEY))[operators.luck_row == GROUP].sum())
    return np.array(found)


def beta_binomial(n: int, mean: float, over: float) -> np.ndarray:
    """Probabilities of 0 to n by rising factorials, Pólya's urn; exact, of the standard library."""
    weight = (1 - Fraction(over)) / Fraction(over)
    a, b = Fraction(mean) * weight, (1 - Fraction(mean)) * weight

    def rising(x: Fraction, k: int) -> Fraction:
        return math.prod((x + j for j in range(k)), start=Fraction(1))

    return np.array(
        [
            float(math.comb(n, k) * rising(a, k) * rising(b, n - k) / rising(a + b, n))
            for k in range(n + 1)
        ]
    )


def chi_square(found: np.ndarray, probability: np.ndarray) -> float:
    """Sum of squared deviations in standard errors, as standard deviations above its mean."""
    count = np.bincount(found, minlength=probability.size)
    expected = probability * found.size
    freedom = probability.size - 1
    return float((((count - expected) ** 2 / expected).sum() - freedom) / math.sqrt(2 * freedom))


@pytest.mark.parametrize(
    ("n", "over"),
    [(6, OVER), *(pytest.param(*one, marks=pytest.mark.long) for one in ((2, 0.5), (6, 0.6)))],
)
def test_the_number_that_enforces_an_entry_is_beta_binomial(replay, n, over):
    asked = split(replay, n_operators=n, cohorts=n, over_dispersion=over)
    found = numbers_enforcing(built(asked))
    share = found / n
    variance = MEAN * (1 - MEAN) * (1 + (n - 1) * over) / n
    assert abs(share.mean() - MEAN) < 4 * math.sqrt(variance / N)
    deviation = (share - MEAN) ** 2
    assert abs(deviation.mean() - variance) < 4 * deviation.std() / math.sqrt(N)
    law = beta_binomial(n, MEAN, over)
    assert law @ np.arange(n + 1) == pytest.approx(n * MEAN)
    assert chi_square(found, law) < 5
    # Negative controls: operators on their own, another mean, another over-dispersion.
    binomial = MEAN * (1 - MEAN) / n
    assert abs(deviation.mean() - binomial) > 4 * deviation.std() / math.sqrt(N)
    assert chi_square(found, beta_binomial(n, MEAN - 0.06, over)) > 5
    assert chi_square(found, beta_binomial(n, MEAN, over - 0.15)) > 5


def test_few_cohorts_of_many_keep_mean_and_variance_of_the_share(replay):
    n, cohorts = 3000, 5
    asked = split(replay, n_operators=n, cohorts=cohorts, over_dispersion=OVER)
    share = numbers_enforcing(built(asked)) / cohorts
    exact = MEAN * (1 - MEAN) * (1 + (n - 1) * OVER) / n
    assert abs(share.mean() - MEAN) < 4 * math.sqrt(exact / N)
    deviation = (share - MEAN) ** 2
    error = 4 * deviation.std() / math.sqrt(N)
    # A cohort at the edge of those that enforce is rounded up or down: by p (1 - p) / cohorts**2.
    assert exact - error < deviation.mean() < exact + 0.25 / cohorts**2 + error
    # Negative control: as five operators they would differ by more.
    alone = MEAN * (1 - MEAN) * (1 + (cohorts - 1) * OVER) / cohorts
    assert deviation.mean() < alone - error


@pytest.mark.parametrize("over", [0, 1])
def test_without_over_dispersion_a_fixed_share_enforces_and_with_all_of_it_all_or_none(
    replay, over
):
    asked = split(replay, n_operators=4000, cohorts=4, over_dispersion=over)
    share = numbers_enforcing(built(asked, 400)) / 4
    assert set(share.tolist()) <= ({0.5, 0.75, 1.0} if over == 0 else {0.0, 1.0})
    assert abs(share.mean() - MEAN) < 4 * math.sqrt(MEAN * (1 - MEAN) / 400)


def test_compliance_of_a_cohort_is_the_upper_tail_of_a_beta_law():
    # With a = 3 and b = 1, P(S > x) = 1 - x**3; with a = 1 and b = 3, (1 - x)**3.
    x = np.linspace(0, 0.99, 34)
    np.testing.assert_allclose(share_above(x, 0.75, 0.2), 1 - x**3, rtol=1e-12)
    np.testing.assert_allclose(share_above(x, 0.25, 0.2), (1 - x) ** 3, rtol=1e-12)
    assert np.abs(share_above(x, 0.75, 0.25) - (1 - x**3)).max() > 0.01
    for certain in (0.0, 1.0):
        assert share_above(x, certain, 0.3).tolist() == [certain] * x.size


def test_the_more_willing_cohort_enforces_all_that_the_next_one_does(replay):
    asked = split(replay, n_operators=60, cohorts=6, over_dispersion=OVER)
    operators = build_operators(asked, Streams(3, 0))
    compliance = Compliance(operators.compliance, operators.luck_row, Streams(3, 0))
    mine = operators.luck_row == GROUP
    drawn = np.array(
        [np.array(compliance.enforces((row, row)))[mine] for row in range(500)]
    ).astype(int)
    assert np.all(np.diff(drawn, axis=1) <= 0)
    assert (np.diff(drawn.sum(axis=0)) < 0).any()


def test_adoption_is_lognormal_after_its_day(replay):
    asked = split(
        replay,
        n_operators=40,
        cohorts=2,
        over_dispersion=OVER,
        adoption_from=replay.scenario.start - timedelta(days=3),
        adoption_median_d=20.0,
        adoption_sigma=0.8,
    )
    begins_s = np.array([one.begins_s for one in built(asked)])
    mine = build_operators(asked, Streams(3, 0)).luck_row == GROUP
    assert not begins_s[:, ~mine].any()
    for column in np.flatnonzero(mine):
        since_s = begins_s[:, column] + 3 * DAY
        assert kolmogorov(standard(since_s, 20.0 * DAY / HOUR, 0.8)) < 1
        # Half have begun by the median after the day, and not after the start of the scenario.
        n_begun = (since_s <= 20 * DAY).sum()
        assert abs(n_begun / N - 0.5) < 4 * 0.5 / math.sqrt(N)
        assert kolmogorov(standard(since_s, 1.1 * 20.0 * DAY / HOUR, 0.8)) > 1
        assert kolmogorov(standard(since_s, 20.0 * DAY / HOUR, 0.95)) > 1
    first, second = begins_s[:, mine].T
    assert abs(np.corrcoef(np.log(first + 3 * DAY), np.log(second + 3 * DAY))[0, 1]) < 0.1
