"""Sensitivity indices: elementary effects (Morris), and shares of variance (Sobol').

In: answers at the points of a design. Out: indices of each factor, with intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.statistics.designs import MORRIS_STEP
from sim.statistics.resampling import CONFIDENCE, N_RESAMPLES, Values, bootstrap_means


@dataclass(frozen=True, eq=False)
class Screening:
    """Elementary effects of each factor: change of the answer over the factor's whole range.

    Attributes
    ----------
    mu, mu_star, sigma : shape (n_factors,)
        Mean, mean absolute value, and standard deviation over trajectories; the latter NaN with
        one. For a factor of several dials mu has no meaning and is NaN.
    low, high : shape (n_factors,)
        BCa interval of mu_star over trajectories; NaN with fewer than two.
    n_trajectories
        Trajectories in which all answers are known.
    """

    mu: Values
    mu_star: Values
    sigma: Values
    low: Values
    high: Values
    n_trajectories: int


def screen(
    answers: Values,
    dials: Values,
    moved: NDArray[np.int64],
    n_dials: NDArray[np.int64],
    rng: np.random.Generator,
) -> Screening:
    """Elementary effects by factor.

    Parameters
    ----------
    answers : shape (n_trajectories, n_factors + 1)
        NaN where not known: the trajectory is left out.
    dials, moved
        The design, as in ``Trajectories``.
    n_dials : shape (n_factors,)
        Dials of each factor.
    rng
        Generator of the resamples.
    """
    is_whole = np.isfinite(answers).all(axis=1)
    answers, dials, moved = answers[is_whole], dials[is_whole], moved[is_whole]
    n_factors = n_dials.size
    if not is_whole.any():
        missing = np.full(n_factors, np.nan)
        return Screening(missing, missing, missing, missing, missing, 0)
    first_dial = np.cumsum(n_dials) - n_dials
    step = np.take_along_axis(np.diff(dials, axis=1), first_dial[moved][..., None], axis=2)[..., 0]
    effect_of_step = np.diff(answers, axis=1) * np.sign(step) / MORRIS_STEP
    effects = np.take_along_axis(effect_of_step, np.argsort(moved, axis=1), axis=1).T
    low, high = bootstrap_means(np.abs(effects), rng)
    n = effects.shape[1]
    return Screening(
        mu=np.where(n_dials == 1, effects.mean(axis=1), np.nan),
        mu_star=np.abs(effects).mean(axis=1),
        sigma=effects.std(axis=1, ddof=1) if n > 1 else np.full(n_factors, np.nan),
        low=low,
        high=high,
        n_trajectories=n,
    )


@dataclass(frozen=True, eq=False)
class Indices:
    """Shares of the answer's variance, all factors varying over their ranges.

    Attributes
    ----------
    first, total : shape (n_factors,)
        First and total order; NaN where the answer does not vary.
    first_low, first_high, total_low, total_high : shape (n_factors,)
        BCa intervals over base points.
    n_base
        Base points at which all answers are known.
    """

    first: Values
    first_low: Values
    first_high: Values
    total: Values
    total_low: Values
    total_high: Values
    n_base: int


def variance_shares(
    answers: Values,
    rng: np.random.Generator,
    *,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> Indices:
    """Sobol' indices from answers at the points of a ``saltelli`` design.

    Parameters
    ----------
    answers : shape (n_base, n_factors + 2)
        At A, B, and the crossings; NaN where not known: the base point is left out.
    rng
        Generator of the resamples of base points.

    Notes
    -----
    With answers centred, ``first = mean(f_B (f_AB - f_A)) / V`` and
    ``total = mean((f_A - f_AB)²) / (2 V)``, V the variance over A and B: the estimators of
    ``scipy.stats.sobol_indices``, whose bootstrap takes no generator and whose number of base
    points must be a power of 2 even when some failed.

    References
    ----------
    Saltelli et al. (2010), table 2 (b) and (f).
    """
    answers = answers[np.isfinite(answers).all(axis=1)]
    n_base, n_factors = answers.shape[0], answers.shape[1] - 2
    if n_base == 0:
        missing = np.full(n_factors, np.nan)
        return Indices(*(missing,) * 6, n_base=0)
    is_constant = (answers == answers[0, 0]).all()
    answers = answers - (answers[0, 0] if is_constant else answers[:, :2].mean())
    at_a, at_b, crossed = answers[:, :1], answers[:, 1:2], answers[:, 2:]
    rows = np.concatenate(
        [at_a, at_b, at_a**2, at_b**2, at_b * (crossed - at_a), (at_a - crossed) ** 2], axis=1
    ).T

    def indices(means: Values) -> Values:
        mean_a, mean_b, square_a, square_b = means[:4]
        variance = (square_a + square_b) / 2 - ((mean_a + mean_b) / 2) ** 2
        first, total = np.split(means[4:], 2)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares: Values = np.concatenate([first / variance, total / (2 * variance)])
        return np.where(variance > 0, shares, np.nan)

    ends = bootstrap_means(
        rows, rng, statistic=indices, confidence=confidence, n_resamples=n_resamples
    )
    point = np.split(indices(rows.mean(axis=1)[:, None])[:, 0], 2)
    low, high = (np.split(end, 2) for end in ends)
    return Indices(
        first=point[0],
        first_low=low[0],
        first_high=high[0],
        total=point[1],
        total_low=low[1],
        total_high=high[1],
        n_base=n_base,
    )
