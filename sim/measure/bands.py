"""Bands: median and range of a curve over simulations, at every time.

A curve is constant between its change points, so that the band is exact on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import quantiles_of
from sim.results.folder import CurvePoints, RunFolder

MAX_GRID = 3000


@dataclass(frozen=True, eq=False)
class Band:
    """Median and range of a curve over simulations."""

    t_s: NDArray[np.int64]
    """Times, ascending, from 0; each value holds until the next one; shape (n_times,)."""
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Median, 5th and 95th percentile; the latter NaN with one simulation; shape (n_times,)."""
    denominator: float
    """Median of what the values are out of; NaN where there is nothing."""
    n_simulations: int
    """Simulations in the band."""


def whole_band(run: RunFolder, metric: str, strategy: str | None = None) -> Band:
    """Band of one measure over everybody."""
    return band_of(run.curve(metric, strategy), run.horizon_s)


def band_of(points: CurvePoints, horizon_s: int, *, as_share: bool = False) -> Band:
    """Band of one curve at its change points, or on an even grid where these are very many.

    Parameters
    ----------
    as_share
        Divide each simulation's values by their denominator first. A simulation whose denominator
        is zero has no share and is excluded.
    """
    if as_share:
        points = share_points(points)
    grid = np.unique(points.t_s)
    if grid.size > MAX_GRID:
        grid = np.linspace(0, horizon_s, MAX_GRID, endpoint=False).astype(np.int64)
    return band_at(points, grid)


def peak_row(band: Band) -> int:
    """Row at which the median is highest, the first of several; where it is 0, the upper end."""
    line = band.median if np.nanmax(band.median) > 0 else np.nan_to_num(band.high)
    return int(np.nanargmax(line))


def band_at(points: CurvePoints, at_s: NDArray[np.int64]) -> Band:
    """Band of one curve at given times.

    Parameters
    ----------
    points
        Sorted by simulation, and by time within each.
    at_s : shape (n_times,)
        Ascending times.
    """
    values = values_at(points, at_s)
    # A simulation counts once, however many points it has.
    first = np.diff(points.replicate, prepend=-1) != 0
    whole = float(np.median(points.denominator[first])) if first.any() else np.nan
    low, median, high = quantiles_of(values.T)
    if len(values) < 2:
        low = high = np.full(at_s.shape, np.nan)
    return Band(at_s, median, low, high, whole, len(values))


def values_at(points: CurvePoints, at_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Value of every replicate's curve at given times.

    Returns
    -------
    value : shape (n_replicates, n_times)
        Replicates ascending; NaN before the first point of a replicate.
    """
    is_first = np.diff(points.replicate, prepend=-1) != 0
    first = np.flatnonzero(is_first)
    row_of = np.cumsum(is_first) - 1
    # One sorted column of keys for all replicates: each has a range of its own.
    stretch = int(max(points.t_s.max(initial=0), at_s.max(initial=0))) + 1
    key = row_of * stretch + points.t_s
    asked = np.arange(first.size)[:, None] * stretch + at_s[None, :]
    place = np.searchsorted(key, asked.ravel(), side="right").reshape(asked.shape) - 1
    return np.where(place >= first[:, None], points.value[np.maximum(place, 0)], np.nan)


def share_points(points: CurvePoints) -> CurvePoints:
    """Values divided by their denominators; points whose denominator is zero are excluded."""
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


S_PER_H, S_PER_D = 3600, 86_400
MOST_TIMES = 1500
_STEPS_S = (
    (4 * S_PER_D, 600),
    (62 * S_PER_D, S_PER_H),
    (366 * S_PER_D, 6 * S_PER_H),
    (MOST_TIMES * S_PER_D, S_PER_D),
)
"""Length of a run, at most, and the step between its times."""


def even_step(horizon_s: int) -> int:
    """Seconds between the times that an ensemble keeps: an hour in a run of up to two months.

    The step is ten minutes for four days, six hours for a year, a day for four years, and whole
    weeks for longer runs.
    """
    n_weeks = -(-horizon_s // (MOST_TIMES * 7 * S_PER_D))
    return next((step for most, step in _STEPS_S if horizon_s <= most), 7 * S_PER_D * n_weeks)
