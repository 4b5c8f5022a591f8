"""The pools of addresses at which the service to be blocked has fronts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.seats import Seats
from sim.scenario.reactions import Fronts
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import PoolRow
from sim.world.frozen import FrozenColumns
from sim.world.providers import Places


@dataclass(frozen=True, eq=False)
class Pools(FrozenColumns):
    """Where the target rents.

    Attributes
    ----------
    rules
        Numbers of the scenario.
    provider_row, weight : shape (n_pools,)
        Provider of each pool, and how often it is chosen.
    seats
        Addresses of each pool at which a front may be.
    """

    rules: Fronts
    provider_row: NDArray[np.int64]
    weight: NDArray[np.float64]
    seats: tuple[Seats, ...]


def build_pools(resolved: Resolved, places: Places) -> Pools | None:
    """Return the pools of a scenario; None where the target rents no fronts."""
    if resolved.scenario.fronts is None or resolved.pools is None:
        return None
    rows = resolved.pools.rows
    return Pools(
        rules=resolved.scenario.fronts,
        provider_row=np.array([places.provider.index(row.provider) for row in rows], np.int64),
        weight=np.array([row.weight for row in rows]),
        seats=tuple(_seats(resolved, places, row) for row in rows),
    )


def _seats(resolved: Resolved, places: Places, row: PoolRow) -> Seats:
    """Addresses of a pool that are given out: of IPv4, or of IPv6 where it has no others."""
    if row.region:
        place = places.row(row.provider, row.region)
        return places.seats[place] if places.seats else Seats.of(places.addresses[place])
    four = Seats.of(places.provider_addresses(places.provider.index(row.provider)))
    mine = (one.prefix for one in resolved.cloud_prefixes.rows if one.provider == row.provider)
    return four if four.n else places.line.seats(mine)
