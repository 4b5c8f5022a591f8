"""How many names are expected on listed addresses, and how far that is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.names.draws import KindDraws, draw_found_names, draw_kinds
from sim.names.law import NamesLaw
from sim.names.sharing import KINDS
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.sharing import ParkedRow, SharingRow
from sim.statistics.triangular import triangular_quantile

BY_NAMES, ADDRESSES_PER_NAME = "listed.share_by_names", "addresses_per_name"
NamedPlace = tuple[str, str]
"""Provider and region."""


@dataclass(frozen=True, eq=False)
class ListedPlaces:
    """How much of each place a list holds.

    Attributes
    ----------
    place
        Provider and region of each place.
    n_addresses : shape (n_places,)
        Addresses of the place.
    n_swept : shape (n_places, n_ways)
        Of these, addresses listed by a rule of several addresses, without ``n_single``. Where a
        list may be so or so, draws take these ways in turn.
    n_single : shape (n_places, n_ways)
        Of these, addresses listed one by one.
    """

    place: tuple[NamedPlace, ...]
    n_addresses: NDArray[np.int64]
    n_swept: NDArray[np.int64]
    n_single: NDArray[np.int64]


class NameDraws(NamedTuple):
    """Draws of the number of names on the listed addresses of a provider, each shape (n_draws,).

    Attributes
    ----------
    names
        Names on listed addresses, a name on two of them counted twice.
    hit, wholly
        Distinct names with at least one listed address, and with all of theirs listed.
    active
        Those of ``hit`` that are not parked.
    """

    names: NDArray[np.float64]
    hit: NDArray[np.float64]
    wholly: NDArray[np.float64]
    active: NDArray[np.float64]


def draw_names(
    listed: ListedPlaces,
    censuses: Sequence[NamesLaw],
    sharing: Sequence[SharingRow],
    assumptions: Sequence[AssumptionRow],
    parked: Sequence[ParkedRow],
    rng: np.random.Generator,
    n_draws: int,
) -> dict[str, NameDraws]:
    """Draw the number of names on listed addresses, by provider.

    Parameters
    ----------
    listed
        Every place has rows in ``sharing``.
    censuses
        Laws of names per address, over all addresses; draws take them in turn.
    n_draws
        Draws of what is assumed, each with luck of its own.

    Raises
    ------
    ValueError
        If a law has no address with as many names as a kind of use is drawn to have.

    Notes
    -----
    Of the addresses of a place a share carries names in each kind of use. Addresses that were swept
    up with others are as good as drawn evenly from the place; of those listed one by one, a share
    was found by a name, and comes up in proportion to the names it carries, each address once: no
    list holds more names than its places do. A name has k addresses at its provider; where a share
    p of these is listed, the names hit are the names on listed addresses times
    ``(1 - (1 - p)^k) / (p k)``, those hit wholly times ``p^(k - 1) / k``. What is
    assumed is triangular over its range, of the logarithm where that spans a factor of ten.
    """
    if not listed.place:
        return {}
    owner = np.array([provider for provider, _ in listed.place])
    found = {provider: NameDraws(*np.zeros((4, n_draws))) for provider, _ in listed.place}

    def draw(low: float, mode: float, high: float) -> NDArray[np.float64]:
        return within(low, mode, high, rng.random(n_draws))

    value = {row.key: draw(row.low, row.value, row.high) for row in assumptions}
    drawn: dict[tuple[str, str, str], NDArray[np.float64]] = {
        (row.provider, row.region, row.kind): draw(row.low, row.share_addresses, row.high)
        for row in sharing
    }
    parked_of: dict[str, NDArray[np.float64]] = {
        row.kind: draw(row.low, row.share_parked, row.high) for row in parked
    }
    kinds = draw_kinds(censuses, value)
    # Rows tell of a place itself, or of all regions of its provider.
    named = {(provider, region) for provider, region, _ in drawn}
    seats = [place if place in named else (place[0], "*") for place in listed.place]
    nothing = np.zeros(n_draws)
    share = np.array([[drawn.get((*seat, kind), nothing) for seat in seats] for kind in KINDS])
    # Kinds exclude each other: together they are no more than the whole place.
    share /= np.maximum(share.sum(axis=0), 1.0)
    way = np.arange(n_draws) % listed.n_single.shape[1]
    n_single, n_listed = listed.n_single[:, way], (listed.n_swept + listed.n_single)[:, way]
    n_found = rng.binomial(n_single, value[BY_NAMES])
    by_name, n_found = _found(listed, seats, share, kinds, n_found, rng)
    n_even = n_listed - n_found
    for row, (name, kind) in enumerate(zip(KINDS, kinds, strict=True)):
        k = value[f"{name}.{ADDRESSES_PER_NAME}"]
        for provider, of in found.items():
            mine = np.flatnonzero(owner == provider)
            n_of_kind = rng.binomial(n_even[mine], share[row, mine]).sum(axis=0)
            found_by_name, of_these = by_name[:, row, mine].sum(axis=1)
            of_all = listed.n_addresses[mine] @ share[row, mine] * kind.mean_names
            share_found = np.minimum(1, of_these / np.maximum(of_all, 1e-300))
            # The others hold what these leave.
            names = kind.names_on(n_of_kind, rng) * (1 - share_found) + found_by_name
            p = n_listed[mine].sum(axis=0) / max(listed.n_addresses[mine].sum(), 1)
            p = np.clip(p, 1e-12, 1.0)
            # Addresses found by a name hold more of the names than of the addresses.
            p = 1 - (1 - p) * (1 - share_found)
            hit = names * (1 - (1 - p) ** k) / (p * k)
            for total, more in zip(
                of, (names, hit, names * p ** (k - 1) / k, hit * (1 - parked_of[name])), strict=True
            ):
                total += more  # noqa: PLW2901
    return found


def _found(
    listed: ListedPlaces,
    seats: Sequence[NamedPlace],
    share: NDArray[np.float64],
    kinds: Sequence[KindDraws],
    n_found: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Names on addresses found by a name, drawn and expected, and how many these are, at most."""
    names = np.zeros((2, *share.shape))
    kept = np.zeros_like(n_found)
    for seat in dict.fromkeys(seats):
        mine = np.array([row for row, one in enumerate(seats) if one == seat])
        if not n_found[mine].any():
            continue
        n_of_kind = (listed.n_addresses[mine, None] * share[:, mine]).sum(axis=1)
        most = np.maximum(1, np.rint(n_of_kind.sum(axis=0))).astype(np.int64)
        n = n_found[mine].sum(axis=0)
        kept[mine] = n_found[mine] * np.minimum(n, most) // np.maximum(n, 1)
        found = draw_found_names(kinds, n_of_kind, kept[mine].sum(axis=0), rng)
        names[:, :, mine[0]] = found
    return names, kept


def draw_assumed(
    assumptions: Sequence[AssumptionRow], rng: np.random.Generator
) -> dict[str, float]:
    """Draw every assumption of a table from its range, by key."""
    return {row.key: draw_within(row.low, row.value, row.high, rng) for row in assumptions}


def draw_within(low: float, mode: float, high: float, rng: np.random.Generator) -> float:
    """One draw of what is assumed within a range."""
    return float(within(low, mode, high, np.array(rng.random())))


def within(low: float, mode: float, high: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Triangular quantiles over a range; of the logarithm where that spans decades.

    Parameters
    ----------
    u : any shape
        Probabilities in [0, 1].
    """
    if low > 0 and high >= 10 * low:
        return np.exp(triangular_quantile(u, *np.log([low, mode, high]).tolist()))
    return triangular_quantile(u, low, mode, high)
