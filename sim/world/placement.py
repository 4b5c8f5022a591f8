"""Where components sit at t = 0: as an inventory gives it, or drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP
from sim.scenario.resolve import Resolved
from sim.scenario.tables.inventory import NOT_GIVEN, SEEN, Inventory
from sim.scenario.tables.roles import FRONTEND, ROLES
from sim.scenario.tables.seeds import table_rows
from sim.scenario.tables.sharing import N_ADDRESSES
from sim.streams import Stream, Streams
from sim.world.components import N_ROLES
from sim.world.frozen import FrozenColumns
from sim.world.providers import (
    NOT_KNOWN,
    Places,
    Side,
    build_places,
    choose,
    four_rows,
    hosting_side,
    pick,
    prefix_rows,
)

DRAWN = ("sector", "revenue", "revenue_per_visit", "mode", "provider", *ROLES)
"""Words that say what of a site is not given: drawn, or of the provider, not known."""


@dataclass(frozen=True, eq=False)
class Sites(FrozenColumns):
    """Sites as columns: the last businesses of the world, in the sequence of the inventory."""

    name: tuple[str, ...]
    """Names of the sites."""
    country: tuple[str, ...]
    """Country that the inventory gives each; empty where it gives none."""
    visits_per_h: NDArray[np.float64]
    """NaN where not given; shape (n_sites,)."""
    drawn: tuple[str, ...]
    """Attributes of each site that are drawn: ``sector``, ``revenue``, or ``revenue_per_visit``
    where its visits are given, and roles; and ``provider`` where no table holds its front end's
    address."""

    @property
    def n(self) -> int:
        """Number of sites."""
        return len(self.name)


@dataclass(frozen=True, eq=False)
class Seated(FrozenColumns):
    """Where an inventory seats the components it gives, for all businesses."""

    is_given: NDArray[np.bool_]
    """Whether the inventory gives the component; shape (n_businesses, n_roles)."""
    place_row: NDArray[np.int64]
    """Place of the first address of a given one; -1 for the others; shape (n_businesses,
    n_roles)."""
    mode: NDArray[np.int8]
    """0 for ``any``, 1 for ``spread``, -1 where the inventory does not say; shape (n_businesses,
    n_roles)."""
    host_business: NDArray[np.int64]
    host_role: NDArray[np.int64]
    host_address: NDArray[np.int64]
    """The hosts it gives, with their addresses on the line, those of a component one after the
    other; shape (n_hosts,)."""
    host_draw: NDArray[np.int64]
    """Number of the host among the draws of hosts; shape (n_hosts,)."""
    n_names: NDArray[np.float64]
    """Names on the address; NaN where it does not say; shape (n_hosts,)."""


def seat_sites(resolved: Resolved, places: Places) -> Seated | None:
    """Seat the components that the inventory of a scenario gives; None where it has none.

    An address that no provider's table holds is at a place that is not known. Hosts at a provider
    that the sites are away from are not given, nor a component without others.
    """
    inventory = resolved.inventory
    if inventory is None:
        return None
    n_drawn = resolved.scenario.population.n_businesses
    shape = n_drawn + inventory.n_sites, N_ROLES
    address, place, is_host = _place_hosts(resolved, places, inventory)
    business = n_drawn + inventory.component_site
    role = inventory.component_role
    # What stays, then IPv4 first: of a component with both families, that is where it sits.
    by_address = np.lexsort((inventory.is_ipv6, ~is_host, inventory.host_component))
    _, first = np.unique(inventory.host_component[by_address], return_index=True)
    is_given = np.zeros(shape, np.bool_)
    is_given[business, role] = is_host[by_address[first]]
    place_row = np.full(shape, -1, np.int64)
    place_row[business, role] = place[by_address[first]]
    mode = np.full(shape, NOT_GIVEN, np.int8)
    mode[business, role] = inventory.component_mode
    return Seated(
        is_given=is_given,
        place_row=place_row,
        mode=mode,
        host_business=business[inventory.host_component][is_host],
        host_role=role[inventory.host_component][is_host],
        host_address=address[is_host],
        host_draw=inventory.host_draw[is_host],
        n_names=inventory.n_names[is_host],
    )


def _place_hosts(
    resolved: Resolved, places: Places, inventory: Inventory
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Address and place of each host that an inventory gives, and whether it stays there.

    An IPv6 address of no known provider goes where all IPv4 addresses of its component go.
    """
    address = inventory.address4.copy()
    if inventory.is_ipv6.any():
        address[inventory.is_ipv6] = places.line.position_of(inventory.address6)
    place = _place_rows(resolved, places, address)
    goes = _is_away(resolved, places)[place]
    component = inventory.host_component
    has_left = np.bincount(component, goes)[component] > 0
    keeps_ipv4 = np.bincount(component, ~goes & ~inventory.is_ipv6)[component] > 0
    is_unknown = place == places.row_of[NOT_KNOWN, NOT_KNOWN]
    goes |= inventory.is_ipv6 & is_unknown & has_left & ~keeps_ipv4
    return address, place, ~goes


def warnings_of_leaving(resolved: Resolved) -> Iterator[str]:
    """Name sites that may or may not be at the provider that sites leave."""
    inventory = resolved.inventory
    if inventory is None or not inventory.away_from:
        return
    places, head = build_places(resolved), f"without {inventory.away_from}"
    _, place, stays = _place_hosts(resolved, places, inventory)
    if stays.all():
        yield f"{head}: none of your sites has an address there by {resolved.cloud_prefixes.name}"
    component = inventory.host_component
    loses = np.bincount(component, ~stays)[component] > 0
    for is_so, what in (
        (
            stays & (place == places.row_of[NOT_KNOWN, NOT_KNOWN]),
            "keep addresses whose provider no table knows, so that they may be there",
        ),
        (stays & loses, "keep their other addresses alone, without any in place of those there"),
    ):
        rows = np.unique(inventory.component_site[component[is_so]]).tolist()
        if rows:
            named = ", ".join(inventory.site[row] for row in rows[:3]) + (", …" if rows[3:] else "")
            yield f"{head}: {len(rows)} of {inventory.n_sites} sites {what}: {named}"


def _place_rows(
    resolved: Resolved, places: Places, address: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Place of each address by its longest prefix; that which is not known where there is none."""
    rows = prefix_rows(resolved)
    unknown = places.row_of[NOT_KNOWN, NOT_KNOWN]
    of_prefix = [places.row_of[row.provider, row.region] for row in rows]
    fours = [places.row_of[row.provider, row.region] for row in four_rows(resolved)]
    place_row = np.full(address.size, unknown, np.int64)
    is_four = address < IPV4_STOP
    found = places.prefixes.longest_match(address[is_four])
    place_row[is_four] = np.array([*fours, unknown])[found]
    sixes = [(row.prefix, place) for place, row in zip(of_prefix, rows, strict=True)]
    ascending = np.argsort(address, kind="stable")
    in_sequence = address[ascending]
    for prefix, place in sorted(sixes, key=lambda six: six[0].length):
        if prefix.version == 6 and not is_four.all():
            held = places.line.prefix(prefix)
            edge = np.searchsorted(in_sequence, (held.start[0], held.stop[-1]))
            place_row[ascending[edge[0] : edge[1]]] = place
    return place_row


def _is_away(resolved: Resolved, places: Places) -> NDArray[np.bool_]:
    """Whether each place is of the provider that the sites are away from."""
    away_from = resolved.inventory.away_from if resolved.inventory is not None else ""
    return np.array([name == away_from for name in places.provider])[places.provider_row]


def _leave(
    resolved: Resolved,
    places: Places,
    side: Side,
    place_row: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw places of sites at the provider that they are away from anew, among the others."""
    is_away = _is_away(resolved, places)
    if resolved.inventory is None or not is_away.any():
        return place_row
    others = side[0], np.where(is_away[side[0]], 0.0, side[1])
    is_leaving = is_away[place_row]
    is_leaving[: -resolved.inventory.n_sites] = False
    return np.where(is_leaving, pick(others, rng.random(place_row.shape)), place_row)


def describe_sites(resolved: Resolved, places: Places, seated: Seated | None) -> Sites | None:
    """Name the sites, and say what of each is drawn."""
    inventory = resolved.inventory
    if inventory is None or seated is None:
        return None
    n = inventory.n_sites
    sectors = inventory.labels.get("sector")
    is_sector = sectors.code >= 0 if sectors is not None else np.zeros(n, np.bool_)
    given = seated.is_given[-n:]
    unknown = places.row_of[NOT_KNOWN, NOT_KNOWN]
    is_unplaced = given[:, FRONTEND] & (seated.place_row[-n:, FRONTEND] == unknown)
    is_by_visits = inventory.is_by_visits & (resolved.visit_values is not None)
    is_drawn = np.isnan(inventory.revenue_usd_per_h) & ~is_by_visits
    # Whether one address of several is enough: asked of who gave several.
    several = np.bincount(inventory.host_component) > 1
    is_open = several & (inventory.component_mode == NOT_GIVEN)
    has_open = np.isin(np.arange(n), inventory.component_site[is_open])
    marks = np.column_stack((~is_sector, is_drawn, is_by_visits, has_open, is_unplaced, ~given))
    kinds, of_site = np.unique(marks, axis=0, return_inverse=True)
    texts = [
        " ".join(word for word, is_so in zip(DRAWN, kind, strict=True) if is_so)
        for kind in kinds.tolist()
    ]
    return Sites(
        name=inventory.site,
        country=tuple(inventory.text_of("country")),
        visits_per_h=inventory.visits_per_h.copy(),
        drawn=tuple(texts[row] for row in of_site.ravel().tolist()),
    )


SERVICE_HOSTS, OWN_HOSTS, LATER_HOSTS, TENANT_HOSTS, SWITCHED_HOSTS, SITE_HOSTS, IPV6_HOSTS = range(
    7
)
"""Hosts that a part of the draws of names and parked names per address is for."""
NOBODY = -1
_AT_ONCE = 1 << 18
"""Numbers that are drawn at once where only some are kept."""


@dataclass(frozen=True, eq=False)
class Hosts:
    """Components as the hosts they sit on."""

    is_spread: NDArray[np.bool_]
    seat_row: NDArray[np.int32]
    """Mode and place of each component of this part; shape (n_components,)."""
    parked_luck: NDArray[np.float64]
    """Uniform in [0, 1): which way active sites on each of the component's addresses are rounded;
    shape (n_components,)."""
    host_component: NDArray[np.int32]
    host_address: NDArray[np.int64]
    """Component (counted over all parts) and address of each host; shape (n_hosts,)."""
    host_business: NDArray[np.int32]
    """Business of each host; -1 for a shared service; shape (n_hosts,)."""
    host_luck: NDArray[np.float64]
    """Uniform in [0, 1): how crowded the host's address is, before its owner counts; shape
    (n_hosts,)."""


def rows_of(*parts: NDArray[Any]) -> NDArray[np.int32]:
    """Rows one part after the other; a million businesses have some ten million hosts."""
    return np.concatenate(parts, dtype=np.int32, casting="same_kind")


def luck_where(is_kept: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1), drawn for everything and kept for some.

    Parameters
    ----------
    is_kept : shape (n_businesses, …)

    Returns
    -------
    luck : shape (number kept,)
    """
    # In pieces, as for a million businesses all of it is large; the numbers are the same.
    n_at_once = max(1, _AT_ONCE * len(is_kept) // max(1, is_kept.size))
    parts = [is_kept[row : row + n_at_once] for row in range(0, len(is_kept), n_at_once)]
    return np.concatenate([np.empty(0), *(rng.random(part.shape)[part] for part in parts)])


@dataclass(frozen=True, eq=False)
class Services(Hosts):
    """Third-party services, rows 0 to n - 1 of the components, with their names by row."""

    names: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.names)

    @classmethod
    def of(cls, resolved: Resolved, places: Places, streams: Streams) -> Services:
        """Seat the services of a scenario."""
        seats = {row.service: row for row in table_rows(resolved.services)}
        names = tuple(seats)
        component = np.repeat(
            rows_of(np.arange(len(names))), [seats[name].n_addresses for name in names]
        )
        seat_row = np.array(
            [places.row_of[row.provider, row.region] for row in seats.values()], np.int32
        )
        luck = streams.generator(Stream.COMPONENT_SERVICE, (0,)).random(component.size)
        return cls(
            is_spread=np.array([row.mode == "spread" for row in seats.values()], np.bool_),
            seat_row=seat_row,
            parked_luck=streams.generator(Stream.COMPONENT_PARKED, (SERVICE_HOSTS,)).random(
                seat_row.size
            ),
            host_component=component,
            host_address=places.address_by_luck(seat_row[component], luck),
            host_business=rows_of(np.full(component.size, NOBODY)),
            host_luck=streams.generator(Stream.ADDRESS_NAMES, (SERVICE_HOSTS,)).random(
                component.size
            ),
            names=names,
        )

    def choose(self, resolved: Resolved, streams: Streams, n_businesses: int) -> NDArray[np.int64]:
        """Service of each business and role; -1 where it runs its own component."""
        u = streams.generator(Stream.COMPONENT_SERVICE, (1,)).random((n_businesses, N_ROLES))
        chosen = np.full((n_businesses, N_ROLES), -1, np.int64)
        share = {str(row.role): row.share_third_party for row in resolved.components.rows}
        services = table_rows(resolved.services)
        for role_row, role in enumerate(ROLES):
            rows = [row for row in services if row.role == role and row.popularity > 0]
            if not rows or share[role] == 0:
                continue
            is_user = u[:, role_row] < share[role]
            weight = np.array([row.popularity for row in rows])
            service = np.array([self.names.index(row.service) for row in rows])
            # Given that u lies below the share, u / share is uniform again.
            luck = u[is_user, role_row] / share[role]
            chosen[is_user, role_row] = service[choose(weight, luck)]
        return chosen


@dataclass(frozen=True, eq=False)
class Placement(Hosts):
    """Components, the hosts they sit on, and who sits there."""

    home_place_row: NDArray[np.int64]
    """Place of the front end; shape (n_businesses,)."""
    place_row: NDArray[np.int64]
    """Place of each business's own component; shape (n_businesses, n_roles)."""
    component_row: NDArray[np.int64]
    """Component that serves each role; shape (n_businesses, …)."""
    is_third_party: NDArray[np.bool_]
    """Whether it is a shared service; shape (n_businesses, n_roles)."""
    is_given: NDArray[np.bool_]
    """Whether an inventory gives it: it stays at the addresses that are known; shape (n_businesses,
    n_roles)."""


def build_placement(
    resolved: Resolved,
    places: Places,
    streams: Streams,
    n_businesses: int,
    sites: Seated | None = None,
) -> Placement:
    """Seat every component at t = 0: services first, then each business's own, role by role.

    Hosts that an inventory gives come last.

    Parameters
    ----------
    sites
        Components that an inventory gives, which are not drawn.
    """
    is_given = sites.is_given if sites is not None else np.zeros((n_businesses, N_ROLES), np.bool_)
    foreign = hosting_side(resolved, places, "foreign")
    home = pick(foreign, streams.generator(Stream.BUSINESS_HOME).random(n_businesses))
    again = streams.generator(Stream.BUSINESS_HOME, (1,))
    home = _leave(resolved, places, foreign, home, again)
    if sites is not None:
        home = np.where(is_given[:, FRONTEND], sites.place_row[:, FRONTEND], home)
    place_row = _place_components(resolved, places, foreign, home, streams)
    again = streams.generator(Stream.COMPONENT_PLACE, (1,))
    place_row = _leave(resolved, places, foreign, place_row, again)
    services = Services.of(resolved, places, streams)
    service_row = services.choose(resolved, streams, n_businesses)
    is_third_party = (service_row >= 0) & ~is_given
    own_row = services.n + np.arange(n_businesses * N_ROLES).reshape(n_businesses, N_ROLES)
    n_addresses, is_spread = _sizes(resolved, streams, n_businesses)
    # A component that is a shared service has no hosts of its own; of a given one none is drawn.
    is_elsewhere = is_third_party | is_given
    is_host = np.arange(max(N_ADDRESSES)) < np.where(is_elsewhere, 0, n_addresses)[..., np.newaxis]
    if sites is not None:
        place_row = np.where(is_given, sites.place_row, place_row)
        # In a record a site was seen blocked while any of its addresses was: no draw decides.
        is_seen = is_given & (resolved.scenario.register_.cadence == SEEN)
        is_spread = np.where(sites.mode >= 0, sites.mode == 1, is_spread | is_seen)
    seat = np.flatnonzero(is_host) // max(N_ADDRESSES)
    first = streams.generator(Stream.COMPONENT_ADDRESS).random((n_businesses, N_ROLES))
    more = streams.generator(Stream.COMPONENT_MORE_ADDRESSES)
    luck = np.empty(seat.size)
    is_first = np.append(True, seat[1:] != seat[:-1])[: seat.size]
    luck[is_first] = first[is_host[..., 0]]
    luck[~is_first] = luck_where(is_host[..., 1:], more)
    crowding = streams.generator(Stream.ADDRESS_NAMES, (OWN_HOSTS,))
    parked = streams.generator(Stream.COMPONENT_PARKED, (OWN_HOSTS,)).random(own_row.size)
    n_own = np.where(is_elsewhere, 0, n_addresses)
    # Component, address, business and luck of hosts: drawn, given by an inventory, and on IPv6.
    parts: list[tuple[NDArray[Any], ...]] = [
        (
            own_row.ravel()[seat],
            places.address_by_luck(place_row.ravel()[seat], luck),
            seat // N_ROLES,
            luck_where(is_host, crowding),
        )
    ]
    if sites is not None:
        named = streams.generator(Stream.ADDRESS_NAMES, (SITE_HOSTS,))
        component = own_row[sites.host_business, sites.host_role]
        names_luck = named.random(sites.host_draw.max(initial=-1) + 1)[sites.host_draw]
        parts.append((component, sites.host_address, sites.host_business, names_luck))
    parts += _ipv6_hosts(resolved, places, services, place_row, n_own, streams)
    component_row, address, business, names = zip(*parts, strict=True)
    return Placement(
        home_place_row=home,
        place_row=place_row,
        component_row=np.where(is_third_party, service_row, own_row),
        is_third_party=is_third_party,
        is_given=is_given,
        is_spread=np.concatenate((services.is_spread, is_spread.ravel())),
        seat_row=rows_of(services.seat_row, place_row.ravel()),
        parked_luck=np.concatenate((services.parked_luck, parked)),
        host_component=rows_of(services.host_component, *component_row),
        host_address=np.concatenate((services.host_address, *address)),
        host_business=rows_of(services.host_business, *business),
        host_luck=np.concatenate((services.host_luck, *names)),
    )


def _ipv6_hosts(
    resolved: Resolved,
    places: Places,
    services: Services,
    place_row: NDArray[np.int64],
    n_addresses: NDArray[np.int64],
    streams: Streams,
) -> Iterator[tuple[NDArray[Any], ...]]:
    """Component, address, business and draws of hosts on IPv6: as many as on IPv4, up to a limit.

    Ways to fail are as many as combinations of both families: 123 of each would need gigabytes.
    """
    rules = resolved.scenario.ipv6
    if rules is None or not places.seats6:
        return
    has_both = np.array([seats.n > 0 for seats in places.seats6])
    first_own = services.n
    for number, where, n_hosts, first in (
        (0, services.seat_row, np.bincount(services.host_component, minlength=first_own), 0),
        (1, place_row, n_addresses, first_own),
    ):
        luck = streams.generator(Stream.COMPONENT_IPV6, (number,)).random(where.shape)
        n_six = np.minimum(n_hosts, max(N_ADDRESSES))
        n_six[~has_both[where] | (luck >= rules.share_components)] = 0
        most = max(N_ADDRESSES) if number else int(n_hosts.max(initial=1))
        is_six = np.arange(most) < n_six[..., np.newaxis]
        row = np.flatnonzero(is_six) // most
        addresses = streams.generator(Stream.COMPONENT_IPV6_ADDRESS, (number,))
        names = streams.generator(Stream.ADDRESS_NAMES, (IPV6_HOSTS, number))
        yield (
            first + row,
            places.address6_by_luck(where.ravel()[row], luck_where(is_six, addresses)),
            row // N_ROLES if number else np.full(row.size, NOBODY),
            luck_where(is_six, names),
        )


def _sizes(
    resolved: Resolved, streams: Streams, n_businesses: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of addresses, and whether the mode is ``spread``, by business and role."""
    by_role = {str(row.role): row for row in resolved.components.rows}
    size_luck = streams.generator(Stream.COMPONENT_SIZE).random((n_businesses, N_ROLES))
    mode_luck = streams.generator(Stream.COMPONENT_MODE).random((n_businesses, N_ROLES))
    n_addresses = np.empty((n_businesses, N_ROLES), np.int64)
    is_spread = np.empty((n_businesses, N_ROLES), np.bool_)
    for role_row, role in enumerate(ROLES):
        row = by_role[role]
        size = choose(np.array(row.address_shares), size_luck[:, role_row])
        n_addresses[:, role_row] = np.array(N_ADDRESSES)[size]
        is_spread[:, role_row] = mode_luck[:, role_row] < row.share_spread
    return n_addresses, is_spread


def _place_components(
    resolved: Resolved, places: Places, foreign: Side, home: NDArray[np.int64], streams: Streams
) -> NDArray[np.int64]:
    """Place of each component: at home, at a domestic provider, or in another foreign region."""
    population = resolved.scenario.population
    shape = (home.size, N_ROLES)
    kind = streams.generator(Stream.COMPONENT_PLACEMENT).random(shape)
    where = streams.generator(Stream.COMPONENT_PLACE).random(shape)
    at_home = population.share_components_at_home
    in_country = at_home + population.share_components_domestic
    domestic = hosting_side(resolved, places, "domestic")
    place_row = np.where(
        kind < at_home,
        home[:, np.newaxis],
        np.where(kind < in_country, pick(domestic, where), pick(foreign, where)),
    )
    place_row[:, FRONTEND] = home
    return place_row
