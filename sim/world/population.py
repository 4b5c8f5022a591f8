"""The businesses that may be hit, with their components and the addresses these sit on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import BOUGHT_SERVICE, COMPONENT_ELSEWHERE, OWN_ADDRESS
from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.world.components import Components
from sim.world.frozen import FrozenColumns
from sim.world.moves import Moves, Programs, build_moves, build_programs
from sim.world.neighbours import neighbours_of_hosts
from sim.world.placement import Hosts, Placement, build_placement
from sim.world.providers import Places, choose
from sim.world.sites import Sites, describe_sites, seat_sites
from sim.world.tenancy import Stays, build_stays

MICRO = 1_000_000


@dataclass(frozen=True, eq=False)
class Businesses(FrozenColumns):
    """Businesses as columns.

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
    name_draw : shape (n_businesses,)
        A name entry matches the business when its overmatch lies above this.
    component_row : shape (n_businesses, n_roles)
        Component that serves each role at t = 0.
    is_third_party : shape (n_businesses, n_roles)
        Whether that component is a service of somebody else, shared by many.
    role_cause : shape (n_businesses, n_roles)
        Row of ``CAUSES`` to which it is put down when that component fails.
    sites
        Sites of the inventory, which are the last rows; None where there is none.
    """

    sector: tuple[str, ...]
    role_weight: NDArray[np.float64]
    sector_row: NDArray[np.int64]
    home_place_row: NDArray[np.int64]
    revenue_usd_per_h: NDArray[np.float64]
    value_micro_usd_per_h: NDArray[np.int64]
    name_draw: NDArray[np.float64]
    component_row: NDArray[np.int64]
    is_third_party: NDArray[np.bool_]
    role_cause: NDArray[np.uint8]
    sites: Sites | None = None

    @property
    def n_sites(self) -> int:
        """Number of businesses that are sites of an inventory: the last rows."""
        return 0 if self.sites is None else self.sites.n

    @property
    def n_businesses(self) -> int:
        """Number of businesses."""
        return int(self.sector_row.size)


def build_population(
    resolved: Resolved, places: Places, streams: Streams
) -> tuple[Businesses, Components, Moves | None, Stays | None, Programs | None]:
    """Draw businesses, what they sit on, where they may go, and when and how they change address.

    Each column has a stream of its own and is drawn for everybody, so that one more business
    changes no other row.
    """
    seated = seat_sites(resolved, places)
    sites = describe_sites(resolved, places, seated)
    n = resolved.scenario.population.n_businesses + (sites.n if sites is not None else 0)
    rows = resolved.sectors.rows
    sector_row = choose(
        np.array([row.share_businesses for row in rows]),
        streams.generator(Stream.BUSINESS_SECTOR).random(n),
    )
    if resolved.inventory is not None and (labels := resolved.inventory.labels.get("sector")):
        sectors = [row.sector for row in rows]
        row_of = np.array([*(sectors.index(name) for name in labels.names), -1], np.int64)
        of_site, drawn = row_of[labels.code], sector_row[n - labels.code.size :]
        drawn[:] = np.where(of_site >= 0, of_site, drawn)
    share_domestic = np.array([row.share_domestic for row in rows])[sector_row]
    luck = streams.generator(Stream.BUSINESS_REVENUE).standard_normal(n)
    # Lognormal: median times exp(sigma * Z), Z standard normal.
    median = np.array([row.revenue_median_usd_per_h for row in rows])[sector_row]
    revenue = median * np.exp(np.array([row.revenue_sigma for row in rows])[sector_row] * luck)
    if resolved.inventory is not None:
        last = slice(n - resolved.inventory.n_sites, None)
        by_visits = _by_visits(resolved, sector_row[last], share_domestic[last], luck[last])
        given = resolved.inventory.revenue_usd_per_h
        for known in (by_visits, given):
            revenue[last] = np.where(np.isnan(known), revenue[last], known)
    placement = build_placement(resolved, places, streams, n, seated)
    moves, seats = build_moves(resolved, places, placement, streams)
    businesses = Businesses(
        sector=tuple(row.sector for row in rows),
        role_weight=np.array([row.role_weights for row in rows]),
        sector_row=sector_row,
        home_place_row=placement.home_place_row,
        revenue_usd_per_h=revenue,
        value_micro_usd_per_h=np.rint(revenue * share_domestic * MICRO).astype(np.int64),
        name_draw=streams.generator(Stream.BUSINESS_NAME).random(n),
        component_row=placement.component_row,
        is_third_party=placement.is_third_party,
        role_cause=role_causes(
            placement.is_third_party,
            placement.place_row != placement.home_place_row[:, np.newaxis],
        ),
        sites=sites,
    )
    stays, tenants = build_stays(resolved, places, placement, moves, seats, streams)
    both = [part for part in (placement, seats) if part is not None]
    parts: list[Hosts] = [*both] if tenants is None else [*both, tenants]
    n_components = sum(part.is_spread.size for part in parts)
    programs, left_for = build_programs(resolved, places, placement, n_components, streams)
    if left_for is not None:
        parts.append(left_for)
    host_row, *around = neighbours_of_hosts(resolved, places, parts, revenue, seated)
    # The components of t = 0 and, after them, those that businesses may come to.
    components = Components.by_address(
        np.concatenate([part.is_spread for part in parts]),
        np.concatenate([part.host_component for part in parts])[host_row],
        around[0],
        *_links(both, stays, programs),
        *around[1:],
    )
    return businesses, components, moves, stays, programs


def role_causes(
    is_third_party: NDArray[np.bool_], is_elsewhere: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Cause to which it is put down when the component of a role fails.

    Parameters
    ----------
    is_third_party, is_elsewhere : shape (n_businesses, n_roles)
        Whether it is a service of somebody else, and whether it is in another place than the front
        end; the place of a service does not matter.

    Returns
    -------
    shape (n_businesses, n_roles), rows of ``CAUSES``
    """
    own = np.where(is_elsewhere, np.uint8(COMPONENT_ELSEWHERE), np.uint8(OWN_ADDRESS))
    return np.where(is_third_party, np.uint8(BOUGHT_SERVICE), own)


def _by_visits(
    resolved: Resolved,
    sector_row: NDArray[np.int64],
    share_domestic: NDArray[np.float64],
    luck: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Revenue of each site: its visits from inside times what one earns; NaN where not given."""
    inventory, table = resolved.inventory, resolved.visit_values
    if inventory is None or table is None:
        return np.full(sector_row.size, np.nan)
    row_of = {row.sector: row for row in table.rows}
    rows = [row_of.get(row.sector) or row_of[""] for row in resolved.sectors.rows]
    median = np.array([row.usd_per_visit for row in rows])[sector_row]
    sigma = np.array([row.sigma for row in rows])[sector_row]
    return np.asarray(inventory.visits_per_h * median * np.exp(sigma * luck) / share_domestic)


def _links(
    seated: Sequence[Placement], stays: Stays | None, programs: Programs | None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Which component each business sits on or may come to sit on: rows of the two."""
    business = np.arange(seated[0].component_row.shape[0], dtype=np.int32)
    links = [part.component_row.reshape(business.size, -1) for part in seated]
    component = [link.ravel() for link in links]
    whose = [np.repeat(business, link.shape[1]) for link in links]
    if stays is not None:
        component.append(stays.component_row)
        whose.append(stays.business_row.astype(np.int32))
    if programs is not None:
        program, role = np.nonzero(programs.component_row >= 0)
        component.append(programs.component_row[program, role])
        whose.append(programs.business_row[program].astype(np.int32))
    # Rows are below 2**31, as there is no room for more businesses.
    return np.concatenate(component, dtype=np.int32, casting="same_kind"), np.concatenate(whose)
