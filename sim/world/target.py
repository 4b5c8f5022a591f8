"""The service to be blocked: its own ranges, and the pools of addresses at which it has fronts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.seats import Seats
from sim.scenario.reactions import Fronts
from sim.scenario.resolve import Resolved
from sim.world.frozen import FrozenColumns
from sim.world.providers import Places


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
    """Where the target rents.

    Attributes
    ----------
    rules
        Numbers of the scenario.
    provider_row, weight : shape (n_pools,)
        Provider of each pool, and how often it is chosen.
    addresses
        Addresses of each pool.
    seats
        Those of them at which a front may be; all where it is empty.
    """

    rules: Fronts
    provider_row: NDArray[np.int64]
    weight: NDArray[np.float64]
    addresses: tuple[IntervalSet, ...]
    seats: tuple[Seats, ...] = ()

    @property
    def given_out(self) -> tuple[Seats, ...]:
        """Addresses of each pool at which a front may be."""
        return self.seats or tuple(Seats.of(addresses) for addresses in self.addresses)


def build_pools(resolved: Resolved, places: Places) -> Pools | None:
    """Return the pools of a scenario; None where the target rents no fronts."""
    if resolved.scenario.fronts is None or resolved.pools is None:
        return None
    provider_row = [places.provider.index(row.provider) for row in resolved.pools.rows]
    return Pools(
        rules=resolved.scenario.fronts,
        provider_row=np.array(provider_row, np.int64),
        weight=np.array([row.weight for row in resolved.pools.rows]),
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


def _provider_seats(resolved: Resolved, places: Places, provider: str) -> Seats:
    """Addresses of a provider that are given out: of IPv4, or of IPv6 where it has no others."""
    four = Seats.of(places.provider_addresses(places.provider.index(provider)))
    mine = (row.prefix for row in resolved.cloud_prefixes.rows if row.provider == provider)
    return four if four.n else places.line.seats(mine)
