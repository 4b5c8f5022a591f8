"""Bootstrap over replicates, with BCa intervals by SciPy.

Replicates are resampled jointly for all rows, since all rows share the chance of a replicate.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

CONFIDENCE = 0.95
"""Nominal coverage of the intervals."""
N_RESAMPLES = 9999
"""Resamples of the replicates, as in SciPy; the ends move by about 1 % of the width."""
ROUNDING = 1e-12
"""Differences below this part of the values' size are rounding, not chance."""
_CELLS = 2**22
"""Resampled replicates in memory at a time."""


def bootstrap_means(
    values: Values,
    rng: np.random.Generator,
    *,
    statistic: Callable[[Values], Values] = lambda means: means,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> tuple[Values, Values]:
    """Bootstrap a statistic of the rows' means.

    Parameters
    ----------
    values : shape (n_rows, n_replicates)
        NaN where a value is not known.
    statistic
        From means, shape (n_rows, n), to statistics, shape (n_statistics, n).
    confidence
        Nominal coverage in (0, 1).

    Returns
    -------
    low, high : shape (n_statistics,)
        BCa interval; the point itself where no resample differs from it, NaN where the statistic
        is not known in every resample, or with fewer than two replicates.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 14.3, as done by
    ``scipy.stats.bootstrap``.
    """
    n_replicates = values.shape[-1]
    first = values[:, :1]
    # Equal values have exactly themselves as mean.
    means = np.where((values == first).all(axis=1), first[:, 0], values.mean(axis=1))
    point = statistic(means[:, None])[:, 0]
    if n_replicates < 2:
        missing = np.full(point.shape, np.nan)
        return missing, missing

    from scipy import stats  # slow to import, and a single run needs none of it

    def of_rows(replicate: NDArray[np.intp], axis: int = -1) -> Values:
        # A resample is a count of each replicate, so that equal resamples have equal means.
        drawn = np.atleast_2d(np.moveaxis(np.asarray(replicate), axis, -1)).astype(np.intp)
        cell = drawn + np.arange(len(drawn))[:, None] * n_replicates
        times = np.bincount(cell.ravel(), minlength=len(drawn) * n_replicates)
        weight = times.reshape(len(drawn), n_replicates) / drawn.shape[1]
        # einsum, not a matrix product: its sums do not depend on the number of threads.
        found = statistic(np.einsum("rn,bn->rb", values, weight))
        return found if np.ndim(replicate) > 1 else found[:, 0]

    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # Rows without spread, or not known, are handled below; SciPy warns of each.
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
    is_point = np.ptp(draws, axis=-1) <= ROUNDING * np.abs(draws).max(axis=-1)
    is_known = np.isfinite(draws).all(axis=-1)
    low, high = (
        np.where(is_point, point, np.where(is_known, end, np.nan))
        for end in found.confidence_interval
    )
    return low, high
