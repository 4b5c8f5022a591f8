"""Rhythms of the week and the day: demand of businesses by sector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.world.frozen import FrozenColumns

S_PER_H = 3600
H_PER_WEEK = 168


@dataclass(frozen=True, eq=False)
class Demand(FrozenColumns):
    """Weekly demand of each sector.

    Attributes
    ----------
    weight : shape (n_sectors, 168), int64
        Relative demand in each hour of the week, from Monday 00:00 in the scenario's offset.
    start_s
        Second of the week at t = 0.
    """

    weight: NDArray[np.int64]
    start_s: int

    def cumulative(self, t_s: int) -> NDArray[np.int64]:
        """Demand of each sector from t = 0 to ``t_s``, in weight-seconds.

        Whole numbers, so that the demand between two times is exact however the time between
        them was cut.
        """
        return self._since_monday(self.start_s + t_s) - self.before_start

    def hours(
        self, weight_s: NDArray[np.float64], sector_row: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Weight-seconds of each business as hours of its sector's mean demand.

        Parameters
        ----------
        weight_s, sector_row : shape (n,)
        """
        # Whole numbers above and below: one rounding in all.
        per_week_s = (self.weight.sum(axis=1) * S_PER_H)[sector_row]
        return np.asarray(weight_s * H_PER_WEEK / per_week_s)

    def _since_monday(self, t_s: int) -> NDArray[np.int64]:
        n_weeks, within_s = divmod(t_s, H_PER_WEEK * S_PER_H)
        hour, rest_s = divmod(within_s, S_PER_H)
        whole = n_weeks * self.until_hour[:, -1] + self.until_hour[:, hour]
        return np.asarray(whole * S_PER_H + self.weight[:, hour] * rest_s, dtype=np.int64)

    @cached_property
    def before_start(self) -> NDArray[np.int64]:
        """Demand from Monday 00:00 to t = 0; shape (n_sectors,)."""
        return self._since_monday(self.start_s)

    @cached_property
    def until_hour(self) -> NDArray[np.int64]:
        """Demand from Monday 00:00 to each hour of the week; shape (n_sectors, 169)."""
        return np.pad(np.cumsum(self.weight, axis=1), ((0, 0), (1, 0)))


def build_demand(resolved: Resolved) -> Demand:
    """Demand of the sectors of a scenario: hours of the day times weekdays of their profiles."""
    weight_of = {(row.profile, row.period, row.index): row.weight for row in resolved.profiles.rows}
    weight = [
        [
            weight_of[row.demand_profile, "hour", hour]
            * weight_of[row.demand_profile, "weekday", day]
            for day in range(7)
            for hour in range(24)
        ]
        for row in resolved.sectors.rows
    ]
    return Demand(np.array(weight, np.int64), second_of_week(resolved.scenario.start))


def second_of_week(instant: datetime) -> int:
    """Seconds since Monday 00:00 in the instant's own offset."""
    of_day = instant.hour * S_PER_H + instant.minute * 60 + instant.second
    return instant.weekday() * 24 * S_PER_H + of_day
