"""Bootstrap over replicates, with BCa intervals.

In: values by row and replicate. Out: statistics of the rows' means in every resample, and their
intervals. Replicates are resampled jointly for all rows, since all strategies share the luck of a
replicate.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

CONFIDENCE = 0.95
"""Nominal coverage of the intervals of means, differences and ratios."""

N_RESAMPLES = 9999
"""Resamples of the replicates, as in scipy; the ends move by about 1 % of the width."""

ROUNDING = 1e-12
"""Differences below this part of the values' size are rounding, not luck."""

_CELLS = 2**22
"""Resampled replicates held at a time."""

_ROWS = 256
"""Rows whose resampled means are held at a time."""


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Statistics of the means of resampled replicates.

    Attributes
    ----------
    low, high : shape (n_statistics,)
        BCa interval; the point itself where no resample differs from it, NaN where the statistic
        is not known in every resample, or with fewer than two replicates.
    draws : shape (n_statistics, n_draws)
        The statistic in each resample; no draws with fewer than two replicates.
    """

    low: Values
    high: Values
    draws: Values


def bootstrap_means(
    values: Values,
    rng: np.random.Generator,
    *,
    statistic: Callable[[Values], Values] = lambda means: means,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> Bootstrap:
    """Bootstrap a statistic of the rows' means.

    Parameters
    ----------
    values : shape (n_rows, n_replicates)
        NaN where a value is not known.
    statistic
        From means, shape (n_rows, n), to statistics, shape (n_statistics, n).
    confidence
        Nominal coverage in (0, 1).

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 14.3, as done by
    ``scipy.stats.bootstrap``.
    """
    n_replicates = values.shape[-1]
    point = statistic(row_means(values)[:, None])[:, 0]
    if n_replicates < 2 or not values.size:
        missing = np.full(point.shape, np.nan)
        return Bootstrap(missing, missing, np.empty((point.size, 0)))

    from scipy import stats  # slow to import, and a single run needs none of it

    def of_rows(replicate: NDArray[np.intp], axis: int = -1) -> Values:
        # A resample is a count of each replicate, so that one product sums all rows.
        drawn = np.atleast_2d(np.moveaxis(np.asarray(replicate), axis, -1)).astype(np.intp)
        found = statistic(_means_of(values, drawn))
        return found if np.ndim(replicate) > 1 else found[:, 0]

    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # Rows without spread, or not known, are told apart below; scipy warns of each.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (np.arange(n_replicates),),
            of_rows,
            vectorized=True,
            confidence_level=confidence,
            n_resamples=n_resamples,
            batch=max(1, _CELLS // n_replicates),
            method="BCa",
            rng=rng,
        )
    draws = np.asarray(found.bootstrap_distribution)
    low, high = found.confidence_interval
    is_point = np.ptp(draws, axis=-1) <= ROUNDING * np.abs(draws).max(axis=-1)
    is_known = np.isfinite(draws).all(axis=-1)
    low, high = (np.where(is_point, point, np.where(is_known, end, np.nan)) for end in (low, high))
    return Bootstrap(low, high, draws)


def bootstrap_rows(
    values: Values,
    rng: np.random.Generator,
    *,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> tuple[Values, Values]:
    """BCa intervals of the rows' means, with the same resamples for all rows.

    Rows are taken some at a time, so that memory does not grow with their number.

    Parameters
    ----------
    values : shape (n_rows, n_replicates)
        NaN where a value is not known.

    Returns
    -------
    low, high : shape (n_rows,)
        As in ``Bootstrap``.
    """
    ends = [np.empty(0)], [np.empty(0)]
    for first in range(0, len(values), _ROWS):
        found = bootstrap_means(
            values[first : first + _ROWS],
            copy.deepcopy(rng),
            confidence=confidence,
            n_resamples=n_resamples,
        )
        ends[0].append(found.low)
        ends[1].append(found.high)
    return np.concatenate(ends[0]), np.concatenate(ends[1])


def row_means(values: Values) -> Values:
    """Mean of each row; equal values have exactly themselves as mean.

    Parameters
    ----------
    values : shape (n_rows, n_replicates)
    """
    first = values[:, 0]
    is_equal = (values == first[:, None]).all(axis=-1)
    means: Values = np.where(is_equal, first, values.mean(axis=-1))
    return means


def _means_of(values: Values, replicate: NDArray[np.intp]) -> Values:
    """Means of the rows over resampled replicates.

    Parameters
    ----------
    values : shape (n_rows, n_replicates)
    replicate : shape (n_resamples, n_drawn)

    Returns
    -------
    means : shape (n_rows, n_resamples)
    """
    n_resamples, n_drawn = replicate.shape
    n_replicates = values.shape[1]
    cell = replicate + np.arange(n_resamples)[:, None] * n_replicates
    times = np.bincount(cell.ravel(), minlength=n_resamples * n_replicates)
    weight = times.reshape(n_resamples, n_replicates) / n_drawn
    # einsum, not a matrix product: its sums do not depend on the number of threads.
    means: Values = np.einsum("rn,bn->rb", values, weight)
    return means
