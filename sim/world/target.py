"""The service to be blocked: its own ranges, and the pools of addresses at which it has fronts.

In: its prefixes, pool table, places, and who sits there. Out: its addresses as a set, and frozen
pools. It does not know who blocks it, or which fronts are rented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.seats import Seats
from sim.scenario.reactions import Fronts
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import DOMAIN_FRONTING
from sim.world.frozen import FrozenColumns
from sim.world.neighbours import names_of_places
from sim.world.population import Population
from sim.world.providers import Places


class NamedPlace(NamedTuple):
    """Expected names on the addresses of a place.

    Attributes
    ----------
    seats
        Addresses that it gives out.
    share_named
        Share of them that carry a name.
    mean_names
        Names expected on one that does.
    """

    seats: Seats
    share_named: float
    mean_names: float


@dataclass(frozen=True, eq=False)
class Crowding(FrozenColumns):
    """Names on the addresses of a pool.

    Attributes
    ----------
    share_by_names
        Share of the pool's fronts that are where names are.
    address : shape (n,), ascending
        Addresses that it gives out and that components sit on at t = 0.
    n_names : shape (n,)
        Names on each of them.
    rest_names
        Names expected on each other address.
    """

    share_by_names: float
    address: NDArray[np.int64]
    n_names: NDArray[np.int64]
    rest_names: float

    @classmethod
    def none(cls) -> Crowding:
        """Return the crowding of a pool in which no front is rented by names."""
        return cls(0.0, np.empty(0, np.int64), np.empty(0, np.int64), 0.0)

    @classmethod
    def of(
        cls,
        share_by_names: float,
        seats: Seats,
        places: Sequence[NamedPlace],
        address: NDArray[np.int64],
        n_names: NDArray[np.int64],
    ) -> Crowding:
        """Names on the addresses that a pool gives out.

        Parameters
        ----------
        seats
            Addresses that the pool gives out.
        places
            The places whose addresses these are.
        address, n_names : shape (n,), ascending
            Addresses in use at t = 0, wherever they are, and names on each.
        """
        if share_by_names == 0:
            return cls.none()
        is_mine = seats.holds(address)
        mine = address[is_mine]
        # What is in use is known to carry a name: of those that do it leaves so many fewer.
        expected = sum(
            max(0.0, place.seats.n * place.share_named - int(place.seats.holds(mine).sum()))
            * place.mean_names
            for place in places
        )
        n_rest = seats.n - mine.size
        return cls(share_by_names, mine, n_names[is_mine], expected / n_rest if n_rest else 0.0)


@dataclass(frozen=True)
class Target:
    """The service to be blocked.

    Attributes
    ----------
    name
        As shown to readers.
    addresses
        The target's own ranges, never counted as collateral.
    """

    name: str
    addresses: IntervalSet


def build_target(resolved: Resolved) -> Target:
    """Return the target of a scenario; without ranges of its own its set is empty."""
    if resolved.target_prefixes is None:
        return Target(resolved.scenario.target.name, IntervalSet.empty())
    prefixes = [row.prefix for row in resolved.target_prefixes.rows]
    return Target(resolved.scenario.target.name, resolved.line.union(prefixes))


@dataclass(frozen=True, eq=False)
class Pools(FrozenColumns):
    """Where the target rents, and how.

    Attributes
    ----------
    rules
        Numbers of the scenario.
    provider_row, weight : shape (n_pools,)
        Provider of each pool, and how often it is chosen.
    is_fronting : shape (n_pools,)
        Whether its fronts are there by domain fronting, and not on rented machines.
    addresses
        Addresses of each pool.
    seats
        Those of them at which a front may be; all where it is empty.
    crowding
        Names on them; empty where no front is where names are.
    """

    rules: Fronts
    provider_row: NDArray[np.int64]
    weight: NDArray[np.float64]
    is_fronting: NDArray[np.bool_]
    addresses: tuple[IntervalSet, ...]
    seats: tuple[Seats, ...] = ()
    crowding: tuple[Crowding, ...] = ()

    @property
    def given_out(self) -> tuple[Seats, ...]:
        """Addresses of each pool at which a front may be."""
        return self.seats or tuple(Seats.of(addresses) for addresses in self.addresses)


def build_pools(resolved: Resolved, places: Places, population: Population) -> Pools | None:
    """Return the pools of a scenario; None where the target rents no fronts."""
    if resolved.scenario.fronts is None or resolved.pools is None:
        return None
    provider_row = [places.provider.index(row.provider) for row in resolved.pools.rows]
    pools = Pools(
        rules=resolved.scenario.fronts,
        provider_row=np.array(provider_row, np.int64),
        weight=np.array([row.weight for row in resolved.pools.rows]),
        is_fronting=np.array([row.by == DOMAIN_FRONTING for row in resolved.pools.rows]),
        addresses=tuple(
            places.addresses[places.row(row.provider, row.region)]
            if row.region
            else places.provider_addresses(provider)
            for row, provider in zip(resolved.pools.rows, provider_row, strict=True)
        ),
        seats=tuple(
            places.seats[places.row(row.provider, row.region)]
            if row.region
            else _provider_seats(resolved, places, row.provider)
            for row in resolved.pools.rows
        )
        if places.seats
        else (),
    )
    if not any(row.share_by_names for row in resolved.pools.rows):
        return pools
    return replace(pools, crowding=_crowding(resolved, places, population, pools))


def _crowding(
    resolved: Resolved, places: Places, population: Population, pools: Pools
) -> tuple[Crowding, ...]:
    """Names on the addresses of each pool."""
    assert resolved.pools is not None
    address, n_names, _ = population.components.in_use(population.businesses.component_row)
    share_named, mean_names = names_of_places(resolved, places)
    seats = places.seats or tuple(map(Seats.of, places.addresses))
    found = []
    for row, provider, given_out in zip(
        resolved.pools.rows, pools.provider_row.tolist(), pools.given_out, strict=True
    ):
        of_provider = np.flatnonzero(places.provider_row == provider).tolist()
        mine = [places.row(row.provider, row.region)] if row.region else of_provider
        # A pool gives out IPv6 only where its provider has nothing else; its places are alike.
        is_six = bool(given_out.n) and int(given_out.start[0]) >= IPV4_STOP
        named = [
            NamedPlace(
                seats[place] if is_six else Seats.of(places.addresses[place]),
                float(share_named[place]),
                float(mean_names[place]),
            )
            for place in mine
        ]
        found.append(Crowding.of(row.share_by_names, given_out, named, address, n_names))
    return tuple(found)


def _provider_seats(resolved: Resolved, places: Places, provider: str) -> Seats:
    """Addresses of a provider that are given out: of IPv4, or of IPv6 where it has no others."""
    four = Seats.of(places.provider_addresses(places.provider.index(provider)))
    mine = (row.prefix for row in resolved.cloud_prefixes.rows if row.provider == provider)
    return four if four.n else places.line.seats(mine)
