"""The value of every curve, noted as it stands and worked out later for many times at once.

In: counts of the register, of operators, businesses, users. Out: one row of numbers for each time,
in the sequence of the series. What did not change since the time before is not noted again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.engine.curves import BUSINESS_METRICS, CurveRecorder, Curves, Series
from sim.engine.tally import Group, Tally
from sim.engine.users import Crowd, UserCrowd, shares_of
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
N_NOTED = 256
"""Times that are worked out at once: memory does not grow with them."""


class _Notes(NamedTuple):
    """State at one time; parts that did not change are the same objects as the time before."""

    t_s: int
    n_blocked: NDArray[np.int64]
    listed: list[int]
    n_at_level: NDArray[np.int64]
    lost_micro_usd_per_h: NDArray[np.float64]
    weight: NDArray[np.float64]
    crowd: Crowd | None


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
        self._noted: list[_Notes] = []
        self._told: IntervalSet | None = None
        self._n_listed: list[int] = []
        self._n_at_level = tally.n_at_level.copy()
        self._lost = tally.lost_micro_usd_per_h.copy()

    def note(
        self,
        t_s: int,
        n_blocked: NDArray[np.int64],
        listed: tuple[IntervalSet, IntervalSet],
        weight: NDArray[np.float64],
        *,
        has_turned: bool,
    ) -> None:
        """Note the state from ``t_s`` on; times must rise.

        Parameters
        ----------
        n_blocked : shape (n_operators, 2)
            Addresses each operator blocks, outside the target's own and all; not changed later.
        listed
            What is listed: outside the target's own ranges, and all.
        weight : shape (n_operators,)
            How much each operator's users count; not changed later.
        has_turned
            Whether the tally may have changed since the time before.
        """
        collateral, everything = listed
        if collateral is not self._told:
            self._told = collateral
            by_provider = self._places.count_by_provider(collateral).tolist()
            self._n_listed = [collateral.n_addresses, everything.n_addresses, *by_provider]
        if has_turned:
            self._n_at_level = self._tally.n_at_level.copy()
            self._lost = self._tally.lost_micro_usd_per_h.copy()
        crowd = self._users.crowd() if self._users else None
        self._noted.append(
            _Notes(t_s, n_blocked, self._n_listed, self._n_at_level, self._lost, weight, crowd)
        )
        if len(self._noted) == N_NOTED:
            self._work_out()

    def freeze(self) -> Curves:
        """Work out what is left, and return all curves."""
        self._work_out()
        return self._recorder.freeze()

    def _work_out(self) -> None:
        noted, self._noted = self._noted, []
        if not noted:
            return
        values = np.empty((len(noted), len(self.series)))
        n_blocked = np.array([notes.n_blocked for notes in noted])
        values[:, self._dropped] = (self._share_users[:, np.newaxis] * n_blocked).sum(axis=1)
        values[:, self._listed] = [notes.listed for notes in noted]
        values[:, self._counts] = [notes.n_at_level.reshape(-1) for notes in noted]
        lost = np.array([notes.lost_micro_usd_per_h for notes in noted])
        weight = np.array([notes.weight for notes in noted])
        values[:, self._demand] = self._tally.demand_lost_share(weight, lost)[:, self._has_value]
        t_s = [notes.t_s for notes in noted]
        if self._users is not None:
            crowds = [notes.crowd for notes in noted if notes.crowd is not None]
            values[:, self._of_users] = shares_of(crowds, t_s, self._users.n_users)
        self._recorder.record(t_s, values)

    def _demand_series(self) -> list[Series]:
        usd_per_h = (self._tally.value_micro_usd_per_h / MICRO).tolist()
        # Where nobody has demand, the share that fails is not zero: there is none.
        return [
            Series("demand_lost_share", group, value)
            for group, value in zip(self._tally.groups, usd_per_h, strict=True)
            if value > 0
        ]
