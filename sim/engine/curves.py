"""Curves at their change points.

In: the state at the end of each second in which something changed. Out: for each series the times
at which its value changed, and the values. Nothing is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.tally import Group

BUSINESS_METRICS = ("businesses_affected", "businesses_impaired", "businesses_down")


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
class Curves:
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

    def __post_init__(self) -> None:
        for column in (self.series_row, self.t_s, self.value):
            column.flags.writeable = False

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


class CurveRecorder:
    """Collects snapshots while the simulation runs."""

    def __init__(self, series: tuple[Series, ...]) -> None:
        self._series = series
        self._times: list[int] = []
        self._snapshots: list[NDArray[np.float64]] = []

    def record(self, t_s: int, values: NDArray[np.float64]) -> None:
        """Note the value of every series from ``t_s`` on; times must rise."""
        assert not self._times or t_s > self._times[-1]
        assert values.shape == (len(self._series),)
        self._times.append(t_s)
        self._snapshots.append(values)

    def freeze(self) -> Curves:
        """Keep the points at which a series changed."""
        times = np.array(self._times, np.int64)
        values = np.array(self._snapshots).T
        is_change = np.ones(values.shape, np.bool_)
        is_change[:, 1:] = values[:, 1:] != values[:, :-1]
        series_row, time_row = np.nonzero(is_change)
        return Curves(self._series, series_row, times[time_row], values[series_row, time_row])
