"""Scores of predictions that are distributions: CRPS and its parts, Brier score, rank correlation.

They do not know what was predicted, nor on which scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


def crps(draws: ArrayLike, observed: float) -> float:
    """Continuous ranked probability score of draws; lower is better.

    Parameters
    ----------
    draws : shape (n,), n > 0
        The prediction; a single number scores its absolute error.
    observed
        What came out, in the same unit.

    Returns
    -------
    crps
        In that unit, at least 0; NaN where a draw or what came out is not finite.

    Notes
    -----
    The integral over x of (F(x) - [x >= observed])^2, F the distribution of the draws. It is half
    the squared energy distance between the draws and the one number that came out.

    References
    ----------
    Gneiting and Raftery, J. Am. Stat. Assoc. 102 (2007), section 4.2; ``scipy.stats`` for the
    energy distance.
    """
    from scipy.stats import energy_distance  # slow to import, and only scores need it

    values = np.asarray(draws, np.float64)
    if not (np.isfinite(values).all() and math.isfinite(observed)):
        return math.nan
    return float(energy_distance(values, [observed]) ** 2 / 2)


@dataclass(frozen=True)
class CrpsParts:
    """What a CRPS consists of; all in the unit of the prediction, at least 0.

    Attributes
    ----------
    spread
        What it would be had the median of the prediction come out.
    over, under
        The rest: ``over`` where the median lies above what came out, ``under`` where below.
    """

    spread: float
    over: float
    under: float


def crps_parts(draws: ArrayLike, observed: float) -> CrpsParts:
    """Take a CRPS apart into spread, overprediction and underprediction.

    Parameters are those of `crps`; the parts sum to it. All are NaN where it is.

    Notes
    -----
    Of all numbers that might come out the median has the least CRPS, so no part is below 0.

    References
    ----------
    Bosse et al., arXiv:2205.07090 (2022), for samples, after Bracher et al., PLoS Comput. Biol. 17
    (2021), e1008618, for intervals.
    """
    whole = crps(draws, observed)
    if math.isnan(whole):
        return CrpsParts(math.nan, math.nan, math.nan)
    values = np.asarray(draws, np.float64)
    median = float(np.median(values))
    spread = min(crps(values, median), whole)
    rest = whole - spread
    return CrpsParts(spread, rest if median > observed else 0.0, rest if median < observed else 0.0)


def crps_uniform(low: float, high: float, observed: float) -> float:
    """CRPS of an even distribution over a range, in closed form.

    Raises
    ------
    ValueError
        If ``low`` does not lie below ``high``.

    Notes
    -----
    With ``p`` the place of what came out in the range, held to [0, 1]: the width times
    ``(p^3 + (1 - p)^3) / 3``, and the distance to the range where it lies outside.

    References
    ----------
    Jordan, Krueger and Lerch, J. Stat. Softw. 90 (2019), appendix A.
    """
    if not low < high:
        raise ValueError(f"expected low < high, got {low:g} and {high:g}")
    inside = min(max(observed, low), high)
    place = (inside - low) / (high - low)
    return (high - low) * (place**3 + (1 - place) ** 3) / 3 + abs(observed - inside)


def brier(probability: float) -> float:
    """Brier score of the probability that was given to what came out: its squared shortfall.

    References
    ----------
    Brier, Mon. Weather Rev. 78 (1950), for an event of two outcomes, without the factor 2.
    """
    return (1 - probability) ** 2


def rank_correlation(predicted: ArrayLike, published: ArrayLike) -> float:
    """Spearman's rank correlation; equal values share their mean rank.

    Returns
    -------
    rho
        In [-1, 1]; NaN where either is constant or not known somewhere.
    """
    from scipy.stats import spearmanr  # slow to import, and only scores need it

    pairs = np.array([predicted, published], np.float64)
    if np.isnan(pairs).any() or (np.ptp(pairs, axis=1) == 0).any():
        return math.nan
    return float(spearmanr(*pairs).statistic)
