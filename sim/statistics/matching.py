"""History matching: how far predictions lie from what was observed, and the weights that leaves.

In: expected predictions with variances, and observations with their side. Out: implausibilities,
log-likelihoods, and distances between distributions. Where the predictions come from, and on which
scale they are, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID_SD, N_GRID = 8.0, 321
"""Standard deviations to either side over which a shared error is integrated, and steps there."""
RULED_OUT = 3.0
"""Implausibility from which a point is ruled out: three standard deviations hold at least 95 % of
any distribution with one mode (Pukelsheim 1994)."""


def implausibility(mean: Floats, variance: Floats, observed: Floats, side: Floats) -> Floats:
    """Distance from what was observed, in standard deviations of all that may explain it.

    Parameters
    ----------
    mean, variance : shape (n_points, n_observed)
        Expected prediction at each point, and the variance of all that keeps it from what was
        observed: emulator, luck, discrepancy of the model, tolerance of the observation.
    observed, side : shape (n_observed,)
        What was observed: the quantity itself (0), or a bound that it is at least (1) or at most
        (-1).

    Returns
    -------
    implausibility : shape (n_points, n_observed)
        At least 0; 0 where a bound is kept.

    References
    ----------
    Craig, Goldstein, Seheult and Smith, Case Studies in Bayesian Statistics 3 (1997); Vernon,
    Goldstein and Bower, Bayesian Analysis 5 (2010).
    """
    distance = observed - mean
    distance = np.where(side == 0, np.abs(distance), np.maximum(side * distance, 0.0))
    return np.asarray(distance / np.sqrt(variance))


def log_likelihood(mean: Floats, variance: Floats, observed: Floats, side: Floats) -> Floats:
    """Gaussian log-likelihood of what was observed; of a bound, the probability that it is kept.

    Parameters and shapes are those of `implausibility`.
    """
    from scipy import stats  # slow to import, and a single run needs none of it

    sd = np.sqrt(variance)
    of_figure = stats.norm.logpdf(observed, mean, sd)
    of_bound = stats.norm.logcdf(side * (mean - observed) / sd)
    return np.asarray(np.where(side == 0, of_figure, of_bound))


def log_likelihood_in_common(
    mean: Floats,
    variance: Floats,
    observed: Floats,
    side: Floats,
    number: Sequence[int],
    in_common: float,
) -> Floats:
    """Log-likelihood of what was observed, where all predictions of a point share one error.

    Parameters and shapes are those of `implausibility`, and:

    Parameters
    ----------
    number : shape (n_observed,)
        Which number each column shows, from 0; a number counts once, by its mean.
    in_common
        Variance of the error that is shared, which ``variance`` holds as well.

    Returns
    -------
    log_likelihood : shape (n_points,)

    Notes
    -----
    Given the shared error c, what was observed is independent: the integral over c, normal with
    this variance, of the product. For quantities it is the normal density with covariance
    ``in_common`` between any two numbers; bounds have no such form, so the integral is a sum over
    an even grid, which for smooth functions that vanish at its ends is as exact as its step is fine
    (Trefethen and Weideman, SIAM Review 56, 2014).
    """
    if len(set(number)) == 1 or in_common <= 0:
        return np.asarray(by_number(log_likelihood(mean, variance, observed, side), number).sum(1))
    from scipy.special import logsumexp  # slow to import, and a single run needs none of it

    own = variance - in_common
    at = np.linspace(-GRID_SD, GRID_SD, N_GRID)
    given = [
        by_number(log_likelihood(mean + one, own, observed, side), number).sum(axis=1)
        for one in np.sqrt(in_common) * at
    ]
    weight = np.exp(-0.5 * at**2)
    return np.asarray(logsumexp(np.stack(given), axis=0, b=(weight / weight.sum())[:, np.newaxis]))


def by_number(rows: Floats, number: Sequence[int], power: float = 1.0) -> Floats:
    """Mean over the columns that show one number, so that the number counts once.

    Parameters
    ----------
    rows : shape (n_points, n_observed)
    number : shape (n_observed,)
        Which number each column shows, from 0.
    power
        Of the mean: 2 for the root of the mean square.

    Returns
    -------
    rows : shape (n_points, n_numbers)
    """
    of = np.asarray(number)
    return np.stack(
        [
            (rows[:, of == one] ** power).mean(axis=1) ** (1 / power)
            for one in range(int(of.max()) + 1)
        ],
        axis=1,
    )


def weights_of(log_likelihoods: Floats, is_left: NDArray[np.bool_]) -> Floats:
    """Weights, which sum to 1, by likelihood among the points that are left; 0 for the others.

    Parameters
    ----------
    log_likelihoods, is_left : shape (n_points,)

    Returns
    -------
    weight : shape (n_points,)
        All 0 where no point is left.
    """
    weight = np.zeros(log_likelihoods.shape)
    if is_left.any():
        left = log_likelihoods[is_left]
        weight[is_left] = np.exp(left - left.max())
        weight /= weight.sum()
    return weight


def kolmogorov_distance(values: Floats, weight: Floats, reference: Floats) -> float:
    """Greatest distance between two distribution functions, in [0, 1].

    Parameters
    ----------
    values, weight : shape (n,)
        Weighted values; weights sum to 1.
    reference : shape (m,)
        Values of equal weight.
    """
    at = np.unique(np.concatenate([values, reference]))
    order = np.argsort(values, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(weight[order])])
    ours = reached[np.searchsorted(values[order], at, side="right")]
    theirs = np.searchsorted(np.sort(reference), at, side="right") / reference.size
    return float(np.abs(ours - theirs).max())


def distance_by_chance(n_effective: float, n_compared: int, risk: float = 0.05) -> float:
    """Kolmogorov distance that draws of the reference itself stay below.

    Parameters
    ----------
    n_effective
        Draws of equal weight that say as much.
    n_compared
        Distributions compared, of which none stays below it with at most this risk (Bonferroni).

    Notes
    -----
    The first term of Kolmogorov's distribution: sqrt(ln(2 k / risk) / (2 n)).
    """
    return float(np.sqrt(np.log(2 * n_compared / risk) / (2 * n_effective)))
