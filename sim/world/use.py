"""When the target is used: its rhythm over the day, the week and the year, as weights by hour.

In: table of use. Out: a weight for each clock hour of the run, 1 on average, and how much use has
passed at any second. It does not know who is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.world.columns import Columns

S_PER_H = 3600
LENGTH = {"hour": (24, 0), "weekday": (7, 0), "month": (12, 1)}
"""Rows of each period, and the index of the first."""


@dataclass(frozen=True, eq=False)
class Use(Columns):
    """Use of the target by clock hour of the run.

    Attributes
    ----------
    weight : shape (n_hours,)
        From the hour in which the run begins: use of a user in that hour over their mean use.
    offset_s
        Seconds of that hour that had passed at t = 0.
    """

    weight: NDArray[np.float64]
    offset_s: int

    def passed_s(self, t_s: int) -> float:
        """Use of a user from t = 0 on, in seconds of mean use."""
        hour, rest_s = divmod(self.offset_s + t_s, S_PER_H)
        # At the end of the run on a full hour there is no hour that begins.
        more = float(self.weight[hour]) * rest_s if rest_s else 0.0
        return float(self._until_hour[hour]) + more - self._before

    @cached_property
    def _until_hour(self) -> NDArray[np.float64]:
        return np.concatenate([[0.0], np.cumsum(self.weight) * S_PER_H])

    @cached_property
    def _before(self) -> float:
        return float(self.weight[0]) * self.offset_s


def build_use(resolved: Resolved) -> Use | None:
    """Weights of all hours of the run; None where the scenario weighs none.

    Each period has a mean of 1 over its rows; a period without rows is even.
    """
    if resolved.use is None:
        return None
    by: dict[str, NDArray[np.float64]] = {}
    for period, (length, first) in LENGTH.items():
        rows = [row for row in resolved.use.rows if row.period == period]
        weight = np.ones(length)
        for row in rows:
            weight[row.index - first] = row.weight
        by[period] = weight / weight.mean()
    start = resolved.scenario.start
    offset_s = start.minute * 60 + start.second
    n_hours = -(-(offset_s + resolved.scenario.horizon_s) // S_PER_H)
    hours = [start + timedelta(hours=hour) for hour in range(n_hours)]
    return Use(
        weight=by["hour"][[at.hour for at in hours]]
        * by["weekday"][[at.weekday() for at in hours]]
        * by["month"][[at.month - 1 for at in hours]],
        offset_s=offset_s,
    )
