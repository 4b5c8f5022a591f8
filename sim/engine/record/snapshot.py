"""The value of every curve, noted as it stands and kept later for many times at once."""

from __future__ import annotations

import numpy as np

from sim.engine.record import snapshot_kernel as kernel
from sim.engine.record.curves import (
    BUSINESS_METRICS,
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
        tally = states.tally
        # The first group is everybody.
        groups = tally.groups if has_groups else tally.groups[:1]
        n_groups = len(groups)
        n_listed = len(world.places.provider) + 1 if has_groups else 0
        # Where nobody has demand, the share that fails is not zero: there is none.
        demand_group = np.flatnonzero(tally.value_micro_usd_per_h[:n_groups] > 0)
        demand = tally.value_micro_usd_per_h[demand_group].astype(np.float64)
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
                for group, n in zip(groups, tally.n_businesses[:n_groups].tolist(), strict=True)
            ),
            *(
                Series("demand_lost_share", tally.groups[row], value)
                for row, value in zip(demand_group, (demand / MICRO).tolist(), strict=True)
            ),
            *(
                Series(metric, Group(), target.n_users)
                for metric in USER_METRICS
                if world.users is not None
            ),
        )
        self._recorder = CurveRecorder(self.series)
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
        """Keep what is left, and return all curves."""
        self._keep()
        return self._recorder.freeze()

    def make_room(self) -> None:
        """Keep what is noted where there is no room for another time."""
        if self._n_times[0] == self._t_s.size:
            self._keep()

    def _keep(self) -> None:
        n = int(self._n_times[0])
        if n == 0:
            return
        self._recorder.record(self._t_s[:n].tolist(), self._values[:n])
        self._n_times[0] = 0
