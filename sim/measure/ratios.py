"""Ratios of two measures, such as names hit per user-hour denied, with intervals.

In: two measures by replicate. Out: the ratio of their sums over replicates, with an interval. A
replicate in which nothing was denied has no ratio of its own, but counts in the sums.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from sim.statistics.paired import Interval, PairedDifference
from sim.statistics.resampling import CONFIDENCE, N_RESAMPLES, Values, bootstrap_means


def ratio_interval(
    above: Values,
    below: Values,
    rng: np.random.Generator,
    *,
    per: float = 1.0,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> Interval:
    """Ratio of two sums over replicates with its BCa interval.

    Parameters
    ----------
    above, below : shape (n_replicates,)
        Same replicate, same luck; NaN where a value is not known.
    rng
        Luck of the resamples: stream ``BOOTSTRAP``. Replicates are resampled in pairs.
    per
        Number of units of the denominator that the ratio is for.

    Returns
    -------
    interval
        NaN where a replicate is not known or the sum below is not above zero; its ends are NaN
        also where the sum below is zero in a resample, since then the ratio has no upper bound.

    References
    ----------
    Cochran, Sampling Techniques (1977), chapter 6 (ratio estimator).
    """
    both = np.array([above, below])
    n_known = int((~np.isnan(both).any(axis=0)).sum())
    found = bootstrap_means(
        both,
        rng,
        statistic=lambda means: over(means[0], means[1], per)[None],
        confidence=confidence,
        n_resamples=n_resamples,
    )
    point = float(over(both[0].mean(), both[1].mean(), per))
    if np.isnan(point):
        return Interval(np.nan, np.nan, np.nan, n_known)
    return Interval(point, float(found.low[0]), float(found.high[0]), n_known)


def ratio_difference(
    values: Values,
    baseline: Values,
    rng: np.random.Generator,
    *,
    per: float = 1.0,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> PairedDifference:
    """Difference of two strategies' ratios with its BCa interval; no t test is made of ratios.

    Parameters
    ----------
    values, baseline : shape (2, n_replicates)
        Numerator and denominator of the strategy and of the baseline, in the same replicates.
    """
    four = np.concatenate([values, baseline])
    n_known = int((~np.isnan(four).any(axis=0)).sum())

    def less(means: Values) -> Values:
        return (over(means[0], means[1], per) - over(means[2], means[3], per))[None]

    found = bootstrap_means(
        four, rng, statistic=less, confidence=confidence, n_resamples=n_resamples
    )
    point = float(less(four.mean(axis=1, keepdims=True))[0, 0])
    if np.isnan(point):
        return PairedDifference.unknown(n_known)
    low, high = float(found.low[0]), float(found.high[0])
    return replace(PairedDifference.unknown(n_known), mean=point, low=low, high=high)


def over(above: ArrayLike, below: ArrayLike, per: float) -> Values:
    """Elementwise ratio; NaN where the denominator is not above zero.

    Parameters
    ----------
    above, below : equal shapes
    per
        Number of units of the denominator that the ratio is for.
    """
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    unknown = np.full(below.shape, np.nan)
    ratio: Values = np.divide(above, below / per, where=below > 0, out=unknown)
    return ratio
