"""Means over replicates, and paired differences to a baseline, with intervals and tests.

In: values by row and replicate; a replicate is the same luck under both strategies. Out: means,
differences, intervals, p-values. No replicate is dropped: if one is not known, neither is the mean,
and the number of known replicates says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.statistics.resampling import (
    CONFIDENCE,
    N_RESAMPLES,
    ROUNDING,
    Values,
    bootstrap_rows,
    row_means,
)

FEWEST = 20
"""With fewer replicates, BCa intervals cover clearly less than their nominal coverage."""


def warn_of_few(n_replicates: int) -> tuple[str, ...]:
    """Warnings about intervals over so few replicates; none from ``FEWEST`` on.

    References
    ----------
    Coverage by number of replicates: ``docs/explanation/statistics.md``.
    """
    if n_replicates >= FEWEST:
        return ()
    if n_replicates < 2:
        return ("fewer than 2 replicates: means have no interval",)
    return (
        f"{n_replicates} replicates: 95 % BCa intervals are too narrow with so few, Student's t "
        "holds better; see docs/explanation/statistics.md",
    )


@dataclass(frozen=True)
class Interval:
    """A mean over replicates.

    Attributes
    ----------
    mean
        NaN where a replicate is not known.
    low, high
        BCa interval of the mean; NaN with fewer than two replicates or where the mean is NaN; the
        mean itself where all replicates are equal.
    n_known
        Replicates in which the value is known.
    """

    mean: float
    low: float
    high: float
    n_known: int


@dataclass(frozen=True)
class PairedDifference:
    """Mean over replicates of a strategy's value minus the baseline's.

    Attributes
    ----------
    mean
        NaN where the difference is not known in a replicate.
    low, high
        BCa interval of the mean difference.
    t_low, t_high
        Student-t interval of the mean difference.
    p_value
        Two-sided paired t test of no difference; NaN where the difference is the same in all
        replicates, since then there is no spread to test it against.
    n_known
        Replicates in which both values are known.

    Notes
    -----
    With fewer than two replicates, or where the mean is NaN, intervals and p-value are NaN. Where
    the difference is the same in all replicates, both intervals are that point.
    """

    mean: float
    low: float
    high: float
    t_low: float
    t_high: float
    p_value: float
    n_known: int

    @classmethod
    def unknown(cls, n_known: int) -> PairedDifference:
        """Return a difference that is not known."""
        return cls(*(math.nan,) * 6, n_known=n_known)


def mean_intervals(
    values: Values,
    rng: np.random.Generator,
    *,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> list[Interval]:
    """Mean of each row over replicates with its BCa interval.

    Parameters
    ----------
    values : shape (n_rows, n_replicates)
        NaN where a value is not known.
    rng
        Luck of the resamples: stream ``BOOTSTRAP``. One call resamples once for all rows.
    confidence
        Nominal coverage in (0, 1).

    Raises
    ------
    ValueError
        If there is no replicate.
    """
    values = _table(values)
    low, high = bootstrap_rows(values, rng, confidence=confidence, n_resamples=n_resamples)
    columns = (row_means(values), low, high, _known(values))
    return [
        Interval(float(mean), float(below), float(above), int(n_known))
        for mean, below, above, n_known in zip(*columns, strict=True)
    ]


def paired_differences(
    values: Values,
    baseline: Values,
    rng: np.random.Generator,
    *,
    confidence: float = CONFIDENCE,
    n_resamples: int = N_RESAMPLES,
) -> list[PairedDifference]:
    """Mean paired difference of each row to its baseline row, with intervals and a test.

    Parameters
    ----------
    values, baseline : shape (n_rows, n_replicates)
        Same replicate, same luck; NaN where a value is not known.
    rng
        Luck of the resamples: stream ``BOOTSTRAP``. One call resamples once for all rows.
    confidence
        Nominal coverage in (0, 1).

    Raises
    ------
    ValueError
        If the shapes differ or there is no replicate.

    Notes
    -----
    The t interval is ``mean ± t(n - 1) s / sqrt(n)`` with s the standard deviation of the
    differences.
    """
    values, baseline = _table(values), _table(baseline)
    if values.shape != baseline.shape:
        raise ValueError(f"paired values have one shape, got {values.shape} and {baseline.shape}")
    size = np.maximum(np.abs(values), np.abs(baseline)).max(axis=-1, initial=0)
    difference = values - baseline
    # Rounding in the difference of two large numbers is no luck.
    is_constant = np.ptp(difference, axis=-1) <= ROUNDING * size
    difference[is_constant] = difference[is_constant, :1]
    low, high = bootstrap_rows(difference, rng, confidence=confidence, n_resamples=n_resamples)
    mean = row_means(difference)
    t_low, t_high, p_value = _student(difference, mean, is_constant, confidence)
    return [
        PairedDifference(
            float(mean[row]),
            float(low[row]),
            float(high[row]),
            float(t_low[row]),
            float(t_high[row]),
            float(p_value[row]),
            int(n_known),
        )
        for row, n_known in enumerate(_known(difference))
    ]


def holm(p_values: ArrayLike) -> Values:
    """Holm's adjusted p-values over a family of tests.

    Parameters
    ----------
    p_values : shape (n_tests,)
        NaN where there is no test; it is not in the family, and stays NaN.

    Raises
    ------
    ValueError
        If a p-value lies outside [0, 1].

    Notes
    -----
    With p sorted ascending, the k-th of m is ``max over j ≤ k of min(1, (m - j + 1) p(j))``.

    References
    ----------
    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6 (1979).
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    in_family = np.flatnonzero(~np.isnan(p))
    tested = p[in_family]
    if np.any((tested < 0) | (tested > 1)):
        raise ValueError("p-values lie in [0, 1]")
    order = np.argsort(tested, kind="stable")
    steps = np.minimum(1, tested[order] * np.arange(tested.size, 0, -1))
    adjusted[in_family[order]] = np.maximum.accumulate(steps)
    return adjusted


def _student(
    difference: Values, mean: Values, is_constant: NDArray[np.bool_], confidence: float
) -> tuple[Values, Values, Values]:
    n = difference.shape[-1]
    if n < 2:
        missing = np.full(mean.shape, np.nan)
        return missing, missing, missing
    from scipy import stats  # slow to import, and a single run needs none of it

    error = difference.std(axis=-1, ddof=1) / np.sqrt(n)
    half = np.where(is_constant, 0.0, stats.t.ppf((1 + confidence) / 2, n - 1) * error)
    t = np.abs(mean) / np.where(is_constant, np.nan, error)
    return mean - half, mean + half, 2 * stats.t.sf(t, n - 1)


def _table(values: Values) -> Values:
    table = np.array(values)
    if table.ndim != 2 or table.shape[1] < 1:
        raise ValueError(f"expected rows of at least one replicate, got shape {table.shape}")
    return table


def _known(values: Values) -> NDArray[np.int64]:
    known: NDArray[np.int64] = (~np.isnan(values)).sum(axis=-1)
    return known
