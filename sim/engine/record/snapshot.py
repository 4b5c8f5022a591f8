"""The value of every curve, noted as it stands and worked out later for many times at once.

In: counts of the register, of operators, businesses, users. Out: one row of numbers for each time,
in the sequence of the series.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.reach import Unreached
from sim.engine.actors.users import UserCrowd, shares_of
from sim.engine.record.curves import BUSINESS_METRICS, CurveRecorder, Curves, Series
from sim.engine.state.tally import Group, Tally
from sim.world.build import World
from sim.world.population import MICRO

UNKNOWN = float("nan")
ADDRESS_METRICS = (
    "addresses_dropped",
    "addresses_dropped_with_target",
    "addresses_listed",
    "addresses_listed_with_target",
)
USER_METRICS = ("target_reached_share", "vpn_share", "target_left_share")
Value = TypeVar("Value")
N_NOTED = 256
"""Times that are worked out at once: memory does not grow with them."""


class _Steps(Generic[Value]):
    """Values that change seldom: kept where they do."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, Value]] = []
        self.last: Value | None = None

    def note(self, row: int, value: Value) -> None:
        """Note the value from a row on; it need not be if it is the last one, the same object."""
        self.last = value
        self._steps.append((row, value))

    def take_steps(self) -> list[tuple[int, Value]]:
        """Return rows and values from which on they hold, and forget them."""
        steps, self._steps, self.last = self._steps, [], None
        return steps

    def take(self, n: int) -> NDArray[np.float64]:
        """Return the value at each of n rows, and forget them; shape (n, …)."""
        row, value = zip(*self.take_steps(), strict=True)
        return np.repeat(np.array(value), np.diff(row, append=n), axis=0)


class Snapshot:
    """Values of all curves.

    Attributes
    ----------
    series
        All series.
    """

    def __init__(self, world: World, tally: Tally, users: UserCrowd | None) -> None:
        self._places = world.places
        self._share_users = world.operators.share_users
        self._tally = tally
        self._users = users
        self._has_value = tally.value_micro_usd_per_h > 0
        parts = (
            [Series(metric, Group(), UNKNOWN) for metric in ADDRESS_METRICS[:2]],
            [
                *(Series(metric, Group(), UNKNOWN) for metric in ADDRESS_METRICS[2:]),
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
            [Series(metric, Group(), users.n_users) for metric in USER_METRICS] if users else [],
        )
        self.series = tuple(series for part in parts for series in part)
        edge = np.cumsum([0, *map(len, parts)]).tolist()
        cut = [slice(low, high) for low, high in pairwise(edge)]
        self._dropped, self._listed, self._counts, self._demand, self._of_users = cut
        self._recorder = CurveRecorder(self.series)
        self._told: IntervalSet | None = None
        n_operators, n_groups = tally.lost_micro_usd_per_h.shape
        self._t_s: list[int] = []
        self._n_blocked = np.empty((N_NOTED, n_operators, 2), np.int64)
        self._n_at_level = np.empty((N_NOTED, *tally.n_at_level.shape), np.int64)
        self._lost_micro_usd_per_h = np.empty((N_NOTED, n_operators, n_groups))
        # What changes seldom, and is another object then.
        self._n_listed = np.zeros(len(parts[1]))
        self._n_listed_noted = _Steps[NDArray[np.float64]]()
        self._weight = _Steps[NDArray[np.float64]]()
        self._n_by_fate = _Steps[NDArray[np.float64]]()
        self._unreached = _Steps[Unreached]()

    def note(
        self,
        t_s: int,
        n_blocked: NDArray[np.int64],
        listed: tuple[IntervalSet, IntervalSet],
        weight: NDArray[np.float64],
    ) -> None:
        """Note the state from ``t_s`` on; times must rise.

        Parameters
        ----------
        n_blocked : shape (n_operators, 2)
            Addresses each operator blocks, outside the target's own and all.
        listed
            What is listed: outside the target's own ranges, and all.
        weight : shape (n_operators,)
            How much each operator's users count.
        """
        collateral, everything = listed
        if collateral is not self._told:
            self._told = collateral
            by_provider = self._places.count_by_provider(collateral).tolist()
            n_listed = [collateral.n_addresses, everything.n_addresses, *by_provider]
            self._n_listed = np.array(n_listed, np.float64)
        row = len(self._t_s)
        self._t_s.append(t_s)
        self._n_blocked[row] = n_blocked
        self._n_at_level[row] = self._tally.n_at_level
        self._lost_micro_usd_per_h[row] = self._tally.lost_micro_usd_per_h
        if self._n_listed_noted.last is not self._n_listed:
            self._n_listed_noted.note(row, self._n_listed)
        if self._weight.last is not weight:
            self._weight.note(row, weight)
        users = self._users
        if users is not None:
            if self._n_by_fate.last is not users.n_by_fate:
                self._n_by_fate.note(row, users.n_by_fate)
            if self._unreached.last is not (unreached := users.unreached):
                self._unreached.note(row, unreached)
        if row + 1 == N_NOTED:
            self._work_out()

    def freeze(self) -> Curves:
        """Work out what is left, and return all curves."""
        self._work_out()
        return self._recorder.freeze()

    def _work_out(self) -> None:
        n = len(self._t_s)
        if n == 0:
            return
        values = np.empty((n, len(self.series)))
        share_users = self._share_users[:, np.newaxis]
        values[:, self._dropped] = (share_users * self._n_blocked[:n]).sum(axis=1)
        values[:, self._listed] = self._n_listed_noted.take(n)
        values[:, self._counts] = self._n_at_level[:n].reshape(n, -1)
        weight = self._weight.take(n)
        share = self._tally.demand_lost_share(weight, self._lost_micro_usd_per_h[:n])
        values[:, self._demand] = share[:, self._has_value]
        if self._users is not None:
            values[:, self._of_users] = shares_of(
                self._n_by_fate.take(n),
                self._unreached.take_steps(),
                self._t_s,
                self._users.n_users,
            )
        self._recorder.record(self._t_s, values)
        self._t_s = []

    def _demand_series(self) -> list[Series]:
        usd_per_h = (self._tally.value_micro_usd_per_h / MICRO).tolist()
        # Where nobody has demand, the share that fails is not zero: there is none.
        return [
            Series("demand_lost_share", group, value)
            for group, value in zip(self._tally.groups, usd_per_h, strict=True)
            if value > 0
        ]
