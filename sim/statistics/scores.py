"""Scores of distributions, and the distance of two that chance explains."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def distance_by_chance(n: int, n_compared: int) -> float:
    """Kolmogorov distance that draws of the reference itself stay below.

    Parameters
    ----------
    n
        Draws of equal weight.
    n_compared
        Distributions compared: in 5 % of cases at most one or more of them lies above (Bonferroni).

    Notes
    -----
    The first term of Kolmogorov's distribution: sqrt(ln(2 k / 0.05) / (2 n)).
    """
    return float(np.sqrt(np.log(2 * n_compared / 0.05) / (2 * n)))


def crps(draws: ArrayLike, observed: float) -> float:
    """Continuous ranked probability score of draws; lower is better.

    Parameters
    ----------
    draws : shape (n,), n > 0
        The prediction; a single number scores its absolute error.
    observed
        The observed number, in the same unit.

    Returns
    -------
    crps
        In that unit, at least 0; NaN where a draw or the observed number is not finite.

    Notes
    -----
    The integral over x of (F(x) - [x >= observed])^2, F the distribution of the draws. It is half
    the squared energy distance between the draws and the observed number.

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


def crps_uniform(low: float, high: float, observed: float) -> float:
    """CRPS of an even distribution over a range, in closed form.

    Raises
    ------
    ValueError
        If ``low`` does not lie below ``high``.

    Notes
    -----
    With ``p`` the position of the observed number in the range, clipped to [0, 1]: the width times
    ``(p^3 + (1 - p)^3) / 3``, plus the distance to the range where it lies outside.

    References
    ----------
    Jordan, Krueger and Lerch, J. Stat. Softw. 90 (2019), appendix A.
    """
    if not low < high:
        raise ValueError(f"expected low < high, got {low:g} and {high:g}")
    inside = min(max(observed, low), high)
    p = (inside - low) / (high - low)
    return (high - low) * (p**3 + (1 - p) ** 3) / 3 + abs(observed - inside)
