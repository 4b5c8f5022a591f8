"""Sites of an inventory in the world: businesses with the addresses and names they really have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP
from sim.scenario.resolve import Resolved
from sim.scenario.tables.inventory import NOT_GIVEN
from sim.scenario.tables.roles import FRONTEND, ROLES
from sim.world.components import N_ROLES
from sim.world.frozen import FrozenColumns
from sim.world.providers import NOT_KNOWN, Places, prefix_rows

DRAWN = ("sector", "revenue", "revenue_per_visit", "provider", *ROLES)
"""Words that say what of a site is not given: drawn, or of the provider, not known."""


@dataclass(frozen=True, eq=False)
class Sites(FrozenColumns):
    """Sites as columns: the last businesses of the world, in the sequence of the inventory.

    Attributes
    ----------
    name
        Names of the sites.
    country
        Country that the inventory gives each; empty where it gives none.
    visits_per_h : shape (n_sites,)
        NaN where not given.
    drawn
        What of each site is drawn: ``sector``, ``revenue``, or ``revenue_per_visit`` where its
        visits are given, and roles; and ``provider`` where no table holds its front end's address,
        so that it is not known.
    """

    name: tuple[str, ...]
    country: tuple[str, ...]
    visits_per_h: NDArray[np.float64]
    drawn: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of sites."""
        return len(self.name)


@dataclass(frozen=True, eq=False)
class Seated(FrozenColumns):
    """Where an inventory seats the components it gives, for all businesses.

    Attributes
    ----------
    is_given : shape (n_businesses, n_roles)
        Whether the inventory gives the component.
    place_row : shape (n_businesses, n_roles)
        Place of the first address of a given one; -1 for the others.
    mode : shape (n_businesses, n_roles)
        0 for ``any``, 1 for ``spread``, -1 where the inventory does not say.
    host_business, host_role, host_address : shape (n_hosts,)
        The hosts it gives, with their addresses on the line, those of a component one after the
        other.
    n_names : shape (n_hosts,)
        Names on the address; NaN where it does not say.
    """

    is_given: NDArray[np.bool_]
    place_row: NDArray[np.int64]
    mode: NDArray[np.int8]
    host_business: NDArray[np.int64]
    host_role: NDArray[np.int64]
    host_address: NDArray[np.int64]
    n_names: NDArray[np.float64]


def seat_sites(resolved: Resolved, places: Places) -> Seated | None:
    """Seat the components that the inventory of a scenario gives; None where it has none.

    An address that no provider's table holds is at a place that is not known.
    """
    inventory = resolved.inventory
    if inventory is None:
        return None
    n_drawn = resolved.scenario.population.n_businesses
    shape = n_drawn + inventory.n_sites, N_ROLES
    address = inventory.address4.copy()
    if inventory.is_ipv6.any():
        address[inventory.is_ipv6] = places.line.position_of(inventory.address6)
    place = _place_rows(resolved, places, address)
    business = n_drawn + inventory.component_site
    role = inventory.component_role
    # IPv4 first: of a component with both families, that is where it sits.
    by_address = np.lexsort((inventory.is_ipv6, inventory.host_component))
    _, first = np.unique(inventory.host_component[by_address], return_index=True)
    is_given = np.zeros(shape, np.bool_)
    is_given[business, role] = True
    place_row = np.full(shape, -1, np.int64)
    place_row[business, role] = place[by_address[first]]
    mode = np.full(shape, NOT_GIVEN, np.int8)
    mode[business, role] = inventory.component_mode
    return Seated(
        is_given=is_given,
        place_row=place_row,
        mode=mode,
        host_business=business[inventory.host_component],
        host_role=role[inventory.host_component],
        host_address=address,
        n_names=inventory.n_names.copy(),
    )


def _place_rows(
    resolved: Resolved, places: Places, address: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Place of each address by its longest prefix; that which is not known where there is none."""
    rows = prefix_rows(resolved)
    number = {
        (places.provider[provider], region): row
        for row, (provider, region) in enumerate(
            zip(places.provider_row.tolist(), places.region, strict=True)
        )
    }
    unknown = number[NOT_KNOWN, NOT_KNOWN]
    of_prefix = [number[row.provider, row.region] for row in rows]
    fours = [place for place, row in zip(of_prefix, rows, strict=True) if row.prefix.version == 4]
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


def describe_sites(resolved: Resolved, places: Places, seated: Seated | None) -> Sites | None:
    """Name the sites, and say what of each is drawn."""
    inventory = resolved.inventory
    if inventory is None or seated is None:
        return None
    n = inventory.n_sites
    sectors = inventory.labels.get("sector")
    is_sector = sectors.code >= 0 if sectors is not None else np.zeros(n, np.bool_)
    given = seated.is_given[-n:]
    unknown = places.row(NOT_KNOWN, NOT_KNOWN)
    is_unplaced = given[:, FRONTEND] & (seated.place_row[-n:, FRONTEND] == unknown)
    is_by_visits = inventory.is_by_visits & (resolved.visit_values is not None)
    is_drawn = np.isnan(inventory.revenue_usd_per_h) & ~is_by_visits
    marks = np.column_stack((~is_sector, is_drawn, is_by_visits, is_unplaced, ~given))
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
