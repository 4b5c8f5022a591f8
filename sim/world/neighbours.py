"""How many names and active sites share the addresses that businesses and services sit on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem
from sim.names.law import NamesLaw, fit_names_law
from sim.names.sharing import (
    build_kinds,
    kind_at,
    kinds_of_places,
    loneliness,
    n_active_sites,
    names_at,
    revenue_rank,
    shares_parked,
)
from sim.scenario.resolve import Resolved
from sim.scenario.tables.seeds import Table
from sim.scenario.tables.sharing import ConcentrationRow, KindRow
from sim.world.components import stable_order
from sim.world.placement import NOBODY, Hosts, Seated
from sim.world.providers import Places, shared_rows


def neighbours_of_hosts(
    resolved: Resolved,
    places: Places,
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
    rank = revenue_rank(
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
    luck[is_own] = loneliness(
        luck[is_own], rank[business[is_own]], resolved.scenario.names.loneliness
    )
    shared_places = {(row.provider, row.region) for row in shared_rows(resolved)}
    shares = kinds_of_places(resolved.sharing.rows, list(places.row_of), shared_places)
    kind_row = kind_at(shares, seat_row, luck)
    table: Table[Any] = resolved.census
    try:
        law = census_law(resolved.census.rows)
        if resolved.kinds is not None:
            table = resolved.kinds
            kinds = _kinds(resolved.census.rows, resolved.kinds.rows)
    except ValueError as error:
        raise DataError([Problem(str(table.path), str(error))]) from None
    if resolved.kinds is not None:
        n_names = names_at(kinds, shares, seat_row, luck)
    else:
        # A shared range is drawn from the most crowded addresses of the census alone.
        shared = resolved.line.union(row.prefix for row in shared_rows(resolved))
        crowded = law.share_with_at_least(resolved.scenario.names.shared_min_names)
        luck[shared.contains(address[is_first])] *= crowded
        n_names = law.n_names_of(luck)
    if sites is not None:
        _take_given(n_names, address[is_first], sites)
    # Components of t = 0 on each address, each counted once.
    is_now = host_row < parts[0].host_component.size
    pair = address_row[is_now], parts[0].host_component[host_row[is_now]]
    is_new = np.append(True, (np.diff(pair) != 0).any(axis=0))[: is_now.sum()]
    n_active = n_active_sites(
        n_names,
        np.bincount(pair[0][is_new], minlength=first.size),
        shares_parked(resolved.parked.rows)[kind_row],
        parked_luck,
    )
    return host_row, address, n_names[address_row], n_active[address_row]


def _take_given(n_names: NDArray[np.int64], address: NDArray[np.int64], sites: Seated) -> None:
    """Put the names that an inventory counts on its addresses in the place of those drawn."""
    row = np.searchsorted(address, sites.host_address)
    given = np.zeros(address.size, np.int64)
    is_known = ~np.isnan(sites.n_names)
    np.maximum.at(given, row[is_known], sites.n_names[is_known].astype(np.int64))
    np.copyto(n_names, given, where=given > 0)


@lru_cache(maxsize=8)
def census_law(rows: tuple[ConcentrationRow, ...]) -> NamesLaw:
    """Fit the law once for all replicates."""
    return fit_names_law(rows)


@lru_cache(maxsize=8)
def _kinds(census: tuple[ConcentrationRow, ...], rows: tuple[KindRow, ...]) -> tuple[NamesLaw, ...]:
    """Cut the law into those of the kinds once for all replicates."""
    return build_kinds(census_law(census), {row.key: row.value for row in rows})
