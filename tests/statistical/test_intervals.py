"""Intervals cover what they say, and a bootstrap share is the closed form's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from sim.statistics.dominance import tradeoff
from sim.statistics.paired import mean_intervals, paired_differences

N_EXPERIMENTS = 3000
N_REPLICATES = 80
NOMINAL = 0.95
FOUND = (0.93, 0.97)
"""Accepted: four binomial standard errors of 0.4 points, and the small-sample shortfall."""

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
DRAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "gamma of shape 2": lambda rng, shape: rng.gamma(2.0, size=shape) - 2.0,
    "lognormal": lambda rng, shape: rng.lognormal(0, 0.5, size=shape) - np.exp(0.125),
}
"""Draws with mean zero."""


def coverage(low: object, high: object, truth: float) -> float:
    return float(np.mean((np.asarray(low) <= truth) & (truth <= np.asarray(high))))


def experiments(draw: Draw) -> tuple[np.ndarray, np.ndarray, float]:
    """Values and baseline, with large luck in common; and their true mean difference."""
    rng = np.random.default_rng(20180416)
    shape = (N_EXPERIMENTS, N_REPLICATES)
    baseline = 100 + 5 * rng.normal(size=shape)
    return baseline + 3 + draw(rng, shape), baseline, 3.0


@pytest.mark.parametrize("name", DRAWS)
def test_paired_intervals_cover_the_true_difference(name: str) -> None:
    values, baseline, truth = experiments(DRAWS[name])
    found = paired_differences(values, baseline, np.random.default_rng(1), n_resamples=1999)
    by_bootstrap = coverage([one.low for one in found], [one.high for one in found], truth)
    by_t = coverage([one.t_low for one in found], [one.t_high for one in found], truth)
    assert FOUND[0] <= by_bootstrap <= FOUND[1]
    assert FOUND[0] <= by_t <= FOUND[1]


def test_interval_of_a_mean_covers_it() -> None:
    values, _, _ = experiments(DRAWS["normal"])
    found = mean_intervals(values, np.random.default_rng(1), n_resamples=1999)
    assert FOUND[0] <= coverage([x.low for x in found], [x.high for x in found], 103.0) <= FOUND[1]


def test_the_check_fails_an_unpaired_interval_and_a_too_narrow_one() -> None:
    values, baseline, truth = experiments(DRAWS["normal"])
    unpaired = stats.ttest_ind(values, baseline, axis=1, equal_var=False).confidence_interval()
    assert coverage(unpaired.low, unpaired.high, truth) > FOUND[1]
    narrow = paired_differences(
        values, baseline, np.random.default_rng(1), confidence=0.9, n_resamples=1999
    )
    for low, high in (
        ([x.low for x in narrow], [x.high for x in narrow]),
        ([x.t_low for x in narrow], [x.t_high for x in narrow]),
    ):
        assert coverage(low, high, truth) < FOUND[0]


@pytest.mark.parametrize("shift", [-1.5, -0.4, 0.0, 1.0])
def test_share_of_draws_on_the_frontier_is_the_normal_probability(shift: float) -> None:
    """The first strategy is on the frontier unless it is worse in efficacy and in collateral.

    The mean differences of a resample are normal about those found, with the variance and
    correlation of the sample over n; normal scores have no skew that would disturb this.
    """
    n = 400
    scores = stats.norm.ppf((np.arange(n) + 0.5) / n)
    shuffled = np.random.default_rng(4).permutation(scores)
    loss = scores + shift / np.sqrt(n)
    cost = 0.6 * scores + 0.8 * shuffled + 0.5 / np.sqrt(n)
    luck = 10 * np.random.default_rng(5).gamma(2, size=(2, n))
    found = tradeoff(
        np.array([luck[0] - loss, luck[0]]),
        np.array([luck[1] + cost, luck[1]]),
        np.random.default_rng(6),
    )
    covariance = np.cov(loss, cost, ddof=0) / n
    worse = stats.multivariate_normal(-np.array([loss.mean(), cost.mean()]), covariance).cdf([0, 0])
    error = np.sqrt(worse * (1 - worse) / found.n_draws)
    assert abs(found.share_of_draws_on_frontier[0] - (1 - worse)) < 4 * error + 0.002
    better = stats.multivariate_normal(np.array([loss.mean(), cost.mean()]), covariance).cdf([0, 0])
    assert abs(found.share_of_draws_on_frontier[1] - (1 - better)) < 4 * error + 0.002
