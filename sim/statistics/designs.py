"""Designs, the triangular distribution, shares of variance, and scores of distributions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]


def latin_hypercube(n_points: int, n_dials: int, rng: np.random.Generator) -> Floats:
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


def triangular_quantile(
    u: NDArray[np.float64], low: float, mode: float, high: float
) -> NDArray[np.float64]:
    """Quantile of the triangular distribution; ``low`` where the range is a point.

    Parameters
    ----------
    u
        Probabilities in [0, 1].

    References
    ----------
    Inverse of F(x) = (x - low)^2 / ((high - low)(mode - low)) below the mode and
    1 - (high - x)^2 / ((high - low)(high - mode)) above it. It rises with each of low, mode, high,
    so that parameters ordered in all three are ordered in every draw that shares ``u``.
    """
    width = high - low
    if width == 0:
        return np.full(u.shape, low)
    below = low + np.sqrt(u * width * (mode - low))
    above = high - np.sqrt((1 - u) * width * (high - mode))
    return np.where(u * width < mode - low, below, above)


def triangular_share(value: float, low: float, mode: float, high: float) -> float:
    """Probability that the triangular distribution gives to values up to one: F(x) above."""
    if value >= high:
        return 1.0
    if value <= low:
        return 0.0
    if value <= mode:
        return (value - low) ** 2 / ((high - low) * (mode - low))
    return 1 - (high - value) ** 2 / ((high - low) * (high - mode))


FEWEST = 32
"""Fewest simulations with which inputs are named: in fewer, some correlate by chance."""


MOST_NAMED, RISK = 8, 0.05
"""Most inputs that are named, and the probability that one without influence is named."""


def rank_shares(result: Floats, inputs: Floats) -> Floats:
    """Shares of the variance of a result's rank that inputs explain, by stepwise regression.

    Parameters
    ----------
    result : shape (n,)
        No NaN.
    inputs : shape (n, n_inputs)
        Ranks of each input, as `ranks_of` gives them.

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
    norm = np.sqrt((inputs**2).sum(axis=0))
    chosen: list[Floats] = []
    for n_named in range(min(MOST_NAMED, n_inputs)):
        freedom = size - 2 - n_named
        rest = float(left @ left)
        if rest <= 1e-12 * total:
            break
        best = int(np.argmax(np.abs(left @ inputs) / np.maximum(norm, 1e-300)))
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
        if 2 * stdtr(freedom, -t) * n_inputs >= RISK:
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
