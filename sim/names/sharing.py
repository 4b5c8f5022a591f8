"""How addresses are shared: kinds of use, and businesses alone on an address."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sim.names.law import SHARED, NamesLaw
from sim.scenario.tables.sharing import ParkedRow, SharingRow

KINDS = ("proxy", "parking", "web_hosting", "rented")
"""Kinds of use of an address, from the most crowded to the least."""
BELOW_ONE = float(np.nextafter(1, 0))
ABOVE_ZERO = 1 - BELOW_ONE
SMALLEST_SIGMA = 1e-9


class Segment(NamedTuple):
    """Which addresses of a census a kind of use has; one value, or one for each draw."""

    low: NDArray[np.int64]
    high: NDArray[np.int64] | None
    """Least and most names; None for no upper end."""
    single: NDArray[np.float64]
    """Share of the kind's addresses that have a single name."""


def segment_of(kind: str, value: Mapping[str, NDArray[np.float64]]) -> Segment:
    """Segment of the census that a kind of use follows.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    value
        Assumed values by key, as ``kind.parameter``; each a number, or one for each draw.

    Notes
    -----
    Rented and web-hosting addresses follow the census between a lowest number of names (2 for
    rented ones) and a highest, with singles added; proxies and parking hosts follow it from
    a lowest number on.

    Raises
    ------
    KeyError
        If a value is absent.
    """
    low = np.array(SHARED) if kind == "rented" else _whole(value[f"{kind}.min_names"])
    if kind in ("proxy", "parking"):
        return Segment(low, None, np.zeros(()))
    return Segment(low, _whole(value[f"{kind}.max_names"]), value[f"{kind}.share_single"])


def _whole(value: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(value).astype(np.int64)


def build_kinds(census: NamesLaw, value: Mapping[str, float]) -> tuple[NamesLaw, ...]:
    """Cut the law of a census into laws of names per address by kind, in the order of ``KINDS``.

    Parameters
    ----------
    census
        Law over all addresses.
    value
        Assumed values by key, as ``kind.parameter``.

    Raises
    ------
    KeyError
        If a value is absent.
    ValueError
        If the census has no address with as many names as a kind has.
    """
    given = {key: np.array(each) for key, each in value.items()}
    laws = []
    for segment in (segment_of(kind, given) for kind in KINDS):
        high = None if segment.high is None else int(segment.high)
        law = census.between(int(segment.low), high)
        laws.append(law if high is None else law.with_share_single(float(segment.single)))
    return tuple(laws)


def names_at(
    kinds: Sequence[NamesLaw],
    share: NDArray[np.float64],
    place_row: NDArray[np.int64],
    u: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Names on addresses that carry one, by the law of the kind of each.

    Parameters
    ----------
    kinds
        Names per address, in the order of ``KINDS``.
    share, place_row, u
        As for ``kind_at``.

    Returns
    -------
    n_names : shape of ``u``

    Notes
    -----
    Where u falls within the part of its kind is uniform again, and is the rank share of the address
    in the law of the kind: of a place with the shares s of kinds with the means m, the mean over u
    is ``sum of s m / sum of s``.
    """
    edge = _kind_edges(share)
    kind_row = kind_at(share, place_row, u)
    n_names = np.zeros(u.shape, np.int64)
    for row, law in enumerate(kinds):
        mine = np.flatnonzero(kind_row == row)
        place = place_row[mine]
        low = edge[place, row - 1] if row else np.zeros(mine.size)
        within = (u[mine] - low) / (edge[place, row] - low)
        n_names[mine] = law.n_names_of(np.clip(within, 0.0, BELOW_ONE))
    return n_names


def kind_at(
    share: NDArray[np.float64], place_row: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Kind of use of addresses that carry a name.

    Parameters
    ----------
    share : shape (n_places, n_kinds)
        As from ``kinds_of_places``.
    place_row, u : equal shapes
        Place of each address, and one number in [0, 1) for each: the low end are crowded kinds.

    Returns
    -------
    kind_row : shape of ``u``
        Rows of ``KINDS``.
    """
    # Kind by kind, since they are few and addresses many; no luck reaches the last edge.
    kind_row = np.zeros(u.shape, np.int64)
    for edge in _kind_edges(share).T[:-1]:
        kind_row += u >= edge[place_row]
    return kind_row


def _kind_edges(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Luck at which each kind of a place ends, shape of ``share``."""
    edge = np.cumsum(share, axis=1)
    # The last edge is exactly 1, so that luck below 1 always falls in a kind with a share.
    return np.asarray(edge / edge[:, -1:])


def revenue_rank(
    revenue_usd_per_h: NDArray[np.float64],
    share: NDArray[np.float64],
    median_usd_per_h: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Share of all businesses that are expected to earn less.

    Parameters
    ----------
    revenue_usd_per_h : shape (n,)
    share, median_usd_per_h, sigma : shape (n_sectors,)
        Lognormal revenue of each sector: share of businesses, median, standard deviation of the
        logarithm.

    Returns
    -------
    rank : shape (n,)
        In [0, 1], 1 for the highest. From the law and not from the other businesses drawn, so
        that one more business changes no other's rank.
    """
    log = np.log(revenue_usd_per_h)[:, np.newaxis] - np.log(median_usd_per_h)
    # A sector without spread is a step at its median.
    return np.asarray(ndtr(log / np.maximum(sigma, SMALLEST_SIGMA)) @ share)


def loneliness(
    u: NDArray[np.float64], rank: NDArray[np.float64], rho: float
) -> NDArray[np.float64]:
    """Rank share of each business's address, correlated with what the business earns.

    Gaussian copula: with z the normal quantile,
    ``loneliness = Phi(rho * z(rank) + sqrt(1 - rho**2) * z(u))``.

    Parameters
    ----------
    u : any shape
        Uniform in [0, 1), independent of ``rank``; one per address.
    rank : shape that broadcasts with ``u``
        Revenue rank in [0, 1], 1 for the highest.
    rho
        Correlation of the two normal scores in [-1, 1]; above 0, businesses that earn more sit
        on addresses that fewer names share. Spearman's rank correlation is
        ``6 / pi * asin(rho / 2)``.

    Returns
    -------
    loneliness : shape of the two
        Uniform in [0, 1) over businesses, 0 for the most crowded address: give it to
        ``kind_at`` or ``NamesLaw.n_names_of`` in place of ``u``.

    Raises
    ------
    ValueError
        If ``rho`` lies outside [-1, 1].

    References
    ----------
    Hoang et al., arXiv 2004.04623: sites alone on their server are mostly popular ones.
    """
    if not -1 <= rho <= 1:
        raise ValueError(f"expected rho in [-1, 1], got {rho:g}")
    score = rho * ndtri(np.clip(rank, ABOVE_ZERO, BELOW_ONE))
    score = score + np.sqrt(1 - rho**2) * ndtri(np.clip(u, ABOVE_ZERO, BELOW_ONE))
    return np.asarray(np.clip(ndtr(score), 0.0, BELOW_ONE))


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
        a proxy, even if the table describes the rest of its provider; other places are rented.
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
    given: dict[tuple[str, str, str], float] = {
        (row.provider, row.region, row.kind): row.share_addresses for row in rows
    }
    used = {(provider, region) for (provider, region, _), share in given.items() if share > 0}
    found = np.zeros((len(places), len(KINDS)))
    for number, place in enumerate(places):
        seat = place if place in named or place in shared else (place[0], "*")
        if seat in used:
            found[number] = [given.get((*seat, kind), 0.0) for kind in KINDS]
        else:
            found[number, CROWDED if place in shared else USUAL] = 1
    return found


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
