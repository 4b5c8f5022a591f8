"""The value of every curve, noted as it is, and kept where it changes, for many times at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.record import settlement_kernel as kernel
from sim.engine.record.outcome import BUSINESS_METRICS, USER_METRICS, Curves, Series
from sim.engine.state.ledger import Group
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.world.build import World
from sim.world.population import MICRO

UNKNOWN = float("nan")
DROPPED = "addresses_dropped", "networks_dropped"
LISTED = "addresses_listed", "networks_listed"
"""Curves of IPv4, and of IPv6 where there is any."""
N_NOTED = 256
"""Times that are kept at once: memory does not grow with them."""


class Snapshot:
    """Values of all curves.

    Parameters
    ----------
    has_groups
        Whether curves of providers, sectors and roles are kept, beside those over everybody.

    Attributes
    ----------
    series
        All series.
    noted
        What is noted and not kept yet, as the compiled loops take it.
    """

    def __init__(
        self,
        world: World,
        space: AddressSpace,
        states: States,
        target: TargetState,
        *,
        has_groups: bool = True,
    ) -> None:
        # The first group is everybody.
        groups = states.groups if has_groups else states.groups[:1]
        n_groups = len(groups)
        n_listed = len(world.places.provider) + 1 if has_groups else 0
        # Where nobody has demand, the share that fails is not zero: there is none.
        demand_group = np.flatnonzero(states.value_micro_usd_per_h[:n_groups] > 0)
        demand = states.value_micro_usd_per_h[demand_group].astype(np.float64)
        n_families = 1 + world.places.line.has_ipv6
        # ``note`` of the kernel writes values in this sequence.
        self.series = (
            *(Series(metric, Group(), UNKNOWN) for metric in DROPPED[:n_families]),
            *(Series(metric, Group(), UNKNOWN) for metric in LISTED[:n_families]),
            *(
                Series("addresses_listed", Group(provider_row=row), UNKNOWN)
                for row in range(n_listed)
            ),
            *(
                Series(metric, group, float(n))
                for metric in BUSINESS_METRICS
                for group, n in zip(groups, states.n_businesses[:n_groups].tolist(), strict=True)
            ),
            *(
                Series("demand_lost_share", states.groups[row], value)
                for row, value in zip(demand_group, (demand / MICRO).tolist(), strict=True)
            ),
            *(
                Series(metric, Group(), target.n_users)
                for metric in USER_METRICS
                if world.users is not None
            ),
        )
        self._points: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
        self._last = np.empty(len(self.series))
        self._n_times, self._t_s = np.zeros(1, np.int64), np.empty(N_NOTED, np.int64)
        self._values = np.empty((N_NOTED, len(self.series)))
        self.noted = kernel.make_noted(
            kernel.NotedColumns(
                n_times=self._n_times,
                t_s=self._t_s,
                values=self._values,
                demand_group=demand_group,
                demand=demand,
                n_groups=n_groups,
                n_listed=n_listed,
                lost=np.empty(int(demand_group.max(initial=-1)) + 1),
            )
        )

    def freeze(self) -> Curves:
        """Keep what is left, and return all curves, by series and by time within each."""
        self._keep()
        series_row, t_s, value = (np.concatenate(part) for part in zip(*self._points, strict=True))
        by_series = np.argsort(series_row, kind="stable")
        return Curves(self.series, series_row[by_series], t_s[by_series], value[by_series])

    def make_room(self) -> None:
        """Keep what is noted where there is no room for another time."""
        if self._n_times[0] == self._t_s.size:
            self._keep()

    def _keep(self) -> None:
        n = int(self._n_times[0])
        if n == 0:
            return
        values = self._values[:n]
        is_change = np.ones(values.shape, np.bool_)
        is_change[1:] = values[1:] != values[:-1]
        if self._points:
            is_change[0] = values[0] != self._last
        self._last = values[-1].copy()
        time_row, series_row = np.divmod(np.flatnonzero(is_change), values.shape[1])
        self._points.append((series_row, self._t_s[time_row], values[is_change]))
        self._n_times[0] = 0
