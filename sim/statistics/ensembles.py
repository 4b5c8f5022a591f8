"""Weighted draws of many inputs at once: quantiles, effective size, and what a result hangs on.

In: results and inputs of many draws, with weights. Out: quantiles, and shares of variance. Which
inputs are whose is not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_TOLD = 31.9
"""Effective draws below which no input is told: of so many inputs some go with each other in so few
draws. A hair below 32, of which the weights may sum to a little less."""


SETTLED = 0.95
"""Share of the weight in which an order has to hold, by its lower bound, to be settled."""
CONFIDENCE = 0.95
"""One-sided confidence of that bound."""


def share_bound(share: float, size: float) -> float:
    """Lower bound of a share of weighted draws, at their effective size.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934), one-sided.
    """
    from scipy import stats  # slow to import, and a single run needs none of it

    held = share * size
    if held <= 0:
        return 0.0
    return float(stats.beta.ppf(1 - CONFIDENCE, held, max(size - held, 0.0) + 1))


def effective_size(weight: Floats) -> float:
    """How many draws of equal weight would say as much (Kish): (sum w)^2 / sum w^2."""
    total = float(np.square(weight).sum())
    return float(weight.sum()) ** 2 / total if total > 0 else 0.0


def weighted_quantiles(values: Floats, weight: Floats, shares: Floats) -> Floats:
    """Quantiles of weighted values: the least value up to which more than that share weighs.

    Where exactly the share weighs up to one value, it is the middle between that and the next: so
    the median of four values is the mean of the two in the middle, and that of the values with
    their signs turned is the median with its sign turned.

    Parameters
    ----------
    values : shape (n, ...)
        No value of weight above 0 is NaN.
    weight : shape (n,)
    shares : shape (k,)

    Returns
    -------
    quantiles : shape (k, ...)
        NaN where nothing weighs anything.

    References
    ----------
    Hyndman and Fan, The American Statistician 50 (1996), definition 2.
    """
    counts = weight > 0
    values, weight = values[counts], weight[counts]
    if not weight.size:
        return np.full((shares.size, *values.shape[1:]), np.nan)
    # The sums round: a share counts as reached, and as not passed, within some units of the last
    # digit of all.
    at_least, at_most = (shares * weight.sum() * (1 + way * 1e-12) for way in (-1, 1))
    if np.ptp(weight) == 0:
        reached = np.cumsum(weight)
        last = len(values) - 1
        first = np.searchsorted(reached, at_least).clip(max=last)
        after = np.searchsorted(reached, at_most, side="right").clip(max=last)
        ordered = np.partition(values, np.unique((first, after)), axis=0)
        return np.asarray((ordered[first] + ordered[after]) / 2)
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weight[order], axis=0)
    ordered = np.take_along_axis(values, order, axis=0)

    def value_at(row: NDArray[np.int64]) -> Floats:
        """The value of a column of which so many lie below."""
        place = row.clip(max=len(values) - 1)[None]
        return np.asarray(np.take_along_axis(ordered, place, axis=0)[0])

    return np.stack([
        (value_at((reached < low).sum(axis=0)) + value_at((reached <= high).sum(axis=0))) / 2
        for low, high in zip(at_least, at_most, strict=True)
    ])  # fmt: skip


def places(values: Floats, weight: Floats, at: Floats) -> Floats:
    """Where numbers stand among weighted values: the share below, and half of the share equal.

    Parameters
    ----------
    values, weight : shape (n,)
        Weights sum to 1.
    at : any shape
    """
    order = np.argsort(values, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weight[order])])
    ordered = values[order]
    first, last = (np.searchsorted(ordered, at, side) for side in ("left", "right"))
    return np.asarray((below[first] + below[last]) / 2)


def rank_shares(
    result: Floats, inputs: Floats, weight: Floats, *, most: int = 8, risk: float = 0.05
) -> Floats:
    """Shares of the variance of a result's rank that inputs bring, by stepwise regression on ranks.

    Parameters
    ----------
    result : shape (n_draws,)
        No NaN.
    inputs : shape (n_draws, n_inputs)
        Ranks of each input, as `ranks_of` gives them for the same weights.
    weight : shape (n_draws,)
        Weights, which sum to 1.
    most
        Most inputs that are told.
    risk
        Probability that an input without influence is told to have one.

    Returns
    -------
    share : shape (n_inputs,)
        For the inputs that are told, by how much each takes the share explained up, less what an
        input without influence would take it; 0 for the others, and below ``LEAST_TOLD`` draws.
        Their sum is at most 1. What neither rises nor falls throughout is missed.

    Notes
    -----
    At each step the input that goes most with what is not yet explained is added, as long as a t
    test tells it from none at the risk divided by the number of inputs (Bonferroni). Inputs that
    happen to go with each other in few draws are so told once.

    References
    ----------
    Helton and Davis, Sampling-based methods, in Saltelli, Chan and Scott (eds.), Sensitivity
    Analysis (2000): stepwise regression on ranks.
    """
    from scipy import stats  # slow to import, and a single run needs none of it

    size, n_inputs = effective_size(weight), inputs.shape[1]
    share = np.zeros(n_inputs)
    if size < LEAST_TOLD:
        return share
    root = np.sqrt(weight)
    left = root * _centred(places(result, weight, result), weight)
    total = float(left @ left)
    if total <= 0 or n_inputs == 0:
        return share
    columns = root[:, None] * inputs
    norm = np.sqrt((columns**2).sum(axis=0))
    chosen: list[Floats] = []
    for n_told in range(min(most, n_inputs)):
        freedom = size - 2 - n_told
        rest = float(left @ left)
        if freedom < 2 or rest <= 1e-12 * total:
            break
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.where(norm > 0, left @ columns / (norm * np.sqrt(rest)), 0.0)
        best = int(np.argmax(np.abs(r)))
        column = columns[:, best]
        for one in chosen:
            column = column - (one @ column) * one
        length = float(np.sqrt(column @ column))
        if length <= 1e-9 * norm[best]:
            break
        column = column / length
        gain = float(left @ column) ** 2
        still = max(rest - gain, 0.0)
        t = np.sqrt(gain * freedom / max(still, 1e-300))
        if 2 * stats.t.sf(t, freedom) * n_inputs >= risk:
            break
        share[best] += max(gain - still / freedom, 0.0) / total
        left = left - (left @ column) * column
        chosen.append(column)
    return share


def ranks_of(inputs: Floats, weight: Floats) -> Floats:
    """Ranks of weighted inputs, less their mean, shape (n_draws, n_inputs)."""
    ranks = [_centred(places(column, weight, column), weight) for column in inputs.T]
    return np.stack(ranks, axis=1) if ranks else np.empty(inputs.shape)


def luck_share(result: Floats, weight: Floats, again: Floats, *, within: bool = False) -> float:
    """Share of the variance of a result's rank that is luck.

    Parameters
    ----------
    result, weight : shape (n,)
        One number for each draw, and weights, which sum to 1.
    again : shape (n_again,), or shape (n, n_each) where ``within``
        Results that differ by luck alone: at one setting of the inputs, or at each draw.
    within
        Whether there are several at each draw, of which the mean variance is taken.

    Returns
    -------
    share
        At most 1; NaN where the result does not vary, or there are no two that differ by luck.
    """
    placed = places(result, weight, result)
    total = float((weight * _centred(placed, weight) ** 2).sum())
    if total <= 0 or again.shape[-1] < 2:
        return float("nan")
    variance = places(result, weight, again).var(axis=-1, ddof=1)
    luck = float((weight * variance).sum()) if within else float(variance)
    return min(luck / total, 1.0)


def _centred(values: Floats, weight: Floats) -> Floats:
    return np.asarray(values - (weight * values).sum())
