"""Designs in the unit cube, and sensitivity indices of the answers at their points.

Grids, Latin hypercubes, Sobol' sequences; elementary effects (Morris) and shares of variance
(Sobol').
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.statistics.intervals import CONFIDENCE, N_RESAMPLES, Values, bootstrap_means

Cube = NDArray[np.float64]

N_LEVELS = 4
"""Levels of a Morris trajectory: 0, 1/3, 2/3 and 1."""


def grid(n_levels: Sequence[int]) -> Cube:
    """All combinations of evenly spaced settings; the last dial varies fastest.

    Parameters
    ----------
    n_levels
        Settings of each dial, from 0 to 1; a single one is 0.

    Returns
    -------
    dials : shape (product of n_levels, n_dials)
    """
    return np.array(list(itertools.product(*(np.linspace(0, 1, n) for n in n_levels))))


def latin_hypercube(n_points: int, n_dials: int, rng: np.random.Generator) -> Cube:
    """Latin hypercube: each of ``n_points`` equal parts of a dial holds one point.

    Returns
    -------
    dials : shape (n_points, n_dials)
    """
    # As scipy.stats.qmc.LatinHypercube draws it, whose import takes longer than a run.
    (rng,) = rng.spawn(1)
    within = rng.uniform(size=(n_points, n_dials))
    parts = np.tile(np.arange(1, n_points + 1), (n_dials, 1))
    for dial in parts:
        rng.shuffle(dial)
    return np.asarray((parts.T - within) / n_points)


def sobol_points(n_points: int, n_dials: int, rng: np.random.Generator) -> Cube:
    """First points of a scrambled Sobol' sequence; most even where their number is a power of 2.

    Returns
    -------
    dials : shape (n_points, n_dials)
    """
    from scipy.stats import qmc  # slow to import, and a single run needs none of it

    sequence = qmc.Sobol(n_dials, rng=rng)
    return np.asarray(sequence.random_base2((n_points - 1).bit_length()))[:n_points]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """A Morris design.

    Attributes
    ----------
    dials : shape (n_trajectories, n_factors + 1, n_dials)
        In each trajectory one factor after another moves, all its dials at once.
    moved : shape (n_trajectories, n_factors)
        Factor that moves at each step.
    """

    dials: Cube
    moved: NDArray[np.int64]


def morris_trajectories(
    n_trajectories: int, n_dials: Sequence[int], rng: np.random.Generator
) -> Trajectories:
    """Random trajectories in which each factor moves once, by ``MORRIS_STEP``, up or down.

    Parameters
    ----------
    n_dials
        Dials of each factor.

    References
    ----------
    Morris, Factorial sampling plans for preliminary computational experiments, Technometrics 33
    (1991); groups as in Campolongo, Cariboni and Saltelli (2007).
    """
    n_factors = len(n_dials)
    factor_of_dial = np.repeat(np.arange(n_factors), n_dials)
    n_low = N_LEVELS // 2
    shape = (n_trajectories, factor_of_dial.size)
    # From a level in the lower half up by the step, or the same way back.
    low = rng.integers(0, n_low, shape) / (N_LEVELS - 1)
    starts_low = rng.integers(0, 2, shape).astype(bool)
    moved = rng.permuted(np.tile(np.arange(n_factors), (n_trajectories, 1)), axis=1)
    step_of_factor = np.argsort(moved, axis=1)
    has_moved = (
        np.arange(n_factors + 1)[None, :, None] > step_of_factor[:, factor_of_dial][:, None, :]
    )
    is_low = starts_low[:, None, :] ^ has_moved
    dials = low[:, None, :] + np.where(is_low, 0.0, MORRIS_STEP)
    return Trajectories(dials.clip(0, 1), moved)


MORRIS_STEP = N_LEVELS / (2 * (N_LEVELS - 1))


def saltelli(n_base: int, n_dials: Sequence[int], rng: np.random.Generator) -> Cube:
    """Design for Sobol' indices: base points of a scrambled Sobol' sequence, and their crossings.

    Parameters
    ----------
    n_base
        Base points; a power of 2 keeps the balance of the sequence.
    n_dials
        Dials of each factor.

    Returns
    -------
    dials : shape (n_base, n_factors + 2, n_dials)
        For each base point: A, B, and A with each factor's dials taken from B.

    References
    ----------
    Saltelli et al., Variance based sensitivity analysis of model output, Computer Physics
    Communications 181 (2010).
    """
    total = int(sum(n_dials))
    both = sobol_points(n_base, 2 * total, rng)
    a, b = both[:, :total], both[:, total:]
    factor_of_dial = np.repeat(np.arange(len(n_dials)), n_dials)
    crossed = [np.where(factor_of_dial == factor, b, a) for factor in range(len(n_dials))]
    return np.stack([a, b, *crossed], axis=1)


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
