"""The value of every curve at one moment, kept up to date part by part.

In: counts of the register, of operators, businesses, users. Out: one row of numbers, in the
sequence of the series. A part that did not change is not computed anew.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.engine.curves import BUSINESS_METRICS, Series
from sim.engine.tally import Group, Tally
from sim.engine.users import UserCrowd
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


class Snapshot:
    """Values of all curves now.

    Attributes
    ----------
    series
        All series.
    values : shape (n_series,)
        Their values.
    """

    def __init__(self, world: World, tally: Tally, users: UserCrowd | None) -> None:
        self._places = world.places
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
        self.values = np.zeros(len(self.series))
        edge = np.cumsum([0, *map(len, parts)]).tolist()
        cut = [slice(low, high) for low, high in pairwise(edge)]
        self._dropped, self._listed, self._counts, self._demand, self._of_users = cut
        self._told: IntervalSet | None = None

    def note_dropped(self, n_addresses: NDArray[np.float64]) -> None:
        """Take over how many addresses are dropped."""
        self.values[self._dropped] = n_addresses

    def note_listed(self, collateral: IntervalSet, listed: IntervalSet) -> None:
        """Take over what is listed: outside the target's own ranges, and all."""
        if collateral is self._told:
            return
        self._told = collateral
        whole = [collateral.n_addresses, listed.n_addresses]
        self.values[self._listed] = [*whole, *self._places.count_by_provider(collateral)]

    def note_businesses(self, weight: NDArray[np.float64]) -> None:
        """Take over the tally, with the users of each operator counting as given."""
        self.values[self._counts] = self._tally.n_at_level.reshape(-1)
        self.note_weight(weight)

    def note_weight(self, weight: NDArray[np.float64]) -> None:
        """Weigh the demand that fails anew."""
        self.values[self._demand] = self._tally.demand_lost_share(weight)[self._has_value]

    def note_users(self, t_s: int) -> None:
        """Take over where the target's users are."""
        if self._users is not None:
            self.values[self._of_users] = self._users.shares(t_s)

    def _demand_series(self) -> list[Series]:
        usd_per_h = (self._tally.value_micro_usd_per_h / MICRO).tolist()
        # Where nobody has demand, the share that fails is not zero: there is none.
        return [
            Series("demand_lost_share", group, value)
            for group, value in zip(self._tally.groups, usd_per_h, strict=True)
            if value > 0
        ]
