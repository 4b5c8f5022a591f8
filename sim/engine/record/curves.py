"""Curves at their change points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.state.tally import Group
from sim.world.frozen import FrozenColumns

BUSINESS_METRICS = ("businesses_affected", "businesses_impaired", "businesses_down")
USER_METRICS = ("target_reached_share", "vpn_share", "target_left_share")


@dataclass(frozen=True)
class Series:
    """One curve.

    Attributes
    ----------
    metric
        Name of the measure.
    group
        Whom it is about.
    denominator
        What a share of it would be a share of: businesses of the group, or their value in USD an
        hour; NaN where there is none.
    """

    metric: str
    group: Group
    denominator: float


@dataclass(frozen=True, eq=False)
class Curves(FrozenColumns):
    """Change points of all series of one run, sorted by series and time.

    Attributes
    ----------
    series
        The series.
    series_row, t_s, value : shape (n_points,)
        From ``t_s`` on, the series has this value. Each series starts at t = 0.
    """

    series: tuple[Series, ...]
    series_row: NDArray[np.int64]
    t_s: NDArray[np.int64]
    value: NDArray[np.float64]

    def points(self, metric: str, group: Group) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and values of one series.

        Raises
        ------
        KeyError
            If there is no such series.
        """
        for row, series in enumerate(self.series):
            if series.metric == metric and series.group == group:
                mine = self.series_row == row
                return self.t_s[mine], self.value[mine]
        raise KeyError(metric, group)

    def at(self, at_s: NDArray[np.int64]) -> Curves:
        """Return what is known of the curves from their values at some times.

        Parameters
        ----------
        at_s : shape (n_times,)
            Ascending, from 0.
        """
        row = np.searchsorted(at_s, self.t_s)
        series, value = self.series_row, self.value
        # The last value before the next of these times is the one that a reader sees there.
        following = np.append((series[1:] != series[:-1]) | (row[1:] != row[:-1]), True)
        kept = np.flatnonzero(following & (row < at_s.size))
        is_new = np.append(True, series[kept[1:]] != series[kept[:-1]])
        is_new[1:] |= value[kept[1:]] != value[kept[:-1]]
        kept = kept[is_new]
        return Curves(self.series, series[kept], at_s[row[kept]], value[kept])


class CurveRecorder:
    """Collects values, and keeps them where they change."""

    def __init__(self, series: tuple[Series, ...]) -> None:
        self._series = series
        self._last: NDArray[np.float64] | None = None
        self._points: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []

    def record(self, t_s: Sequence[int], values: NDArray[np.float64]) -> None:
        """Note the value of every series from each time on.

        Parameters
        ----------
        t_s : shape (n,)
            Rising, also from call to call.
        values : shape (n, n_series)
        """
        assert values.shape == (len(t_s), len(self._series))
        is_change = np.ones(values.shape, np.bool_)
        is_change[1:] = values[1:] != values[:-1]
        if self._last is not None:
            is_change[0] = values[0] != self._last
        self._last = values[-1].copy()
        place = np.flatnonzero(is_change)
        time_row, series_row = np.divmod(place, values.shape[1])
        self._points.append((series_row, np.array(t_s, np.int64)[time_row], values.ravel()[place]))

    def freeze(self) -> Curves:
        """Sort the points by series, and by time within each."""
        parts = zip(*self._points, strict=True)
        series_row, t_s, value = (np.concatenate(part) for part in parts)
        by_series = np.argsort(series_row, kind="stable")
        return Curves(self._series, series_row[by_series], t_s[by_series], value[by_series])
