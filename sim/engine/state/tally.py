"""How many businesses are affected, impaired, down, and what share of demand fails: in total, by
provider of the home, by sector, by role.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.world.build import World

N_LEVELS = 3


@dataclass(frozen=True)
class Group:
    """Group that a number counts: everybody, or those of one provider or sector.

    Attributes
    ----------
    provider_row, sector_row
        At most one is not -1.
    """

    provider_row: int = -1
    sector_row: int = -1


class Tally:
    """Counts per group.

    Attributes
    ----------
    groups
        All; each provider; each sector.
    n_businesses, value_micro_usd_per_h : shape (n_groups,)
        Denominators: businesses of the group, and the sum of their value.
    n_at_level : shape (3, n_groups)
        Businesses at least affected, impaired, down.
    lost_micro_usd_per_h : shape (n_operators, n_groups)
        Value of the demand that fails for each operator's users without a VPN, at mean demand.
    demand_lost_s : shape (n_operators,)
        Share of demand that fails for each operator's users without a VPN, integrated.
    booked_s : shape (1,)
        Until when it is.
    """

    def __init__(self, world: World) -> None:
        businesses = world.businesses
        n = businesses.n_businesses
        n_providers, n_sectors = len(world.places.provider), len(businesses.sector)
        self.groups = (
            Group(),
            *(Group(provider_row=row) for row in range(n_providers)),
            *(Group(sector_row=row) for row in range(n_sectors)),
        )
        self.value = businesses.value_micro_usd_per_h
        group_of_place = 1 + world.places.provider_row.astype(np.int32)
        self.provider_group = group_of_place[businesses.home_place_row]
        n_groups = len(self.groups)
        self.sectors = slice(1 + n_providers, n_groups)
        self.n_at_level = np.zeros((N_LEVELS, n_groups), np.int64)
        # Whole numbers, held as floats: no sum comes near 2^53 micro-dollars, 9 billion dollars.
        self.lost_micro_usd_per_h = np.zeros((world.operators.n_operators, n_groups))
        self.demand_lost_s = np.zeros(world.operators.n_operators)
        self.booked_s = np.zeros(1, np.int64)
        self.n_businesses = np.full(n_groups, n, np.int64)
        self.value_micro_usd_per_h = np.full(n_groups, self.value.sum(), np.int64)
        for group, of_business in (
            (slice(1, self.sectors.start), self.provider_group - 1),
            (self.sectors, businesses.sector_row),
        ):
            self.n_businesses[group] = np.bincount(of_business, minlength=group.stop - group.start)
            self.value_micro_usd_per_h[group] = 0
            np.add.at(self.value_micro_usd_per_h[group], of_business, self.value)

    def take_demand_lost_s(self, t_s: int) -> NDArray[np.float64]:
        """Return the demand lost since the last call, as a share integrated over time."""
        total = float(self.value_micro_usd_per_h[0])
        if total > 0:
            lost_share = self.lost_micro_usd_per_h[:, 0] / total
            self.demand_lost_s += lost_share * float(t_s - self.booked_s[0])
        self.booked_s[0] = t_s
        taken = self.demand_lost_s.copy()
        self.demand_lost_s[:] = 0.0
        return taken
