"""Programs that leave a shared range while it is blocked: all drawn at t = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.world.components import N_ROLES
from sim.world.frozen import FrozenColumns
from sim.world.hosts import SWITCHED_HOSTS, Hosts
from sim.world.placement import Placement
from sim.world.providers import Places, Side, hosting_side, pick

S_PER_MIN = 60
STAYS = -1


@dataclass(frozen=True, eq=False)
class Programs(FrozenColumns):
    """Programs as columns, one row each.

    Attributes
    ----------
    every_s
        Time between two looks of a program.
    business_row : shape (n_programs,), ascending
        Who runs it.
    first_look_s : shape (n_programs,)
        When it looks first, in [0, every_s).
    component_row : shape (n_programs, n_roles)
        Where each component sits while the program has left the shared range; -1 where it stays.
    """

    every_s: int
    business_row: NDArray[np.int64]
    first_look_s: NDArray[np.int64]
    component_row: NDArray[np.int64]


def build_programs(
    resolved: Resolved,
    places: Places,
    placement: Placement,
    n_components: int,
    streams: Streams,
) -> tuple[Programs | None, Hosts | None]:
    """Draw who runs a program and where it leads; nothing where nobody does.

    Parameters
    ----------
    placement
        Seats of t = 0.
    n_components
        Components there are already: those that programs lead to are numbered after them.
    """
    rules = resolved.scenario.switching
    if rules is None:
        return None, None
    shape = placement.place_row.shape
    is_shared = np.isin(placement.place_row, shared_places(resolved, places))
    is_served = is_shared & ~placement.is_third_party
    n = len(placement.place_row)
    luck = streams.generator(Stream.SWITCHING_SHARE).random(n)
    is_served &= (luck < rules.share_businesses)[:, np.newaxis]
    business = np.flatnonzero(is_served.any(axis=1))
    every_s = round(rules.poll_min * S_PER_MIN)
    look = streams.generator(Stream.SWITCHING_LOOK).random(n)
    where = streams.generator(Stream.SWITCHING_PLACE).random(n)
    seat = np.broadcast_to(pick(own_side(resolved, places), where)[:, np.newaxis], shape)[is_served]
    component_row = np.full(shape, STAYS, np.int64)
    component_row[is_served] = n_components + np.arange(seat.size)
    address = streams.generator(Stream.SWITCHING_ADDRESS).random(shape)
    parked = streams.generator(Stream.COMPONENT_PARKED, (SWITCHED_HOSTS,)).random(shape)
    names = streams.generator(Stream.ADDRESS_NAMES, (SWITCHED_HOSTS,)).random(shape)
    hosts = Hosts(
        is_spread=np.zeros(seat.size, np.bool_),
        seat_row=seat.astype(np.int32),
        parked_luck=parked[is_served],
        host_component=component_row[is_served].astype(np.int32),
        host_address=places.address_by_luck(seat, address[is_served]),
        host_business=(np.flatnonzero(is_served) // N_ROLES).astype(np.int32),
        host_luck=names[is_served],
    )
    programs = Programs(
        every_s=every_s,
        business_row=business,
        first_look_s=np.floor(look[business] * every_s).astype(np.int64),
        component_row=component_row[business],
    )
    return programs, hosts


def shared_places(resolved: Resolved, places: Places) -> list[int]:
    """Rows of the places that are shared ranges."""
    rows = resolved.shared_prefixes.rows if resolved.shared_prefixes else ()
    return sorted({places.row(row.provider, row.region) for row in rows})


def own_side(resolved: Resolved, places: Places) -> Side:
    """Places where a business has addresses of its own behind a shared range, and their weights.

    Foreign ones, as homes are; domestic ones where all foreign ones are shared.
    """
    shared = shared_places(resolved, places)
    for side in ("foreign", "domestic"):
        place, weight = hosting_side(resolved, places, side)
        own = np.where(np.isin(place, shared), 0.0, weight)
        if own.any():
            return place, own
    raise AssertionError("resolve refuses it where every place is shared")
