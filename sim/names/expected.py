"""How many names are expected on listed addresses, and how far that is not known.

In: addresses listed at each place, tables of kinds of use with their ranges, uniform luck. Out:
draws of the number of names, over luck and over all ranges. It does not know which list it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.names.names import NamesLaw
from sim.names.sharing import KINDS, build_kinds
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.sharing import ParkedRow, SharingRow
from sim.statistics.triangular import triangular_quantile

BY_NAMES, ADDRESSES_PER_NAME = "listed.share_by_names", "addresses_per_name"
N_SETS, N_PER_SET = 40, 25
"""Draws of what is assumed, and draws of luck for each: 1,000 in all."""
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
    n_swept : shape (n_places,)
        Of these, addresses listed by a rule of several addresses.
    n_single : shape (n_places,)
        Of these, addresses listed one by one, and by no wider rule.
    """

    place: tuple[NamedPlace, ...]
    n_addresses: NDArray[np.int64]
    n_swept: NDArray[np.int64]
    n_single: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NameDraws:
    """Draws of the number of names on the listed addresses.

    Attributes
    ----------
    provider
        Providers, in the sequence of the places.
    names : shape (n_draws, n_providers)
        Names on listed addresses, a name on two of them counted twice.
    hit : shape (n_draws, n_providers)
        Distinct names of which an address at least is listed.
    wholly : shape (n_draws, n_providers)
        Those of them of which all addresses are.
    active : shape (n_draws, n_providers)
        Those of ``hit`` that are not parked.
    """

    provider: tuple[str, ...]
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
    universe_share: float = 1.0,
) -> NameDraws:
    """Draw the number of names on listed addresses.

    Parameters
    ----------
    listed
        Every place has rows in ``sharing``.
    censuses
        Laws of names per address, over all addresses: one for each draw of what is assumed.
    universe_share
        Share of all names that are counted; below 1, each name is counted with this probability.

    Notes
    -----
    Of the addresses of a place a share carries names in each kind of use. Addresses that were swept
    up with others are as good as drawn evenly from the place; of those listed one by one, a share
    was found by a name, and comes up in proportion to the names it carries. A name has k addresses
    at its provider; where a share p of these is listed, the names hit are the names on listed
    addresses times ``(1 - (1 - p)^k) / (p k)``, those hit wholly times ``p^(k - 1) / k``. What is
    assumed is triangular over its range, of the logarithm where that spans a factor of ten.
    """
    provider = tuple(dict.fromkeys(name for name, _ in listed.place))
    provider_row = np.array([provider.index(name) for name, _ in listed.place], np.int64)
    n_draws = N_SETS * N_PER_SET
    found = np.zeros((4, n_draws, len(provider)))
    for draw in range(N_SETS if provider else 0):
        assumed = draw_assumed(assumptions, rng)
        kinds = build_kinds(censuses[draw], assumed)
        share = _shares(listed.place, sharing, rng)
        share_parked: dict[str, float] = {
            row.kind: draw_within(row.low, row.share_parked, row.high, rng) for row in parked
        }
        rows = slice(draw * N_PER_SET, (draw + 1) * N_PER_SET)
        mean_names = np.array([kind.law.mean_names for kind in kinds])
        by_names = share * mean_names
        by_names /= np.maximum(by_names.sum(axis=1, keepdims=True), 1e-300)
        n_found = rng.binomial(listed.n_single, assumed[BY_NAMES], (N_PER_SET, provider_row.size))
        n_even = listed.n_swept + listed.n_single - n_found
        for row, kind in enumerate(kinds):
            for one, mine in _by_provider(provider_row):
                n_of_kind = rng.binomial(n_even[:, mine], share[mine, row]).sum(axis=1)
                n_of_found = rng.binomial(n_found[:, mine], by_names[mine, row]).sum(axis=1)
                names = _names_on(kind.law, n_of_kind, kind.law.count, rng)
                names += _names_on(kind.law, n_of_found, kind.law.count * kind.law.size, rng)
                if universe_share < 1:
                    names = rng.binomial(names, universe_share)
                k = assumed[f"{kind.name}.{ADDRESSES_PER_NAME}"]
                p = (listed.n_swept[mine] + listed.n_single[mine]).sum()
                p = min(1.0, max(p / max(listed.n_addresses[mine].sum(), 1), 1e-12))
                hit = names * (1 - (1 - p) ** k) / (p * k)
                found[0, rows, one] += names
                found[1, rows, one] += hit
                found[2, rows, one] += names * p ** (k - 1) / k
                found[3, rows, one] += hit * (1 - share_parked[kind.name])
    return NameDraws(provider, *found)


def draw_assumed(
    assumptions: Sequence[AssumptionRow], rng: np.random.Generator
) -> dict[str, float]:
    """Draw every assumption of a table from its range, by key."""
    return {row.key: draw_within(row.low, row.value, row.high, rng) for row in assumptions}


def draw_within(low: float, mode: float, high: float, rng: np.random.Generator) -> float:
    """One draw of a triangular distribution; of the logarithm where the range spans decades."""
    u = np.array(rng.random())
    if low > 0 and high >= 10 * low:
        return float(np.exp(triangular_quantile(u, *np.log([low, mode, high]).tolist())))
    return float(triangular_quantile(u, low, mode, high))


def _shares(
    places: Sequence[NamedPlace], rows: Sequence[SharingRow], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Share of each place's addresses in each kind of use, shape (n_places, n_kinds)."""
    drawn: dict[tuple[str, str, str], float] = {}
    for row in rows:
        share = draw_within(row.low, row.share_addresses, row.high, rng)
        drawn[row.provider, row.region, row.kind] = share
    named = {(provider, region) for provider, region, _ in drawn}
    seats = [place if place in named else (place[0], "*") for place in places]
    of_kind = np.array([[drawn.get((*seat, kind), 0.0) for kind in KINDS] for seat in seats])
    # Kinds exclude each other: together they are no more than the whole place.
    return np.asarray(of_kind / np.maximum(of_kind.sum(axis=1, keepdims=True), 1.0))


def _by_provider(provider_row: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    return [(int(one), np.flatnonzero(provider_row == one)) for one in np.unique(provider_row)]


def _names_on(
    law: NamesLaw,
    n_addresses: NDArray[np.int64],
    weight: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Names on so many addresses of a law, each size drawn by a weight; shape of the number."""
    if not n_addresses.any():
        return np.zeros(n_addresses.shape, np.int64)
    return np.asarray(rng.multinomial(n_addresses, weight / weight.sum()) @ law.size)
