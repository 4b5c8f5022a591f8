"""How many names share the addresses that modelled businesses and services sit on.

In: hosts with their owners and luck, revenue, the law of names per address. Out: names per host,
the same for all hosts on one address. It does not know what is blocked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.addresses.prefixes import prefix_set
from sim.errors import DataError, Problem
from sim.scenario.resolve import Resolved
from sim.scenario.tables_sharing import ConcentrationRow
from sim.world.names import NamesLaw, fit_names_law
from sim.world.placement import NOBODY, Hosts
from sim.world.sharing import loneliness, revenue_rank


def names_of_hosts(
    resolved: Resolved, parts: Sequence[Hosts], revenue_usd_per_h: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Names that share the address of each host, over all parts.

    Every host's address is drawn evenly from the addresses of the census that carry a name; an
    address of a shared range, from those that carry at least ``shared_min_names``. A business that
    earns more sits on an address that fewer names share; of a service that is not the business's
    own nothing is known, and its luck stands.

    Parameters
    ----------
    parts
        In the sequence of their components.
    revenue_usd_per_h : shape (n_businesses,)

    Returns
    -------
    n_names : shape (n_hosts,)
        At least 1; parked names count.

    Raises
    ------
    DataError
        If no law can meet the calibration rows of the census.
    """
    rows = resolved.sectors.rows
    rank = revenue_rank(
        revenue_usd_per_h,
        np.array([row.share_businesses for row in rows]),
        np.array([row.revenue_median_usd_per_h for row in rows]),
        np.array([row.revenue_sigma for row in rows]),
    )
    business = np.concatenate([part.host_business for part in parts])
    luck = np.concatenate([part.host_luck for part in parts])
    is_own = business != NOBODY
    luck[is_own] = loneliness(
        luck[is_own], rank[business[is_own]], resolved.scenario.names.loneliness
    )
    address = np.concatenate([part.host_address for part in parts])
    try:
        law = census_law(resolved.census.rows)
    except ValueError as error:
        raise DataError([Problem(str(resolved.census.path), str(error))]) from None
    luck[_is_shared(resolved, address)] *= _share_crowded(resolved, law)
    return same_on_one_address(address, law.n_names_of(luck))


def _is_shared(resolved: Resolved, address: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each address lies in a range that many tenants share."""
    rows = resolved.shared_prefixes.rows if resolved.shared_prefixes else ()
    return IntervalSet.union_all(prefix_set(*row.prefix) for row in rows).contains(address)


def _share_crowded(resolved: Resolved, law: NamesLaw) -> float:
    """Share of the census's addresses, the most crowded ones, that a shared range is drawn from."""
    return law.share_with_at_least(resolved.scenario.names.shared_min_names)


def same_on_one_address(
    address: NDArray[np.int64], n_names: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give hosts on one address the number of the first of them; shapes (n_hosts,).

    Services come first, then what businesses sit on at t = 0, by business, then where they may go:
    so neither one more business nor what it may do later changes the number of another.
    """
    _, first, back = np.unique(address, return_index=True, return_inverse=True)
    return np.asarray(n_names[first][back])


@lru_cache(maxsize=8)
def census_law(rows: tuple[ConcentrationRow, ...]) -> NamesLaw:
    """Fit the law once for all replicates."""
    return fit_names_law(rows)
