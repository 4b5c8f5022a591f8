"""Latin hypercubes, trajectories with their elementary effects, and shares of variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from sim.statistics.intervals import Values, bootstrap_means

Cube = NDArray[np.float64]

N_LEVELS = 4
"""Levels of a Morris trajectory: 0, 1/3, 2/3 and 1."""


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


MORRIS_STEP = N_LEVELS / (2 * (N_LEVELS - 1))


def morris_trajectories(
    n_trajectories: int, n_dials: Sequence[int], rng: np.random.Generator
) -> tuple[Cube, NDArray[np.int64]]:
    """Random trajectories in which each factor moves once, by ``MORRIS_STEP``, up or down.

    Parameters
    ----------
    n_dials
        Dials of each factor.

    Returns
    -------
    dials : shape (n_trajectories, n_factors + 1, n_dials)
        In each trajectory one factor after another moves, all its dials at once.
    moved : shape (n_trajectories, n_factors)
        Factor that moves at each step.

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
    return dials.clip(0, 1), moved


def screen(
    answers: Values,
    dials: Values,
    moved: NDArray[np.int64],
    n_dials: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[dict[str, Values], int]:
    """Elementary effects of each factor: change of the answer over the factor's whole range.

    Parameters
    ----------
    answers : shape (n_trajectories, n_factors + 1)
        NaN where not known: the trajectory is left out.
    dials, moved
        The design, as `morris_trajectories` returns it.
    n_dials : shape (n_factors,)
        Dials of each factor.
    rng
        Generator of the resamples.

    Returns
    -------
    columns
        By name, shape (n_factors,): ``mu``, ``mu_star`` and ``sigma``, the mean, mean absolute
        value and standard deviation over trajectories, the latter NaN with one; for a factor of
        several dials mu has no meaning and is NaN. ``mu_star_low`` and ``mu_star_high``: BCa
        interval over trajectories, NaN with fewer than two.
    n_trajectories
        Trajectories in which all answers are known; without any, all columns are NaN.
    """
    is_whole = np.isfinite(answers).all(axis=1)
    answers, dials, moved = answers[is_whole], dials[is_whole], moved[is_whole]
    n_factors, n = n_dials.size, len(answers)
    missing = np.full(n_factors, np.nan)
    if n == 0:
        names = ("mu", "mu_star", "mu_star_low", "mu_star_high", "sigma")
        return dict.fromkeys(names, missing), 0
    first_dial = np.cumsum(n_dials) - n_dials
    step = np.take_along_axis(np.diff(dials, axis=1), first_dial[moved][..., None], axis=2)[..., 0]
    effect_of_step = np.diff(answers, axis=1) * np.sign(step) / MORRIS_STEP
    effects = np.take_along_axis(effect_of_step, np.argsort(moved, axis=1), axis=1).T
    low, high = bootstrap_means(np.abs(effects), rng)
    return {
        "mu": np.where(n_dials == 1, effects.mean(axis=1), np.nan),
        "mu_star": np.abs(effects).mean(axis=1),
        "mu_star_low": low,
        "mu_star_high": high,
        "sigma": effects.std(axis=1, ddof=1) if n > 1 else missing,
    }, n


Floats = NDArray[np.float64]

FEWEST = 32
"""Fewest simulations with which inputs are named: in fewer, some correlate by chance."""


def rank_shares(result: Floats, inputs: Floats, *, most: int = 8, risk: float = 0.05) -> Floats:
    """Shares of the variance of a result's rank that inputs explain, by stepwise regression.

    Parameters
    ----------
    result : shape (n,)
        No NaN.
    inputs : shape (n, n_inputs)
        Ranks of each input, as `ranks_of` gives them.
    most
        Most inputs that are named.
    risk
        Probability that an input without influence is named.

    Returns
    -------
    share : shape (n_inputs,)
        For the inputs that are named, by how much each increases the share explained, less the
        increase of an input without influence; 0 for the others, and with fewer than ``FEWEST``
        simulations. Their sum is at most 1. An effect that neither rises nor falls throughout is
        missed.

    Notes
    -----
    Each step adds the input that goes most with what is not explained yet, as long as a t test
    distinguishes it from none at the risk divided by the number of inputs (Bonferroni).

    References
    ----------
    Helton and Davis, Sampling-based methods, in Saltelli, Chan and Scott (eds.), Sensitivity
    Analysis (2000): stepwise regression on ranks.
    """
    size, n_inputs = inputs.shape
    share = np.zeros(n_inputs)
    if size < FEWEST:
        return share
    left = _ranks(result)
    total = float(left @ left)
    if total <= 0 or n_inputs == 0:
        return share
    norm = np.sqrt((inputs**2).sum(axis=0))
    chosen: list[Floats] = []
    for n_named in range(min(most, n_inputs)):
        freedom = size - 2 - n_named
        rest = float(left @ left)
        if freedom < 2 or rest <= 1e-12 * total:
            break
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.where(norm > 0, left @ inputs / (norm * np.sqrt(rest)), 0.0)
        best = int(np.argmax(np.abs(r)))
        column = inputs[:, best]
        for one in chosen:
            column = column - (one @ column) * one
        length = float(np.sqrt(column @ column))
        if length <= 1e-9 * norm[best]:
            break
        column = column / length
        gain = float(left @ column) ** 2
        still = max(rest - gain, 0.0)
        t = np.sqrt(gain * freedom / max(still, 1e-300))
        if 2 * stdtr(freedom, -t) * n_inputs >= risk:
            break
        share[best] += max(gain - still / freedom, 0.0) / total
        left = left - (left @ column) * column
        chosen.append(column)
    return share


def chance_share(pairs: Floats) -> float:
    """Share of the variance of a result's rank that is chance, by pairs of simulations.

    Parameters
    ----------
    pairs : shape (n_pairs, 2)
        Results of two simulations with the same inputs, each with its own chance. NaN where not
        known.

    Returns
    -------
    share
        From 0 to 1; NaN with fewer than ``FEWEST`` known pairs, or without any spread. Its standard
        error is at most 1 / sqrt(n_pairs).

    Notes
    -----
    One less the intraclass correlation of one-way random effects: the mean square within pairs is
    the variance by chance; that between pairs has two of these of the inputs in addition.

    References
    ----------
    Shrout and Fleiss, Psychological Bulletin 86 (1979), 420-428: ICC(1, 1).
    """
    known = pairs[~np.isnan(pairs).any(axis=1)]
    n = len(known)
    if n < FEWEST:
        return np.nan
    rank = _ranks(known.ravel()).reshape(n, 2)
    within = float(((rank[:, 0] - rank[:, 1]) ** 2).sum()) / (2 * n)
    between = 2 * float(rank.mean(axis=1).var(ddof=1))
    if within + between <= 0:
        return np.nan
    return float(min(2 * within / (within + between), 1.0))


def ranks_of(inputs: Floats) -> Floats:
    """Ranks of inputs, less their mean, shape (n, n_inputs)."""
    ranks = [_ranks(column) for column in inputs.T]
    return np.stack(ranks, axis=1) if ranks else np.empty(inputs.shape)


def _ranks(values: Floats) -> Floats:
    """Share of values below each, and half of the share equal, less the mean."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return np.asarray((below + up_to) / (2 * values.size) - 0.5)
