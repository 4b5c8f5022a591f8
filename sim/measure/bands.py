"""A curve over replicates: mean and interval at every time.

In: change points of step curves. Out: a band on a grid of times. Between change points a curve
holds its value, so the band is exact on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import LEVEL
from sim.results.read import CurvePoints

MAX_GRID = 3000


@dataclass(frozen=True, eq=False)
class Band:
    """Mean and interval of a curve.

    Attributes
    ----------
    t_s : shape (n_times,)
        Times, ascending, from 0; each value holds until the next one.
    mean, low, high : shape (n_times,)
        Mean, and 5th and 95th percentile over replicates; the latter NaN with one replicate.
    denominator
        What the values are out of, averaged over replicates; NaN where there is nothing.
    n_replicates
        Replicates in the band.
    """

    t_s: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    denominator: float
    n_replicates: int


def band_of(points: CurvePoints, horizon_s: int, *, as_share: bool = False) -> Band:
    """Band of one curve on its change points, or on an even grid where these are very many.

    Parameters
    ----------
    as_share
        Divide each replicate's values by their denominator first. A replicate whose denominator
        is zero has no share and is left out.
    """
    if as_share:
        points = _shares(points)
    grid = np.unique(points.t_s)
    if grid.size > MAX_GRID:
        grid = np.linspace(0, horizon_s, MAX_GRID, endpoint=False).astype(np.int64)
    values = np.array(
        [
            step_values(points.t_s[mine], points.value[mine], grid)
            for mine in (points.replicate == one for one in np.unique(points.replicate))
        ]
    )
    denominator = float(points.denominator.mean())
    return Band(grid, *over_replicates(values), denominator, len(values))


def over_replicates(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, and 5th and 95th percentile over replicates; the latter NaN with one replicate.

    Parameters
    ----------
    values : shape (n_replicates, n)
    """
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return mean, low, high


def _shares(points: CurvePoints) -> CurvePoints:
    has_share = points.denominator > 0
    return CurvePoints(
        points.replicate[has_share],
        points.t_s[has_share],
        points.value[has_share] / points.denominator[has_share],
        points.denominator[has_share],
    )


def step_values(
    t_s: NDArray[np.int64], value: NDArray[np.float64], at_s: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Value of a step curve, continuous from the right, at given times.

    Parameters
    ----------
    t_s, value : shape (n_points,)
        Change points, ascending.
    at_s : shape (n_times,)
        Times; NaN is returned for those before the first point.
    """
    row = np.searchsorted(t_s, at_s, side="right") - 1
    return np.where(row >= 0, value[np.maximum(row, 0)], np.nan)
