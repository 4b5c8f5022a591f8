"""The businesses that may be hit, with their components and the addresses these sit on.

In: sector and hosting tables, places, streams. Out: frozen columns, one row per business, and the
addresses sorted once so that a prefix is a slice. It does not know which addresses are blocked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.scenario.tables import ROLES
from sim.streams import Stream, Streams
from sim.world.providers import Places

MICRO = 1_000_000
N_ROLES = len(ROLES)


@dataclass(frozen=True, eq=False)
class Businesses:
    """Businesses and components as columns.

    Attributes
    ----------
    sector
        Names of sectors, by sector row.
    role_weight : shape (n_sectors, n_roles)
        Share of attempts that fail when the role's component fails.
    sector_row, home_place_row : shape (n_businesses,)
        Sector, and the place of the front end.
    revenue_usd_per_h : shape (n_businesses,)
        Mean revenue over the week.
    value_micro_usd_per_h : shape (n_businesses,), int64
        Revenue from inside the country in whole micro-dollars an hour: the weight of a business
        in shares of demand.
    place_row, address : shape (n_businesses, n_roles)
        Where each component sits.
    """

    sector: tuple[str, ...]
    role_weight: NDArray[np.float64]
    sector_row: NDArray[np.int64]
    home_place_row: NDArray[np.int64]
    revenue_usd_per_h: NDArray[np.float64]
    value_micro_usd_per_h: NDArray[np.int64]
    place_row: NDArray[np.int64]
    address: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (
            self.role_weight,
            self.sector_row,
            self.home_place_row,
            self.revenue_usd_per_h,
            self.value_micro_usd_per_h,
            self.place_row,
            self.address,
        ):
            column.flags.writeable = False

    @property
    def n_businesses(self) -> int:
        """Number of businesses."""
        return int(self.sector_row.size)


@dataclass(frozen=True, eq=False)
class HostIndex:
    """Components sorted by address: a prefix is a slice ``[low, high)`` of these columns.

    Attributes
    ----------
    address : shape (n_hosts,), ascending
    business_row, role_row : shape (n_hosts,)
        Which business and role each address serves.
    """

    address: NDArray[np.int64]
    business_row: NDArray[np.int64]
    role_row: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (self.address, self.business_row, self.role_row):
            column.flags.writeable = False

    @classmethod
    def of(cls, address: NDArray[np.int64]) -> HostIndex:
        """Sort components given as shape (n_businesses, n_roles)."""
        flat = address.ravel()
        order = np.argsort(flat, kind="stable")
        n_roles = address.shape[1]
        return cls(flat[order], order // n_roles, order % n_roles)

    def slice_of(self, start: int, stop: int) -> slice:
        """Rows of the addresses in ``[start, stop)``."""
        low, high = np.searchsorted(self.address, [start, stop])
        return slice(int(low), int(high))


def build_businesses(resolved: Resolved, places: Places, streams: Streams) -> Businesses:
    """Draw the population of one replicate.

    Each column has a stream of its own and is drawn for everybody, so that one more business
    changes no other row.
    """
    population = resolved.scenario.population
    n = population.n_businesses
    rows = resolved.sectors.rows
    sector_row = _choose(
        np.array([row.share_businesses for row in rows]),
        streams.generator(Stream.BUSINESS_SECTOR).random(n),
    )
    revenue = _revenue(resolved, sector_row, streams.generator(Stream.BUSINESS_REVENUE))
    share_domestic = np.array([row.share_domestic for row in rows])[sector_row]
    sides = {side: _hosting(resolved, places, side) for side in ("foreign", "domestic")}
    home = _pick(sides["foreign"], streams.generator(Stream.BUSINESS_HOME).random(n))
    place_row = _place_components(resolved, sides, home, streams)
    offset = streams.generator(Stream.COMPONENT_ADDRESS).random((n, N_ROLES))
    offset_addresses = np.floor(offset * places.n_addresses[place_row]).astype(np.int64)
    return Businesses(
        sector=tuple(row.sector for row in rows),
        role_weight=np.array([row.role_weights for row in rows]),
        sector_row=sector_row,
        home_place_row=home,
        revenue_usd_per_h=revenue,
        value_micro_usd_per_h=np.rint(revenue * share_domestic * MICRO).astype(np.int64),
        place_row=place_row,
        address=places.address_at(place_row, offset_addresses),
    )


def _revenue(
    resolved: Resolved, sector_row: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Lognormal revenue: median times exp(sigma * Z), Z standard normal."""
    rows = resolved.sectors.rows
    median = np.array([row.revenue_median_usd_per_h for row in rows])[sector_row]
    sigma = np.array([row.revenue_sigma for row in rows])[sector_row]
    return np.asarray(median * np.exp(sigma * rng.standard_normal(sector_row.size)))


def _hosting(
    resolved: Resolved, places: Places, side: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Place rows of one side and their weights."""
    rows = [row for row in resolved.hosting.rows if row.side == side]
    place = np.array([places.row(row.provider, row.region) for row in rows], np.int64)
    return place, np.array([row.weight for row in rows], np.float64)


def _place_components(
    resolved: Resolved,
    sides: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]],
    home: NDArray[np.int64],
    streams: Streams,
) -> NDArray[np.int64]:
    """Place of each component: at home, at a domestic provider, or in another foreign region."""
    population = resolved.scenario.population
    shape = (home.size, N_ROLES)
    kind = streams.generator(Stream.COMPONENT_PLACEMENT).random(shape)
    where = streams.generator(Stream.COMPONENT_PLACE).random(shape)
    at_home = population.share_components_at_home
    in_country = at_home + population.share_components_domestic
    place_row = np.where(
        kind < at_home,
        home[:, np.newaxis],
        np.where(
            kind < in_country, _pick(sides["domestic"], where), _pick(sides["foreign"], where)
        ),
    )
    place_row[:, ROLES.index("frontend")] = home
    return place_row


def _pick(
    side: tuple[NDArray[np.int64], NDArray[np.float64]], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    place, weight = side
    return np.asarray(place[_choose(weight, u)], dtype=np.int64)


def _choose(weight: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row drawn with probability proportional to weight, by inversion of uniform ``u``."""
    edge = np.cumsum(weight)
    row = np.searchsorted(edge, u * edge[-1], side="right")
    # Rounding of u * total may reach the last edge; the last row with weight is meant.
    return np.asarray(np.minimum(row, np.flatnonzero(weight)[-1]), dtype=np.int64)
