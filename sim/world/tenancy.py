"""When tenants come to other addresses, and to which: all drawn at t = 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.family_starts import IPV6_START
from sim.scenario.resolve import Resolved
from sim.scenario.tables.sharing import N_ADDRESSES
from sim.streams import Stream, Streams
from sim.world.frozen import FrozenColumns
from sim.world.moves import Moves, shared_places
from sim.world.placement import TENANT_HOSTS, Hosts, Placement
from sim.world.providers import Places

S_PER_D = 86_400
WIDEST = max(N_ADDRESSES)


@dataclass(frozen=True, eq=False)
class Stays(FrozenColumns):
    """Arrivals at other addresses of the same place.

    A business has one *seat* per role at a time: that of t = 0, or that of the last response that
    moved the role. Each seat has arrivals of its own; while it is not held, they do not happen.

    Attributes
    ----------
    t_s : shape (n_arrivals,), ascending
        When.
    business_row, role_row, seat : shape (n_arrivals,)
        Whose component comes to other addresses, and the seat it must hold: 0 for that of t = 0,
        r + 1 for that of response r.
    component_row : shape (n_arrivals,)
        The component with the new addresses.
    seat_of : shape (n_components,)
        Seat that each component belongs to.
    """

    t_s: NDArray[np.int64]
    business_row: NDArray[np.int64]
    role_row: NDArray[np.int64]
    seat: NDArray[np.int64]
    component_row: NDArray[np.int64]
    seat_of: NDArray[np.int64]


_Seats = tuple[
    NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], int
]  # fmt: skip
"""Whether a seat is used, its place, addresses and mode, by business and role; most addresses."""


def build_stays(
    resolved: Resolved,
    places: Places,
    placement: Placement,
    moves: Moves | None,
    later: Placement | None,
    streams: Streams,
) -> tuple[Stays | None, Hosts | None]:
    """Draw all arrivals before the end of the run; nothing where tenants stay.

    Parameters
    ----------
    placement, later
        Seats of t = 0, and those that responses lead to.

    Notes
    -----
    Times are those of a Poisson process per business, role and seat. The j-th gap of everybody is
    one column, and so are the addresses of the j-th arrival: one more business, or a longer run,
    changes no other row.
    """
    rules = resolved.scenario.tenancy
    if rules is None:
        return None, None
    horizon_s = resolved.scenario.horizon_s
    mean_s = np.full(len(places.region), rules.rented_stay_d) * S_PER_D
    mean_s[shared_places(resolved, places)] = rules.shared_stay_d * S_PER_D
    drawn = [
        part
        for number, seats in enumerate(_seats(placement, moves))
        for part in _arrivals(number, seats, mean_s, horizon_s, streams)
    ]
    n_before = placement.is_spread.size + (later.is_spread.size if later else 0)
    seat_of = np.zeros(n_before, np.int64)
    if moves is not None and later is not None:
        rounds = np.arange(1, moves.response.shape[1] + 1)[:, np.newaxis]
        seat_of[later.component_row] = rounds
    return _assemble(places, seat_of, drawn)


def _seats(placement: Placement, moves: Moves | None) -> Iterator[_Seats]:
    """The seats of t = 0, then those after each response; services stay where they are."""
    n_components = placement.is_spread.size
    hosts = np.bincount(placement.host_component, minlength=n_components)
    is_four = placement.host_address < IPV6_START
    four = np.bincount(placement.host_component[is_four], minlength=n_components)
    # Of both families the tenant keeps IPv4.
    hosts = np.where(four > 0, four, hosts)[placement.component_row]
    is_spread = placement.is_spread[placement.component_row]
    is_used = ~placement.is_third_party & ~placement.is_given
    yield is_used, placement.place_row, hosts, is_spread, WIDEST
    for turn in range(moves.response.shape[1] if moves is not None else 0):
        assert moves is not None
        place_row = np.broadcast_to(moves.place_row[:, turn, np.newaxis], hosts.shape)
        is_used = moves.component_row[:, turn] >= 0
        yield is_used, place_row, np.ones_like(hosts), np.zeros_like(is_spread), 1


def _arrivals(
    number: int, seats: _Seats, mean_s: NDArray[np.float64], horizon_s: int, streams: Streams
) -> list[tuple[NDArray[Any], ...]]:
    """Columns of the j-th arrivals at one seat, with draws for the most addresses there may be."""
    is_used, place_row, n_addresses, is_spread, width = seats
    shape, padding = place_row.shape, ((0, 0), (0, WIDEST - width))
    passed_s = np.zeros(shape)
    parts: list[tuple[NDArray[Any], ...]] = []
    for turn in count():
        gap = streams.generator(Stream.TENANCY_STAY, (number, turn)).standard_exponential(shape)
        passed_s += gap * mean_s[place_row]
        # Whole seconds, rounded up: nobody arrives in the second in which the run starts.
        t_s = np.ceil(passed_s)
        is_due = is_used & (t_s < horizon_s)
        if not is_due.any():
            break
        address = streams.generator(Stream.TENANCY_ADDRESS, (number, turn))
        names = streams.generator(Stream.ADDRESS_NAMES, (TENANT_HOSTS, number, turn))
        parked = streams.generator(Stream.COMPONENT_PARKED, (TENANT_HOSTS, number, turn))
        business, role = np.nonzero(is_due)
        same = np.ones(business.size, np.int64)
        parts.append(
            (
                np.stack((business, role, number * same, turn * same), axis=1),
                t_s[is_due].astype(np.int64),
                place_row[is_due],
                n_addresses[is_due],
                is_spread[is_due],
                parked.random(shape)[is_due],
                np.pad(address.random((*shape, width))[is_due], padding),
                np.pad(names.random((*shape, width))[is_due], padding),
            )
        )
    return parts


def _assemble(
    places: Places, seat_of: NDArray[np.int64], drawn: list[tuple[NDArray[Any], ...]]
) -> tuple[Stays, Hosts]:
    """Number components by business, so that a new one comes after those of all others."""
    whole, wide = np.empty(0, np.int64), np.empty((0, WIDEST))
    none = (np.empty((0, 4), np.int64), *(whole,) * 3, whole > 0, np.empty(0), wide, wide)
    columns = [np.concatenate(column) for column in zip(none, *drawn, strict=True)]
    by_business = np.lexsort(columns[0].T[::-1])
    key, t_s, place_row, n_addresses, is_spread, parked_luck, address_luck, names_luck = (
        column[by_business] for column in columns
    )
    component = seat_of.size + np.arange(t_s.size)
    row, slot = np.nonzero(np.arange(WIDEST) < n_addresses[:, np.newaxis])
    hosts = Hosts(
        is_spread=is_spread,
        seat_row=place_row.astype(np.int32),
        parked_luck=parked_luck,
        host_component=component[row].astype(np.int32),
        host_address=places.address_by_luck(place_row[row], address_luck[row, slot]),
        host_business=key[row, 0].astype(np.int32),
        host_luck=names_luck[row, slot],
    )
    by_time = np.argsort(t_s, kind="stable")
    business, role, seat, _ = key[by_time].T
    stays = Stays(
        t_s=t_s[by_time],
        business_row=business.copy(),
        role_row=role.copy(),
        seat=seat.copy(),
        component_row=component[by_time],
        seat_of=np.concatenate((seat_of, key[:, 2])),
    )
    return stays, hosts
