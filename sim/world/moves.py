"""What an impaired business will do, and where it will go: all drawn at t = 0.

In: response table, places, streams. Out: patience, responses and new components per business and
round. It does not know whether a business will ever be impaired.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.scenario.tables_reactions import RESPONSES
from sim.streams import Stream, Streams
from sim.world.components import FRONTEND, N_ROLES
from sim.world.placement import LATER_HOSTS, Placement, Side, choose, hosting_side, pick
from sim.world.providers import Places

S_PER_H = 3600
WAIT, SAME, FOREIGN, DOMESTIC, PROXY = range(len(RESPONSES))


@dataclass(frozen=True, eq=False)
class Moves:
    """Responses as columns.

    Attributes
    ----------
    patience_s : shape (n_businesses,)
        Time a business bears being impaired.
    response : shape (n_businesses, n_rounds)
        Row of ``RESPONSES``.
    time_s : shape (n_businesses, n_rounds)
        Time the response takes.
    component_row : shape (n_businesses, n_rounds, n_roles)
        Where each component sits after it; -1 where it stays.
    place_row : shape (n_businesses, n_rounds)
        Where the front end sits after it.
    """

    patience_s: NDArray[np.int64]
    response: NDArray[np.int64]
    time_s: NDArray[np.int64]
    component_row: NDArray[np.int64]
    place_row: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False


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
    seats = _seats(resolved, places, placement, response, streams)
    is_proxy = (response == PROXY)[..., np.newaxis]
    is_own = ~placement.is_third_party[:, np.newaxis, :]
    is_moved = np.where(is_proxy, np.arange(N_ROLES) == FRONTEND, is_own)
    is_moved &= (response != WAIT)[..., np.newaxis]
    moves = Moves(
        patience_s=np.maximum(1, np.rint(patience)).astype(np.int64),
        response=response,
        time_s=time_s,
        component_row=np.where(is_moved, seats.component_row, -1),
        place_row=seats.place_row,
    )
    return moves, seats


def _seats(
    resolved: Resolved,
    places: Places,
    placement: Placement,
    response: NDArray[np.int64],
    streams: Streams,
) -> Placement:
    """One address for each business, round and role, where the response leads."""
    n, n_rounds = response.shape
    where = streams.generator(Stream.RESPONSE_PLACE).random((n, n_rounds))
    luck = streams.generator(Stream.RESPONSE_ADDRESS).random((n, n_rounds, N_ROLES))
    home = np.repeat(placement.home_place_row[:, np.newaxis], n_rounds, axis=1)
    foreign = hosting_side(resolved, places, "foreign")
    domestic = pick(hosting_side(resolved, places, "domestic"), where)
    place_row = np.where(
        response == FOREIGN,
        _elsewhere(places, foreign, home, where),
        np.where((response == DOMESTIC) | (response == PROXY), domestic, home),
    )
    first_row = placement.is_spread.size
    component_row = first_row + np.arange(luck.size).reshape(luck.shape)
    seated = np.repeat(place_row[..., np.newaxis], N_ROLES, axis=2)
    return Placement(
        home_place_row=placement.home_place_row,
        place_row=place_row,
        component_row=component_row,
        is_third_party=placement.is_third_party,
        is_spread=np.zeros(luck.size, np.bool_),
        host_component=component_row.ravel(),
        host_address=places.address_by_luck(seated.ravel(), luck.ravel()),
        host_business=np.repeat(np.arange(n), luck[0].size),
        host_luck=streams.generator(Stream.ADDRESS_NAMES, (LATER_HOSTS,)).random(luck.size),
    )


def _elsewhere(
    places: Places, foreign: Side, home: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    """A place of another foreign provider, by weight; home where there is no other."""
    place, weight = foreign
    found = home.copy()
    for provider in np.unique(places.provider_row[home]):
        mine = places.provider_row[home] == provider
        others = np.where(places.provider_row[place] == provider, 0.0, weight)
        if others.any():
            found[mine] = place[choose(others, u[mine])]
    return found
