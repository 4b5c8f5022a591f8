"""Third-party services: where they sit, and which business buys which.

In: the table of services, places, streams. Out: their components and hosts, the first rows of all,
and the service that each business has for each role.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.scenario.tables.roles import ROLES
from sim.streams import Stream, Streams
from sim.world.choice import choose
from sim.world.components import N_ROLES
from sim.world.hosts import SERVICE_HOSTS, rows_of
from sim.world.providers import Places


@dataclass(frozen=True, eq=False)
class Services:
    """Third-party services: rows 0 to n - 1 of the components.

    Attributes
    ----------
    names
        By row.
    is_spread, seat_row, parked_luck, host_component, host_address, host_luck
        As in `Hosts`, of their components alone.
    """

    names: tuple[str, ...]
    is_spread: NDArray[np.bool_]
    seat_row: NDArray[np.int32]
    parked_luck: NDArray[np.float64]
    host_component: NDArray[np.int32]
    host_address: NDArray[np.int64]
    host_luck: NDArray[np.float64]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.names)

    @classmethod
    def of(cls, resolved: Resolved, places: Places, streams: Streams) -> Services:
        """Seat the services of a scenario."""
        seats = {row.service: row for row in resolved.service_rows}
        names = tuple(seats)
        component = np.repeat(
            rows_of(np.arange(len(names))), [seats[name].n_addresses for name in names]
        )
        seat_row = np.array(
            [places.row(row.provider, row.region) for row in seats.values()], np.int32
        )
        luck = streams.generator(Stream.COMPONENT_SERVICE, (0,)).random(component.size)
        return cls(
            names,
            np.array([row.mode == "spread" for row in seats.values()], np.bool_),
            seat_row,
            streams.generator(Stream.COMPONENT_PARKED, (SERVICE_HOSTS,)).random(seat_row.size),
            component,
            places.address_by_luck(seat_row[component], luck),
            streams.generator(Stream.ADDRESS_NAMES, (SERVICE_HOSTS,)).random(component.size),
        )

    def choose(self, resolved: Resolved, streams: Streams, n_businesses: int) -> NDArray[np.int64]:
        """Service of each business and role; -1 where it runs its own component."""
        u = streams.generator(Stream.COMPONENT_SERVICE, (1,)).random((n_businesses, N_ROLES))
        chosen = np.full((n_businesses, N_ROLES), -1, np.int64)
        share = {str(row.role): row.share_third_party for row in resolved.components.rows}
        for role_row, role in enumerate(ROLES):
            rows = [row for row in resolved.service_rows if row.role == role and row.popularity > 0]
            if not rows or share[role] == 0:
                continue
            is_user = u[:, role_row] < share[role]
            weight = np.array([row.popularity for row in rows])
            service = np.array([self.names.index(row.service) for row in rows])
            # Given that u lies below the share, u / share is uniform again.
            luck = u[is_user, role_row] / share[role]
            chosen[is_user, role_row] = service[choose(weight, luck)]
        return chosen
