"""How many of the names on an address are active sites, and how many are parked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.names.sharing import KINDS, place_shares
from sim.scenario.tables.sharing import ParkedRow, SharingRow

USUAL, CROWDED = KINDS.index("rented"), KINDS.index("proxy")
"""Kinds of places that no row tells of: places at large, and ranges that many tenants share."""


def kinds_of_places(
    rows: Sequence[SharingRow],
    places: Sequence[tuple[str, str]],
    shared: Collection[tuple[str, str]],
) -> NDArray[np.float64]:
    """Share of the addresses of each place in each kind of use, no place left out.

    Parameters
    ----------
    rows
        Sharing table, which need not tell of all places: a range that many tenants share is then
        a proxy, even if the rest of its provider is told of, and any other place is rented.
    places
        Provider and region of each place.
    shared
        Those that are ranges which many tenants share.

    Returns
    -------
    share : shape (n_places, n_kinds)
        In the order of ``KINDS``; no row sums to 0.
    """
    named = {(row.provider, row.region) for row in rows}
    used = {(row.provider, row.region) for row in rows if row.share_addresses > 0}
    share = np.zeros((len(places), len(KINDS)))
    told = []
    for number, place in enumerate(places):
        seat = place if place in named or place in shared else (place[0], "*")
        if seat in used:
            told.append(number)
        else:
            share[number, CROWDED if place in shared else USUAL] = 1
    if told:
        share[told] = place_shares(rows, [places[number] for number in told])
    return share


def shares_parked(rows: Sequence[ParkedRow]) -> NDArray[np.float64]:
    """Share of names parked by kind of use, in the order of ``KINDS``, shape (n_kinds,)."""
    by_kind: dict[str, float] = {row.kind: row.share_parked for row in rows}
    return np.array([by_kind[kind] for kind in KINDS])


def n_active_sites(
    n_names: NDArray[np.int64],
    n_modelled: NDArray[np.int64],
    share_parked: NDArray[np.float64],
    u: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Names on addresses that are active sites: those not parked.

    Parameters
    ----------
    n_names : shape (n,)
        Names of each address, at least 1.
    n_modelled : shape (n,)
        Names of the model on it. None of them is parked.
    share_parked, u : shape (n,)
        Share of the other names that are parked, and one uniform number in [0, 1) for each address.

    Returns
    -------
    n_active : shape (n,)
        ``1 + floor((n_names - 1) * (1 - share_parked) + u)``, at most ``n_names`` and at least as
        many as are modelled: one name is that of the address's first user, and of the others the
        mean over ``u`` is active in the share given.
    """
    others = np.floor((n_names - 1) * (1 - share_parked) + u).astype(np.int64)
    # Adding u just below 1 to a whole number rounds up: no more than all are active.
    return np.asarray(np.minimum(n_names, np.maximum(n_modelled, 1 + others)))
