"""Where businesses may go: by responses, programs and as tenants; all drawn at t = 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.family_starts import IPV6_START
from sim.scenario.resolve import Resolved
from sim.scenario.tables.roles import FRONTEND
from sim.scenario.tables.rows import RESPONSES
from sim.scenario.tables.sharing import N_ADDRESSES
from sim.streams import Stream, Streams
from sim.world.components import N_ROLES
from sim.world.frozen import FrozenColumns
from sim.world.placement import (
    IPV6_HOSTS,
    LATER_HOSTS,
    SWITCHED_HOSTS,
    TENANT_HOSTS,
    Hosts,
    Placement,
    luck_where,
    rows_of,
)
from sim.world.providers import Places, Side, choose, hosting_side, pick, shared_rows

S_PER_MIN, S_PER_H, S_PER_D = 60, 3600, 86_400
STAYS = -1
AFTER_MOVES = 2
"""Number of the draws of names on IPv6: services and components of t = 0 have 0 and 1."""
WAIT, SAME, FOREIGN, DOMESTIC, PROXY = range(len(RESPONSES))
AFFECTED, IMPAIRED, DOWN = 1, 2, 3
"""States that a business may not tolerate."""


@dataclass(frozen=True, eq=False)
class Moves(FrozenColumns):
    """Responses as columns."""

    tolerance: NDArray[np.int8]
    """State from which on a business loses patience: ``AFFECTED``, ``IMPAIRED`` or ``DOWN``; shape
    (n_businesses,)."""
    patience_s: NDArray[np.int64]
    """Time it bears that; shape (n_businesses,)."""
    response: NDArray[np.int64]
    """Row of ``RESPONSES``; shape (n_businesses, n_rounds)."""
    time_s: NDArray[np.int64]
    """Time the response takes; shape (n_businesses, n_rounds)."""
    component_row: NDArray[np.int64]
    """Where each component sits after it; -1 where it stays; shape (n_businesses, n_rounds,
    n_roles)."""
    place_row: NDArray[np.int64]
    """Where the front end sits after it; shape (n_businesses, n_rounds)."""
    payee_row: NDArray[np.int64]
    """Provider that hosts the business after it; a proxy, which stands before it, changes none;
    shape (n_businesses, n_rounds)."""
    is_domestic: NDArray[np.bool_]
    """Whether a provider is in the country; shape (n_providers,)."""
    cost_usd: NDArray[np.float64]
    """Labour of one response, by row of ``RESPONSES``; shape (n_kinds,)."""


def build_moves(
    resolved: Resolved, places: Places, placement: Placement, streams: Streams
) -> tuple[Moves | None, Placement | None]:
    """Draw responses and the seats they lead to; nothing where nobody reacts."""
    reactions, table = resolved.scenario.reactions, resolved.responses
    if reactions is None or table is None:
        return None, None
    n, n_rounds = placement.home_place_row.size, reactions.n_rounds
    rows = {row.response: row for row in table.rows}
    share = np.array([rows[name].share if name in rows else 0.0 for name in RESPONSES])
    response = choose(share, streams.generator(Stream.RESPONSE_KIND).random((n, n_rounds)))
    median_h = np.array([rows[name].time_median_h if name in rows else 0.0 for name in RESPONSES])
    sigma = np.array([rows[name].time_sigma if name in rows else 0.0 for name in RESPONSES])
    z = streams.generator(Stream.RESPONSE_DURATION).standard_normal((n, n_rounds))
    time_s = np.rint(median_h[response] * S_PER_H * np.exp(sigma[response] * z)).astype(np.int64)
    z = streams.generator(Stream.BUSINESS_PATIENCE).standard_normal(n)
    patience = reactions.patience_median_h * S_PER_H * np.exp(reactions.patience_sigma * z)
    host_row, front_row = _destinations(resolved, places, placement, response, streams)
    seats = _seats(places, placement, front_row, streams)
    is_proxy = (response == PROXY)[..., np.newaxis]
    is_own = ~placement.is_third_party[:, np.newaxis, :]
    is_moved = np.where(is_proxy, np.arange(N_ROLES) == FRONTEND, is_own)
    is_moved &= (response != WAIT)[..., np.newaxis]
    moves = Moves(
        tolerance=tolerances(
            streams.generator(Stream.BUSINESS_TOLERANCE).random(n),
            reactions.early_share,
            reactions.late_share,
        ),
        patience_s=np.maximum(1, np.rint(patience)).astype(np.int64),
        response=response,
        time_s=time_s,
        component_row=np.where(is_moved, seats.component_row, -1),
        place_row=front_row,
        payee_row=places.provider_row[host_row],
        is_domestic=np.isin(
            np.arange(len(places.provider)),
            places.provider_row[hosting_side(resolved, places, "domestic")[0]],
        ),
        cost_usd=np.array([rows[name].cost_usd if name in rows else 0.0 for name in RESPONSES]),
    )
    return moves, seats


def tolerances(u: NDArray[np.float64], early_share: float, late_share: float) -> NDArray[np.int8]:
    """State from which on each business loses patience.

    Parameters
    ----------
    u : shape (n,)
        Uniform numbers in [0, 1).
    early_share
        Share that bears not even being affected.
    late_share
        Share of the others that bears all but being down.
    """
    state = np.full(u.size, IMPAIRED, np.int8)
    # From opposite ends of [0, 1), so that a larger early share takes nobody from the late ones.
    state[1.0 - u <= (1.0 - early_share) * late_share] = DOWN
    state[u < early_share] = AFFECTED
    return state


def _destinations(
    resolved: Resolved,
    places: Places,
    placement: Placement,
    response: NDArray[np.int64],
    streams: Streams,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place of the business, and of its front end, after each round: from where the last led."""
    where = streams.generator(Stream.RESPONSE_PLACE).random(response.shape)
    foreign = hosting_side(resolved, places, "foreign")
    domestic = pick(hosting_side(resolved, places, "domestic"), where)
    host_row = np.empty_like(response)
    current = placement.home_place_row
    for turn, kind in enumerate(response.T):
        elsewhere = _elsewhere(places, foreign, current, where[:, turn])
        current = np.where(
            kind == FOREIGN, elsewhere, np.where(kind == DOMESTIC, domestic[:, turn], current)
        )
        host_row[:, turn] = current
    return host_row, np.where(response == PROXY, domestic, host_row)


def _seats(
    places: Places, placement: Placement, place_row: NDArray[np.int64], streams: Streams
) -> Placement:
    """An address of each family that place and component have, by business, round and role."""
    n, n_rounds = place_row.shape
    luck = streams.generator(Stream.RESPONSE_ADDRESS).random((n, n_rounds, N_ROLES))
    first_row = placement.is_spread.size
    component_row = first_row + np.arange(luck.size).reshape(luck.shape)
    seated = np.repeat(place_row.astype(np.int32)[..., np.newaxis], N_ROLES, axis=2)
    is_four, is_six = _families(places, placement, seated)
    four, six = np.flatnonzero(is_four), np.flatnonzero(is_six)
    luck6 = streams.generator(Stream.RESPONSE_IPV6_ADDRESS)
    names = streams.generator(Stream.ADDRESS_NAMES, (LATER_HOSTS,)).random(luck.size)
    names6 = streams.generator(Stream.ADDRESS_NAMES, (IPV6_HOSTS, AFTER_MOVES))
    return Placement(
        home_place_row=placement.home_place_row,
        place_row=place_row,
        component_row=component_row,
        is_third_party=placement.is_third_party,
        is_given=placement.is_given,
        is_spread=np.zeros(luck.size, np.bool_),
        seat_row=seated.ravel(),
        parked_luck=streams.generator(Stream.COMPONENT_PARKED, (LATER_HOSTS,)).random(luck.size),
        host_component=rows_of(first_row + four, first_row + six),
        host_address=np.concatenate(
            (
                places.address_by_luck(seated.ravel()[four], luck.ravel()[four]),
                places.address6_by_luck(seated.ravel()[six], luck_where(is_six, luck6)),
            )
        ),
        host_business=rows_of(four // (n_rounds * N_ROLES), six // (n_rounds * N_ROLES)),
        host_luck=np.concatenate((names[four], luck_where(is_six, names6))),
    )


def _families(
    places: Places, placement: Placement, place_row: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a component has an address of what its place gives out, and one of IPv6 beside."""
    none = np.zeros(place_row.shape, np.bool_)
    if not places.seats6:
        return ~none, none
    n_components = placement.is_spread.size
    of_six = placement.host_address >= IPV6_START
    n6 = np.bincount(placement.host_component[of_six], minlength=n_components)
    n4 = np.bincount(placement.host_component[~of_six], minlength=n_components)
    has_both = np.array([seats.n > 0 for seats in places.seats6])
    had_six = (n6[placement.component_row] > 0) & ~placement.is_third_party
    is_six = had_six[:, np.newaxis, :] & has_both[place_row]
    return ~is_six | (n4[placement.component_row] > 0)[:, np.newaxis, :], is_six


def _elsewhere(
    places: Places, foreign: Side, current: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    """A place of another foreign provider, by weight; the current one where there is no other."""
    place, weight = foreign
    found = current.copy()
    for provider in np.unique(places.provider_row[current]):
        mine = places.provider_row[current] == provider
        others = np.where(places.provider_row[place] == provider, 0.0, weight)
        if others.any():
            found[mine] = place[choose(others, u[mine])]
    return found


@dataclass(frozen=True, eq=False)
class Programs(FrozenColumns):
    """Programs as columns, one row each."""

    every_s: int
    """Time between two looks of a program."""
    business_row: NDArray[np.int64]
    """Business that runs it; shape (n_programs,), ascending."""
    first_look_s: NDArray[np.int64]
    """When it looks first, in [0, every_s); shape (n_programs,)."""
    component_row: NDArray[np.int64]
    """Where each component sits while the program has left the shared range; -1 where it stays;
    shape (n_programs, n_roles)."""


def build_programs(
    resolved: Resolved, places: Places, placement: Placement, n_components: int, streams: Streams
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
    return sorted({places.row_of[row.provider, row.region] for row in shared_rows(resolved)})


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


WIDEST = max(N_ADDRESSES)


@dataclass(frozen=True, eq=False)
class Stays(FrozenColumns):
    """Arrivals at other addresses of the same place.

    A business has one *seat* per role at a time: that of t = 0, or that of the last response that
    moved the role. Each seat has arrivals of its own; while it is not held, they do not happen.
    """

    t_s: NDArray[np.int64]
    """When; shape (n_arrivals,), ascending."""
    business_row: NDArray[np.int64]
    role_row: NDArray[np.int64]
    seat: NDArray[np.int64]
    """Component that comes to other addresses, and the seat it must hold: 0 for that of t = 0, r +
    1 for that of response r; shape (n_arrivals,)."""
    component_row: NDArray[np.int64]
    """The component with the new addresses; shape (n_arrivals,)."""
    seat_of: NDArray[np.int64]
    """Seat that each component belongs to; shape (n_components,)."""


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
        for number, seats in enumerate(_tenant_seats(placement, moves))
        for part in _arrivals(number, seats, mean_s, horizon_s, streams)
    ]
    n_before = placement.is_spread.size + (later.is_spread.size if later else 0)
    seat_of = np.zeros(n_before, np.int64)
    if moves is not None and later is not None:
        rounds = np.arange(1, moves.response.shape[1] + 1)[:, np.newaxis]
        seat_of[later.component_row] = rounds
    return _assemble(places, seat_of, drawn)


def _tenant_seats(placement: Placement, moves: Moves | None) -> Iterator[_Seats]:
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
