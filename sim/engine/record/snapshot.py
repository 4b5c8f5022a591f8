"""The value of every curve, noted as it stands and worked out later for many times at once.

In: counts of the register, of operators, businesses, users. Out: one row of numbers for each time,
in the sequence of the series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.engine.record import snapshot_kernel as kernel
from sim.engine.record.curves import (
    BUSINESS_METRICS,
    OVER_METRICS,
    USER_METRICS,
    CurveRecorder,
    Curves,
    Series,
)
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.tally import Group
from sim.engine.state.target import TargetState
from sim.world.build import World
from sim.world.population import MICRO

UNKNOWN = float("nan")
DROPPED = "addresses_dropped", "addresses_dropped_with_target"
LISTED = "addresses_listed", "addresses_listed_with_target"
DROPPED6 = "networks_dropped", "networks_dropped_with_target"
LISTED6 = "networks_listed", "networks_listed_with_target"
N_NOTED = 256
"""Times that are worked out at once: memory does not grow with them."""


Watch: TypeAlias = Callable[[Sequence[int], NDArray[np.float64], tuple[Series, ...]], None]
"""Called now and then with times, the values of all series from each on, and the series. It looks
at a run under way and touches nothing; what it raises ends the run."""


class Snapshot:
    """Values of all curves.

    Parameters
    ----------
    watch
        Called with what was worked out, some hundred times at a go; nobody looks where it is None.

    Attributes
    ----------
    series
        All series.
    noted
        What is noted and not worked out yet, as the compiled loops take it.
    """

    def __init__(
        self,
        world: World,
        space: AddressSpace,
        states: States,
        target: TargetState,
        watch: Watch | None = None,
    ) -> None:
        tally = states.tally
        self._watch = watch
        self._has_users = world.users is not None
        self._share_users = world.operators.share_users
        self._tally = tally
        self._has_value = tally.value_micro_usd_per_h > 0
        # All, and the providers at which any business is.
        self._over_groups = np.flatnonzero(tally.n_businesses[: tally.n_over.shape[1]] > 0)
        has_ipv6 = world.places.line.has_ipv6
        parts = (
            [Series(metric, Group(), UNKNOWN) for metric in DROPPED + DROPPED6 * has_ipv6],
            [
                *(Series(metric, Group(), UNKNOWN) for metric in LISTED + LISTED6 * has_ipv6),
                *(
                    Series("addresses_listed", Group(provider_row=row), UNKNOWN)
                    for row in range(len(world.places.provider) + 1)
                ),
            ],
            [
                Series(metric, group, float(n))
                for metric in BUSINESS_METRICS
                for group, n in zip(tally.groups, tally.n_businesses.tolist(), strict=True)
            ],
            self._demand_series(),
            [Series(metric, Group(), target.n_users) for metric in USER_METRICS if self._has_users],
            [
                Series(metric, tally.groups[row], float(tally.n_businesses[row]))
                for metric in OVER_METRICS
                for row in self._over_groups
            ],
        )
        self.series = tuple(series for part in parts for series in part)
        edge = np.cumsum([0, *map(len, parts)]).tolist()
        cut = [slice(low, high) for low, high in pairwise(edge)]
        self._dropped, self._listed, self._counts, self._demand, self._of_users, self._over = cut
        self._recorder = CurveRecorder(self.series)
        n_operators, n_groups = tally.lost_micro_usd_per_h.shape
        self._n_times, self._t_s = np.zeros(1, np.int64), np.empty(N_NOTED, np.int64)
        self._n_blocked = np.empty((N_NOTED, n_operators, len(parts[0])), np.int64)
        self._n_listed = np.empty((N_NOTED, len(parts[1])), np.int64)
        self._n_at_level = np.empty((N_NOTED, *tally.n_at_level.shape), np.int64)
        self._lost_micro_usd_per_h = np.empty((N_NOTED, n_operators, n_groups))
        self._weight = np.empty((N_NOTED, n_operators))
        self._of_users_noted = np.empty((N_NOTED, len(USER_METRICS)))
        self._n_over = np.empty((N_NOTED, *tally.n_over.shape), np.int64)
        self.noted = kernel.make_noted(
            self._n_times,
            self._t_s,
            self._n_blocked,
            self._n_listed,
            self._n_at_level,
            self._lost_micro_usd_per_h,
            self._weight,
            self._of_users_noted,
            self._n_over,
        )

    def freeze(self) -> Curves:
        """Work out what is left, and return all curves."""
        self._work_out()
        return self._recorder.freeze()

    def make_room(self) -> None:
        """Work out what is noted where there is no room for another time."""
        if self._n_times[0] == self._t_s.size:
            self._work_out()

    def _work_out(self) -> None:
        n = int(self._n_times[0])
        if n == 0:
            return
        values = np.empty((n, len(self.series)))
        share_users = self._share_users[:, np.newaxis]
        values[:, self._dropped] = (share_users * self._n_blocked[:n]).sum(axis=1)
        values[:, self._listed] = self._n_listed[:n]
        values[:, self._counts] = self._n_at_level[:n].reshape(n, -1)
        share = self._tally.demand_lost_share(self._weight[:n], self._lost_micro_usd_per_h[:n])
        values[:, self._demand] = share[:, self._has_value]
        if self._has_users:
            values[:, self._of_users] = self._of_users_noted[:n]
        values[:, self._over] = self._n_over[:n][..., self._over_groups].reshape(n, -1)
        t_s = self._t_s[:n].tolist()
        self._recorder.record(t_s, values)
        if self._watch is not None:
            self._watch(t_s, values, self.series)
        self._n_times[0] = 0

    def _demand_series(self) -> list[Series]:
        usd_per_h = (self._tally.value_micro_usd_per_h / MICRO).tolist()
        # Where nobody has demand, the share that fails is not zero: there is none.
        return [
            Series("demand_lost_share", group, value)
            for group, value in zip(self._tally.groups, usd_per_h, strict=True)
            if value > 0
        ]
