"""Dominance: which strategies no other beats in efficacy and collateral, and how certain that is.

In: efficacy and collateral by strategy and replicate; more efficacy and less collateral are better.
Out: means, ratio, dominance and the Pareto frontier, with intervals and shares of bootstrap draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.statistics.resampling import (
    CONFIDENCE,
    N_RESAMPLES,
    ROUNDING,
    Values,
    bootstrap_means,
    row_means,
)

_CELLS = 2**24
"""Comparisons of two strategies in one draw that are held at a time."""


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """Efficacy and collateral of strategies, and which of them dominate others.

    Attributes
    ----------
    efficacy, efficacy_low, efficacy_high : shape (n_strategies,)
        Mean over replicates and its BCa interval.
    collateral, collateral_low, collateral_high : shape (n_strategies,)
        Likewise.
    ratio, ratio_low, ratio_high : shape (n_strategies,)
        Mean collateral over mean efficacy, and its BCa interval. NaN where the mean efficacy is
        not above zero; the interval NaN also where it is not above zero in every resample.
    is_known : shape (n_strategies,)
        Whether efficacy and collateral are known in all replicates. A strategy for which one is not
        has NaN for it; it dominates none, and whether it is dominated is not known.
    is_dominated : shape (n_strategies,)
        Whether another strategy has as much efficacy and as little collateral, and one of them
        better, in the means.
    dominated_by : shape (n_strategies,)
        Row of the strategy on the frontier with the most efficacy (then the least collateral) of
        those that dominate it; -1 where none does.
    is_on_frontier : shape (n_strategies,)
        Whether it is known and not dominated.
    share_of_draws_on_frontier : shape (n_strategies,)
        Share of bootstrap draws in which it is on the frontier; NaN with fewer than two
        replicates.
    n_draws, n_replicates
        Denominator of that share; replicates.
    """

    efficacy: Values
    efficacy_low: Values
    efficacy_high: Values
    collateral: Values
    collateral_low: Values
    collateral_high: Values
    ratio: Values
    ratio_low: Values
    ratio_high: Values
    is_known: NDArray[np.bool_]
    is_dominated: NDArray[np.bool_]
    dominated_by: NDArray[np.int64]
    is_on_frontier: NDArray[np.bool_]
    share_of_draws_on_frontier: Values
    n_draws: int
    n_replicates: int


def tradeoff(
    efficacy: Values,
    collateral: Values,
    rng: np.random.Generator,
    *,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> Tradeoff:
    """Weigh strategies against each other.

    Parameters
    ----------
    efficacy, collateral : shape (n_strategies, n_replicates)
        Same replicate, same luck; NaN where a value is not known.
    rng
        Generator of the resamples: stream ``BOOTSTRAP``. Replicates are resampled jointly over
        strategies, and efficacy together with collateral.
    confidence
        Nominal coverage in (0, 1).

    Raises
    ------
    ValueError
        If the shapes differ or there is no replicate.

    Notes
    -----
    Means that differ by less than a part in 10¹² are equal, so that strategies with the same
    effect never dominate one another by rounding.
    """
    efficacy, collateral = np.asarray(efficacy, dtype=float), np.asarray(collateral, dtype=float)
    if efficacy.shape != collateral.shape or efficacy.ndim != 2 or efficacy.shape[1] < 1:
        raise ValueError(
            "efficacy and collateral are of shape (n_strategies, n_replicates), "
            f"got {efficacy.shape} and {collateral.shape}"
        )
    n_replicates = efficacy.shape[1]
    is_unknown = np.any(np.isnan(efficacy) | np.isnan(collateral), axis=-1)
    values = np.concatenate([efficacy, collateral])
    found = bootstrap_means(
        values, rng, statistic=_with_ratio, confidence=confidence, n_resamples=n_resamples
    )
    mean = row_means(values)[:, None]
    point, low, high = (
        np.split(part, 3) for part in (_with_ratio(mean)[:, 0], found.low, found.high)
    )
    beats = dominates(point[0], point[1])
    is_dominated: NDArray[np.bool_] = np.any(beats, axis=0)
    n_draws = found.draws.shape[1]
    share = _share_on_frontier(*np.split(found.draws, 3)[:2]) if n_draws else np.nan
    return Tradeoff(
        efficacy=point[0],
        efficacy_low=low[0],
        efficacy_high=high[0],
        collateral=point[1],
        collateral_low=low[1],
        collateral_high=high[1],
        ratio=point[2],
        ratio_low=low[2],
        ratio_high=high[2],
        is_known=np.logical_not(is_unknown),
        is_dominated=is_dominated,
        dominated_by=_strongest(beats, point[0], point[1]),
        is_on_frontier=~(is_dominated | is_unknown),
        share_of_draws_on_frontier=np.where(is_unknown, np.nan, share),
        n_draws=n_draws,
        n_replicates=n_replicates,
    )


def dominates(efficacy: Values, collateral: Values) -> NDArray[np.bool_]:
    """Whether one strategy dominates another: at least as good in both, better in one.

    Parameters
    ----------
    efficacy, collateral : shape (..., n_strategies)
        NaN where not known; it dominates nothing and is not dominated.

    Returns
    -------
    dominates : shape (..., n_strategies, n_strategies)
        True at ``[a, b]`` where a dominates b.
    """
    gain = _compare(efficacy)
    saving = -_compare(collateral)
    return (gain >= 0) & (saving >= 0) & ((gain > 0) | (saving > 0))


def _compare(values: Values) -> Values:
    """Sign of a minus b at ``[a, b]``: 0 where they differ by rounding, NaN where not known."""
    size = np.nanmax(np.abs(values), axis=-1, initial=0)[..., None, None]
    difference = values[..., :, None] - values[..., None, :]
    return np.where(np.abs(difference) <= ROUNDING * size, 0, np.sign(difference))


def _with_ratio(means: Values) -> Values:
    """Efficacy, collateral, and collateral over efficacy."""
    efficacy, collateral = np.split(means, 2)
    has_effect = efficacy > 0
    ratio = np.divide(collateral, efficacy, where=has_effect, out=np.full(efficacy.shape, np.nan))
    return np.concatenate([means, ratio])


def _share_on_frontier(efficacy: Values, collateral: Values) -> Values:
    n_strategies, n_draws = efficacy.shape
    n_at_once = max(1, _CELLS // n_strategies**2)
    n_on = np.zeros(n_strategies)
    for first in range(0, n_draws, n_at_once):
        draws = slice(first, first + n_at_once)
        beats = dominates(efficacy[:, draws].T, collateral[:, draws].T)
        n_on += (~beats.any(axis=-2)).sum(axis=0)
    share: Values = n_on / n_draws
    return share


def _strongest(beats: NDArray[np.bool_], efficacy: Values, collateral: Values) -> NDArray[np.int64]:
    """Row of the strongest strategy that dominates each one.

    It is on the frontier: what dominated it would dominate the same ones and be stronger.
    """
    rank = np.lexsort((collateral, -efficacy))  # most efficacy first, then least collateral
    by_rank = beats[rank]
    return np.where(np.any(by_rank, axis=0), rank[np.argmax(by_rank, axis=0)], -1)
