"""Curves at their change points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.state.ledger import Group
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
