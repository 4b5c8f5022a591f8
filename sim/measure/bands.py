"""Bands: mean and interval over replicates of a curve, at every time.

In: change points of step curves. Out: a band on a grid of times. A curve is constant between its
change points, so that the band is exact on the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import LEVEL
from sim.results.read import CurvePoints, RunFolder, WideBand

MAX_GRID = 3000
MOST_TOLERANCE = 1 / 100
"""Of a thinned curve, as a share of its span: more would be seen."""
FEWEST_OUTLINED = 16
"""Times from which on a thinned curve has room for an outline."""
MOST_AT_ONCE = 2**20
"""Values of several curves, over replicates and times, that are in memory at a time."""


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
    wide : shape (3, n_times)
        5th percentile, median and 95th percentile over draws of all that is not known, as `wide_at`
        reads them; None without draws.
    """

    t_s: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    denominator: float
    n_replicates: int
    wide: NDArray[np.float64] | None = None


def whole_band(run: RunFolder, metric: str, strategy: str | None = None) -> Band:
    """Band of one measure over everybody, by luck and over all that is not known.

    Raises
    ------
    DataError
        If the run's curves cannot be read.
    """
    points, wide = run.curve(metric, strategy), run.wide_band(metric, strategy)
    return band_of(points, run.horizon_s, wide=wide)


def band_of(
    points: CurvePoints, horizon_s: int, *, as_share: bool = False, wide: WideBand | None = None
) -> Band:
    """Band of one curve at its change points, or on an even grid where these are very many.

    Parameters
    ----------
    as_share
        Divide each replicate's values by their denominator first. A replicate whose denominator
        is zero has no share and is left out.
    wide
        The curve over draws, whose times are added.
    """
    if as_share:
        points = share_points(points)
    grid = np.unique(np.concatenate([points.t_s, [] if wide is None else wide.t_s]))
    if grid.size > MAX_GRID:
        grid = np.linspace(0, horizon_s, MAX_GRID, endpoint=False)
        if wide is not None:
            # Draws are kept at times of their own: between two of these, a median is held too long.
            grid = np.union1d(grid, wide.t_s)
    return band_at(points, grid.astype(np.int64), wide)


def band_at(points: CurvePoints, at_s: NDArray[np.int64], wide: WideBand | None = None) -> Band:
    """Band of one curve at given times.

    Parameters
    ----------
    points
        Sorted by replicate, and by time within each.
    at_s : shape (n_times,)
        Ascending times.
    """
    values = values_at(points, at_s)
    ends = None if wide is None else wide_at(wide, at_s)
    return Band(at_s, *over_replicates(values), mean_denominator(points), len(values), ends)


def bands_at(curves: Sequence[CurvePoints], at_s: NDArray[np.int64]) -> list[Band]:
    """`band_at` of each curve: percentiles of many short curves take hardly longer than of one."""
    bands: list[Band] = []
    values: list[NDArray[np.float64]] = []
    for n, curve in enumerate(curves, 1):
        values.append(values_at(curve, at_s))
        is_alike = n < len(curves) and _n_replicates(curves[n]) == len(values[0])
        if is_alike and len(values) * values[0].size < MOST_AT_ONCE:
            continue
        of_all = over_replicates(np.concatenate(values, axis=1))
        lines = (np.split(line, len(values)) for line in of_all)
        bands += [
            Band(at_s, mean, low, high, mean_denominator(points), len(values[0]))
            for points, mean, low, high in zip(curves[n - len(values) : n], *lines, strict=True)
        ]
        values = []
    return bands


def _n_replicates(points: CurvePoints) -> int:
    """How many replicates have points."""
    return int(np.count_nonzero(np.diff(points.replicate, prepend=-1)))


def mean_denominator(points: CurvePoints) -> float:
    """Mean over replicates of what a curve is out of; NaN without points.

    A replicate counts once, however many points it has.
    """
    first = np.diff(points.replicate, prepend=-1) != 0
    return float(points.denominator[first].mean()) if first.any() else np.nan


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


def times_of(points: CurvePoints, horizon_s: int, n_times: int) -> NDArray[np.int64]:
    """Times at which to read a curve: its change points, if these are few enough.

    Otherwise half of the times are even over the run and half are quantiles of the change points,
    most of which are in the first days of a block.

    Parameters
    ----------
    n_times
        Largest number of times.
    """
    # Of very many points, every k-th shows how they are distributed; sorting all would take longer.
    sample = points.t_s[:: max(1, points.t_s.size // (50 * n_times))]
    times = np.unique(sample)
    if sample.size == points.t_s.size and times.size <= n_times:
        return times
    half = n_times // 2
    even = np.linspace(0, horizon_s, half, endpoint=False)
    dense = np.quantile(sample, np.linspace(0, 1, n_times - half), method="lower")
    return np.unique(np.concatenate((even, dense)).astype(np.int64))


def thin(band: Band, n_times: int, tolerance: float = 1 / 2000) -> Band:
    """Leave out times at which nothing changes visibly.

    The result is the same step curve to within a tolerance, which grows until at most ``n_times``
    times are left. Of a curve that goes up and down so often that this would be seen, the first,
    lowest, highest and last mean of even stretches of time are left besides, so that it is not held
    where it hardly was. The lowest and the highest mean of all are left where there is room, and
    all of this of the median over draws.

    Parameters
    ----------
    tolerance
        Tolerance to begin with, as a share of the span of the curve and its band.
    """
    lines = np.array([band.mean, band.low, band.high, *(() if band.wide is None else band.wide)])
    known = lines[~np.isnan(lines)]
    span = float(known.max() - known.min()) if known.size else 0.0
    has_room = n_times >= FEWEST_OUTLINED
    while True:
        step = tolerance * span
        level = np.nan_to_num(np.round(lines / step) if step > 0 else lines * 0.0)
        changes = (np.diff(level, axis=1, prepend=np.nan) != 0).any(axis=0)
        if has_room:
            changes[_ends(band)] = True
        kept = np.flatnonzero(changes)
        is_seen = has_room and tolerance > MOST_TOLERANCE
        if kept.size <= (n_times // 2 if is_seen else n_times):
            break
        tolerance *= 1.5
    if is_seen:
        kept = np.union1d(kept, _outline(band, n_times // 2))
    t_s, (mean, low, high, *wide) = band.t_s[kept], lines[:, kept]
    found = np.array(wide) if wide else None
    return Band(t_s, mean, low, high, band.denominator, band.n_replicates, found)


def _ends(band: Band, rows: slice = slice(None)) -> list[int]:
    """Where mean and median over draws are lowest and highest, counted from the first row."""
    lines = [band.mean[rows], *([] if band.wide is None else [band.wide[1, rows]])]
    known = [line for line in lines if not np.isnan(line).all()]
    return [int(find(line)) for line in known for find in (np.nanargmin, np.nanargmax)]


def _outline(band: Band, n_times: int) -> NDArray[np.int64]:
    """Rows of the first, lowest, highest and last mean of each of some even stretches of time."""
    n = max(n_times // (4 if band.wide is None else 6), 1)
    starts = np.unique(np.searchsorted(band.t_s, np.linspace(band.t_s[0], band.t_s[-1] + 1, n + 1)))
    kept: set[int] = set()
    for start, stop in pairwise(starts.tolist()):
        kept |= {start, stop - 1, *(start + row for row in _ends(band, slice(start, stop)))}
    return np.array(sorted(kept), np.int64)


def share_points(points: CurvePoints) -> CurvePoints:
    """Values divided by their denominators; points whose denominator is zero are left out."""
    has_share = points.denominator > 0
    return CurvePoints(
        points.replicate[has_share],
        points.t_s[has_share],
        points.value[has_share] / points.denominator[has_share],
        points.denominator[has_share],
    )


def wide_at(wide: WideBand, at_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Band over draws at given times, from what is kept of it at even ones.

    Between two even times it reaches from the lower to the higher end of both: draws change there
    at moments that are not kept, and a band that were held would show a session that has begun as
    one that has not. The median is held.

    Returns
    -------
    ends : shape (3, n_times)
        Low end, median and high end; NaN before the first time.
    """
    low, median, high = (step_values(wide.t_s, end, at_s) for end in wide.ends)
    following = np.searchsorted(wide.t_s, at_s)
    # At an even time itself that is its own row; after the last one nothing follows.
    following = np.minimum(following, wide.t_s.size - 1)
    return np.array(
        [np.minimum(low, wide.ends[0, following]), median,
         np.maximum(high, wide.ends[2, following])]
    )  # fmt: skip


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
