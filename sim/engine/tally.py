"""How many businesses are affected, impaired, down, and what share of demand fails: in total, by
provider of the home, by sector, by role.

In: businesses whose exposure changed. Out: counts as they stand, kept up to date by difference in
whole numbers, so that they do not drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.exposure import Change
from sim.engine.ledger import Ledger
from sim.world.build import World

N_LEVELS = 3


@dataclass(frozen=True)
class Group:
    """What a number is about: everybody, or those of one provider, sector or role.

    Attributes
    ----------
    provider_row, sector_row, role_row
        At most one is not -1.
    """

    provider_row: int = -1
    sector_row: int = -1
    role_row: int = -1


class Tally:
    """Counts per group.

    Attributes
    ----------
    groups
        All; each provider; each sector; each role.
    n_businesses, value_micro_usd_per_h : shape (n_groups,)
        Denominators: businesses of the group, and the sum of their value.
    n_at_level : shape (3, n_groups)
        Businesses at least affected, impaired, down.
    lost_micro_usd_per_h : shape (n_groups,), int64
        Value of the demand that fails, at mean demand.
    """

    def __init__(self, world: World, ledger: Ledger) -> None:
        businesses = world.businesses
        n, n_roles = businesses.n_businesses, businesses.role_weight.shape[1]
        n_providers, n_sectors = len(world.places.provider), len(businesses.sector)
        self.groups = (
            Group(),
            *(Group(provider_row=row) for row in range(n_providers)),
            *(Group(sector_row=row) for row in range(n_sectors)),
            *(Group(role_row=row) for row in range(n_roles)),
        )
        self._role_start = 1 + n_providers + n_sectors
        self._ledger = ledger
        self._value = businesses.value_micro_usd_per_h
        provider_row = world.places.provider_row[businesses.home_place_row]
        sector_group = 1 + n_providers + businesses.sector_row
        # The groups each business counts in by what fails as a whole.
        self._group = np.stack((np.zeros(n, np.int64), 1 + provider_row, sector_group))
        self._level = np.zeros(n, np.int8)
        self._role_level = np.zeros((n, n_roles), np.int8)
        self._lost = np.zeros(n, np.int64)
        self._role_lost = np.zeros((n, n_roles), np.int64)
        n_groups = len(self.groups)
        self.n_at_level = np.zeros((N_LEVELS, n_groups), np.int64)
        self.lost_micro_usd_per_h = np.zeros(n_groups, np.int64)
        self.n_businesses = np.full(n_groups, n, np.int64)
        self.value_micro_usd_per_h = np.full(n_groups, self._value.sum(), np.int64)
        self.n_businesses[: self._role_start] = 0
        self.value_micro_usd_per_h[: self._role_start] = 0
        np.add.at(self.n_businesses, self._group, 1)
        np.add.at(self.value_micro_usd_per_h, self._group, np.broadcast_to(self._value, (3, n)))

    def update(self, change: Change) -> None:
        """Count the businesses that changed anew."""
        row = change.business_row
        group, role_group = self._group[:, row], np.arange(self._role_start, len(self.groups))
        value = self._value[row]
        level = self._ledger.levels_of(change.share_failing)
        role_level = self._ledger.levels_of(change.share_failing_by_role)
        for state in range(N_LEVELS):
            turned = (level > state).astype(np.int64) - (self._level[row] > state)
            np.add.at(self.n_at_level[state], group, np.broadcast_to(turned, group.shape))
            role_turned = (role_level > state).astype(np.int64) - (self._role_level[row] > state)
            self.n_at_level[state, role_group] += role_turned.sum(axis=0)
        lost = np.rint(value * change.share_failing).astype(np.int64)
        role_lost = np.rint(value[:, np.newaxis] * change.share_failing_by_role).astype(np.int64)
        more = np.broadcast_to(lost - self._lost[row], group.shape)
        np.add.at(self.lost_micro_usd_per_h, group, more)
        self.lost_micro_usd_per_h[role_group] += (role_lost - self._role_lost[row]).sum(axis=0)
        self._level[row], self._role_level[row] = level, role_level
        self._lost[row], self._role_lost[row] = lost, role_lost
