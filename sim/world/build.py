"""Everything that exists at t = 0, for one replicate: businesses, their demand, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.catalogue.causes import BOUGHT_SERVICE, COMPONENT_ELSEWHERE, OWN_ADDRESS
from sim.errors import DataError, Problem
from sim.names import sharing
from sim.names.law import NamesLaw, fit_names_law
from sim.scenario.reactions import Censor, Complaints, Reactions, Users
from sim.scenario.resolve import Resolved
from sim.scenario.schema import Effects, Ipv6, Thresholds
from sim.scenario.tables.money import Amounts
from sim.scenario.tables.roles import FRONTEND
from sim.scenario.tables.seeds import Table, table_rows
from sim.scenario.tables.sharing import ConcentrationRow, KindRow
from sim.streams import Stream, Streams
from sim.world import providers
from sim.world.components import Components, stable_order
from sim.world.frozen import FrozenColumns
from sim.world.moves import Moves, Programs, Stays, build_moves, build_programs, build_stays
from sim.world.operators import Operators, build_operators
from sim.world.placement import (
    NOBODY,
    Hosts,
    Placement,
    Seated,
    Sites,
    build_placement,
    describe_sites,
    seat_sites,
)

S_PER_H = 3600
H_PER_WEEK = 168


@dataclass(frozen=True, eq=False)
class Demand(FrozenColumns):
    """Weekly demand of each sector."""

    weight: NDArray[np.int64]
    """Relative demand in each hour of the week, from Monday 00:00 in the scenario's offset; shape
    (n_sectors, 168), int64."""
    start_s: int
    """Second of the week at t = 0."""

    def cumulative(self, t_s: int) -> NDArray[np.int64]:
        """Demand of each sector from t = 0 to ``t_s``, in weight-seconds.

        Whole numbers, so that the demand between two times is exact however the time between
        them was cut.
        """
        return self._since_monday(self.start_s + t_s) - self.before_start

    def hours(
        self, weight_s: NDArray[np.float64], sector_row: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Weight-seconds of each business as hours of its sector's mean demand.

        Parameters
        ----------
        weight_s, sector_row : shape (n,)
        """
        # Whole numbers above and below: one rounding in all.
        return np.asarray(weight_s * H_PER_WEEK / (self.weight.sum(axis=1) * S_PER_H)[sector_row])

    def _since_monday(self, t_s: int) -> NDArray[np.int64]:
        n_weeks, within_s = divmod(t_s, H_PER_WEEK * S_PER_H)
        hour, rest_s = divmod(within_s, S_PER_H)
        whole = n_weeks * self.until_hour[:, -1] + self.until_hour[:, hour]
        return np.asarray(whole * S_PER_H + self.weight[:, hour] * rest_s, dtype=np.int64)

    @cached_property
    def before_start(self) -> NDArray[np.int64]:
        """Demand from Monday 00:00 to t = 0; shape (n_sectors,)."""
        return self._since_monday(self.start_s)

    @cached_property
    def until_hour(self) -> NDArray[np.int64]:
        """Demand from Monday 00:00 to each hour of the week; shape (n_sectors, 169)."""
        return np.pad(np.cumsum(self.weight, axis=1), ((0, 0), (1, 0)))


def build_demand(resolved: Resolved) -> Demand:
    """Demand of the sectors of a scenario: hours of the day times weekdays of their profiles."""
    weight_of = {(row.profile, row.period, row.index): row.weight for row in resolved.profiles.rows}
    weight = [
        [
            weight_of[row.demand_profile, "hour", hour]
            * weight_of[row.demand_profile, "weekday", day]
            for day in range(7)
            for hour in range(24)
        ]
        for row in resolved.sectors.rows
    ]
    return Demand(np.array(weight, np.int64), second_of_week(resolved.scenario.start))


def second_of_week(instant: datetime) -> int:
    """Seconds since Monday 00:00 in the instant's own offset."""
    of_day = instant.hour * S_PER_H + instant.minute * 60 + instant.second
    return instant.weekday() * 24 * S_PER_H + of_day


MICRO = 1_000_000


@dataclass(frozen=True, eq=False)
class Businesses(FrozenColumns):
    """Businesses as columns."""

    sector: tuple[str, ...]
    """Names of sectors, by sector row."""
    role_weight: NDArray[np.float64]
    """Share of attempts that fail when the role's component fails; shape (n_sectors, n_roles)."""
    sector_row: NDArray[np.int64]
    home_place_row: NDArray[np.int64]
    """Sector, and the place of the front end; shape (n_businesses,)."""
    revenue_usd_per_h: NDArray[np.float64]
    """Mean revenue over the week; shape (n_businesses,)."""
    value_micro_usd_per_h: NDArray[np.int64]
    """Revenue from inside the country in whole micro-dollars an hour: the weight of a business in
    shares of demand; shape (n_businesses,), int64."""
    name_draw: NDArray[np.float64]
    """A name entry matches the business when its overmatch lies above this; shape
    (n_businesses,)."""
    component_row: NDArray[np.int64]
    """Component that serves each role at t = 0; shape (n_businesses, n_roles)."""
    is_third_party: NDArray[np.bool_]
    """Whether that component is a service of somebody else, shared by many; shape (n_businesses,
    n_roles)."""
    role_cause: NDArray[np.uint8]
    """Row of ``CAUSES`` to which it is put down when that component fails; shape (n_businesses,
    n_roles)."""
    sites: Sites | None = None
    """Sites of the inventory, which are the last rows; None where there is none."""

    @property
    def n_sites(self) -> int:
        """Number of businesses that are sites of an inventory: the last rows."""
        return 0 if self.sites is None else self.sites.n

    @property
    def n_businesses(self) -> int:
        """Number of businesses."""
        return int(self.sector_row.size)


def build_population(
    resolved: Resolved, places: providers.Places, streams: Streams
) -> tuple[Businesses, Components, Moves | None, Stays | None, Programs | None]:
    """Draw businesses, what they sit on, where they may go, and when and how they change address.

    Each column has a stream of its own and is drawn for everybody, so that one more business
    changes no other row.
    """
    seated = seat_sites(resolved, places)
    sites = describe_sites(resolved, places, seated)
    n = resolved.scenario.population.n_businesses + (sites.n if sites is not None else 0)
    rows = resolved.sectors.rows
    sector_row = providers.choose(
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
        for known in (by_visits, resolved.inventory.revenue_usd_per_h):
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
            placement.is_third_party, placement.place_row != placement.home_place_row[:, np.newaxis]
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
    # Revenue in a currency without a rate compares with none, and none says nothing of the address:
    # such sites rank in the middle.
    is_unconverted = resolved.amounts != Amounts() and np.isfinite(resolved.amounts.factor)
    ranked = np.where(is_unconverted | (revenue == 0), median, revenue)
    host_row, *around = neighbours_of_hosts(resolved, places, parts, ranked, seated)
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


def neighbours_of_hosts(
    resolved: Resolved,
    places: providers.Places,
    parts: Sequence[Hosts],
    revenue_usd_per_h: NDArray[np.float64],
    sites: Seated | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Names and active sites that share the address of each host, over all parts.

    Every host's address is drawn evenly from the addresses of the census that carry a name; an
    address of a shared range, from those that carry at least ``shared_min_names``. Where the
    scenario has parameters of kinds of use, it is drawn from those of its kind. A business that
    earns more sits on an address that fewer names share; of a service that is not the business's
    own nothing is known, and its draw is kept.

    The same draw picks the address's kind of use among those of its place, the crowded kinds at the
    crowded end, and the kind says how many of the other names are parked.

    Parameters
    ----------
    parts
        In the sequence of their components, as are the hosts of the first, those of t = 0.
    revenue_usd_per_h : shape (n_businesses,)
    sites
        Names on the addresses of an inventory; the largest number of several rows.

    Returns
    -------
    host_row : shape (n_hosts,)
        Hosts by ascending address, counted over all parts; those on one address ascend.
    address, n_names, n_active_sites : shape (n_hosts,)
        Their addresses, names that share each, parked ones among them, and those not parked.

    Raises
    ------
    DataError
        If no law can meet the calibration rows of the census, or parameters of kinds.
    """
    rows = resolved.sectors.rows
    rank = sharing.revenue_rank(
        revenue_usd_per_h,
        np.array([row.share_businesses for row in rows]),
        np.array([row.revenue_median_usd_per_h for row in rows]),
        np.array([row.revenue_sigma for row in rows]),
    )
    address = np.concatenate([part.host_address for part in parts])
    host_row = stable_order(address)
    address = address[host_row]
    # Of the hosts on one address the first is drawn for all.
    is_first = np.append(True, address[1:] != address[:-1])[: address.size]
    address_row = np.cumsum(is_first, dtype=np.int32) - np.int32(1)
    # Services come first, then what businesses sit on at t = 0, by business, then where they may
    # go: so neither one more business nor what it may do later changes the number of another.
    first = host_row[is_first]
    component, business, luck = (
        np.concatenate([getattr(part, column) for part in parts])[first]
        for column in ("host_component", "host_business", "host_luck")
    )
    seat_row, parked_luck = (
        np.concatenate([getattr(part, column) for part in parts])[component]
        for column in ("seat_row", "parked_luck")
    )
    is_own = business != NOBODY
    luck[is_own] = sharing.loneliness(
        luck[is_own], rank[business[is_own]], resolved.scenario.names.loneliness
    )
    shared_places = {(row.provider, row.region) for row in providers.shared_rows(resolved)}
    shares = sharing.kinds_of_places(resolved.sharing.rows, list(places.row_of), shared_places)
    kind_row = sharing.kind_at(shares, seat_row, luck)
    table: Table[Any] = resolved.census
    try:
        law = census_law(resolved.census.rows)
        if resolved.kinds is not None:
            table = resolved.kinds
            kinds = _kinds(resolved.census.rows, resolved.kinds.rows)
    except ValueError as error:
        raise DataError([Problem(str(table.path), str(error))]) from None
    if resolved.kinds is not None:
        n_names = sharing.names_at(kinds, shares, seat_row, luck)
    else:
        # A shared range is drawn from the most crowded addresses of the census alone.
        shared = resolved.line.union(row.prefix for row in providers.shared_rows(resolved))
        crowded = law.share_with_at_least(resolved.scenario.names.shared_min_names)
        luck[shared.contains(address[is_first])] *= crowded
        n_names = law.n_names_of(luck)
    if sites is not None:
        # The names that an inventory counts on its addresses take the place of those drawn.
        row = np.searchsorted(address[is_first], sites.host_address)
        given = np.zeros(n_names.size, np.int64)
        is_known = ~np.isnan(sites.n_names)
        np.maximum.at(given, row[is_known], sites.n_names[is_known].astype(np.int64))
        np.copyto(n_names, given, where=given > 0)
        # Each site whose front end is there is one of them.
        is_front = sites.host_role == FRONTEND
        own = np.unique((row[is_front], sites.host_business[is_front]), axis=1)
        np.maximum(n_names, np.bincount(own[0], minlength=n_names.size), out=n_names)
    # Components of t = 0 on each address, each counted once.
    is_now = host_row < parts[0].host_component.size
    pair = address_row[is_now], parts[0].host_component[host_row[is_now]]
    is_new = np.append(True, (np.diff(pair) != 0).any(axis=0))[: is_now.sum()]
    n_active = sharing.n_active_sites(
        n_names,
        np.bincount(pair[0][is_new], minlength=first.size),
        sharing.shares_parked(resolved.parked.rows)[kind_row],
        parked_luck,
    )
    return host_row, address, n_names[address_row], n_active[address_row]


census_law = lru_cache(maxsize=8)(fit_names_law)
"""Fit the law once for all replicates."""


@lru_cache(maxsize=8)
def _kinds(census: tuple[ConcentrationRow, ...], rows: tuple[KindRow, ...]) -> tuple[NamesLaw, ...]:
    """Cut the law into those of the kinds once for all replicates."""
    return sharing.build_kinds(census_law(census), {row.key: row.value for row in rows})


@dataclass(frozen=True, eq=False)
class World:
    """The world of one replicate.

    Attributes
    ----------
    horizon_s
        Length of the run; what happens at this time or later does not happen.
    cadence
        ``(from_s, every_s)`` of the register's publication, by time; may begin before t = 0.
    thresholds
        Shares of demand above which a business is affected, impaired, down.
    effects
        What a mechanism does to those it hits.
    target_addresses
        Ranges of the service to be blocked, never counted as collateral.
    pools, moves, stays, programs, users, censor, reactions, complaints
        Mechanisms by which actors react; None where they do not act.
    ipv6
        Who has IPv6 as well as IPv4; None where families are not distinguished.
    exempt
        Addresses the censor cuts out of every order.
    pressure_events
        ``(t_s, adds)`` of public events.
    stances
        Dated stances of providers, by time.
    outside_withdrawals
        ``(t_s, share)`` of withdrawals that others decide than the censor, by time: when, and how
        much of what is listed.
    """

    horizon_s: int
    cadence: tuple[tuple[int, int], ...]
    thresholds: Thresholds
    effects: Effects
    target_addresses: IntervalSet
    places: providers.Places
    operators: Operators
    demand: Demand
    businesses: Businesses
    components: Components
    pools: providers.Pools | None = None
    moves: Moves | None = None
    stays: Stays | None = None
    programs: Programs | None = None
    users: Users | None = None
    censor: Censor | None = None
    reactions: Reactions | None = None
    complaints: Complaints | None = None
    ipv6: Ipv6 | None = None
    exempt: IntervalSet = field(default_factory=IntervalSet.empty)
    pressure_events: tuple[tuple[int, float], ...] = ()
    stances: tuple[providers.StanceEvent, ...] = ()
    outside_withdrawals: tuple[tuple[int, float], ...] = ()

    @property
    def has_given_target(self) -> bool:
        """Whether the target keeps the addresses that it was given."""
        return self.pools is not None and self.pools.given.size > 0


def build_world(resolved: Resolved, streams: Streams) -> World:
    """Build the world of one replicate."""
    scenario = resolved.scenario
    places = providers.build_places(resolved)
    businesses, components, moves, stays, programs = build_population(resolved, places, streams)
    return World(
        horizon_s=scenario.horizon_s,
        cadence=tuple(
            (providers.seconds_since(scenario.start, row.from_), max(1, round(row.every_min * 60)))
            for row in resolved.cadence.rows
        ),
        thresholds=scenario.thresholds,
        effects=scenario.effects,
        target_addresses=resolved.line.union(
            row.prefix for row in table_rows(resolved.target_prefixes)
        ),
        places=places,
        operators=build_operators(resolved, streams),
        demand=build_demand(resolved),
        businesses=businesses,
        components=components,
        pools=providers.build_pools(resolved, places),
        moves=moves,
        stays=stays,
        programs=programs,
        stances=providers.build_stances(resolved, places),
        users=scenario.users,
        censor=scenario.censor,
        reactions=scenario.reactions,
        complaints=scenario.complaints,
        ipv6=scenario.ipv6,
        exempt=resolved.line.union(row.prefix for row in table_rows(resolved.exempt)),
        pressure_events=tuple(
            (providers.seconds_since(scenario.start, row.at), row.adds)
            for row in table_rows(resolved.pressure_events)
        ),
        outside_withdrawals=providers.build_withdrawals(resolved, streams),
    )
