"""Bands: median and range of a curve over simulations, at every time.

A curve is constant between its change points, so that the band is exact on the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import SHARES
from sim.results.folder import CurvePoints, RunFolder

MAX_GRID = 3000
MOST_AT_ONCE = 2**20
"""Values of several curves, over replicates and times, that are in memory at a time."""


@dataclass(frozen=True, eq=False)
class Band:
    """Median and range of a curve over simulations.

    Attributes
    ----------
    t_s : shape (n_times,)
        Times, ascending, from 0; each value holds until the next one.
    median, low, high : shape (n_times,)
        Median, 5th and 95th percentile; the latter NaN with one simulation.
    denominator
        Median of what the values are out of; NaN where there is nothing.
    n_simulations
        Simulations in the band.
    """

    t_s: NDArray[np.int64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    denominator: float
    n_simulations: int


def whole_band(run: RunFolder, metric: str, strategy: str | None = None) -> Band:
    """Band of one measure over everybody.

    Raises
    ------
    DataError
        If the run's curves cannot be read.
    """
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
    return Band(at_s, *over_simulations(values), median_denominator(points), len(values))


def bands_at(curves: Sequence[CurvePoints], at_s: NDArray[np.int64]) -> list[Band]:
    """`band_at` of each curve: percentiles of many short curves take hardly longer than of one."""
    bands: list[Band] = []
    values: list[NDArray[np.float64]] = []
    for n, curve in enumerate(curves, 1):
        values.append(values_at(curve, at_s))
        is_alike = n < len(curves) and _n_simulations(curves[n]) == len(values[0])
        if is_alike and len(values) * values[0].size < MOST_AT_ONCE:
            continue
        of_all = over_simulations(np.concatenate(values, axis=1))
        lines = (np.split(line, len(values)) for line in of_all)
        bands += [
            Band(at_s, median, low, high, median_denominator(points), len(values[0]))
            for points, median, low, high in zip(curves[n - len(values) : n], *lines, strict=True)
        ]
        values = []
    return bands


def _n_simulations(points: CurvePoints) -> int:
    """How many simulations have points."""
    return int(np.count_nonzero(np.diff(points.replicate, prepend=-1)))


def median_denominator(points: CurvePoints) -> float:
    """Median over simulations of what a curve is out of; NaN without points.

    A simulation counts once, however many points it has.
    """
    first = np.diff(points.replicate, prepend=-1) != 0
    return float(np.median(points.denominator[first])) if first.any() else np.nan


def over_simulations(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Median, and 5th and 95th percentile; the latter NaN with one simulation.

    Parameters
    ----------
    values : shape (n_simulations, n)
    """
    if len(values) < 2:
        unknown = np.full(values.shape[1], np.nan)
        return values[0], unknown, unknown
    low, median, high = np.quantile(values, SHARES, axis=0)
    return median, low, high


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
    """Values divided by their denominators; points whose denominator is zero are left out."""
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
