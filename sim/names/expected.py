"""How many names are expected on listed addresses: draws of what a census allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.names.law import Calibration, NamesLaw, law_of
from sim.names.sharing import KINDS, Segment, segment_of
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.sharing import ConcentrationRow, ParkedRow, SharingRow
from sim.statistics.designs import triangular_quantile

SHORT_OF_A_STEP = 0.02
"""How far the size at the end of a group of ranks stays from the neighbouring means, where a
falling curve would have to be a step; in the logarithm, of the distance of the two."""
MOST_TRIES = 100
"""Draws of rounded shares that no falling curve meets are drawn anew, at most so often."""


NO_CURVE = f"expected rows that some falling curve meets, got none in {MOST_TRIES} draws"
MET_WITHIN = 1e-6
"""Relative error of the names of a group of ranks, in laws that are drawn many at once: far within
the rounding of the rows."""


def draw_law(rows: Sequence[ConcentrationRow], rng: np.random.Generator) -> NamesLaw:
    """Draw a law out of those that the calibration rows of a census allow.

    Notes
    -----
    Every row is drawn evenly within its rounding. The size at the rank that ends a group, which the
    rows leave open between the names per address before and after, is drawn evenly in the logarithm
    in place of their geometric mean.

    Raises
    ------
    ValueError
        As ``Calibration.of`` for the rows as they are; or if rows within their rounding are met by
        no falling curve in 100 draws.
    """
    n_ends = len(Calibration.of(rows).top)
    for _ in range(MOST_TRIES):
        off = rng.uniform(-1, 1, len(rows))
        law = _law_at(rows, off, rng.uniform(SHORT_OF_A_STEP, 1 - SHORT_OF_A_STEP, n_ends), 0.0)
        if law is not None:
            return law
    raise ValueError(NO_CURVE)


def draw_laws(
    rows: Sequence[ConcentrationRow], n_laws: int, rng: np.random.Generator
) -> list[NamesLaw]:
    """Draw many laws as ``draw_law`` does, spread evenly over the range of each row and end.

    Notes
    -----
    A Latin hypercube: each of as many equal parts of the range of a row, and of the place of a
    size, has one law (McKay, Beckman, Conover 1979), so that fewer laws tell as much. One that no
    falling curve meets is drawn anew without that. The names of a group of ranks are met to a
    millionth.

    Raises
    ------
    ValueError
        As ``draw_law``.
    """
    n_ends = len(Calibration.of(rows).top)
    part = rng.permuted(np.tile(np.arange(n_laws)[:, None], len(rows) + n_ends), axis=0)
    laws = []
    for u in (part + rng.random(part.shape)) / n_laws:
        for _ in range(MOST_TRIES):
            place = SHORT_OF_A_STEP + (1 - 2 * SHORT_OF_A_STEP) * u[len(rows) :]
            law = _law_at(rows, 2 * u[: len(rows)] - 1, place, MET_WITHIN)
            if law is not None:
                laws.append(law)
                break
            u = rng.random(u.size)  # noqa: PLW2901
        else:
            raise ValueError(NO_CURVE)
    return laws


def _law_at(
    rows: Sequence[ConcentrationRow],
    off: NDArray[np.float64],
    place: NDArray[np.float64],
    tolerance: float,
) -> NamesLaw | None:
    """Law of rows that are off by parts of their rounding; None where no curve meets them."""
    moved = [
        row.model_copy(update={"value": row.value + float(by) * row.rounding})
        for row, by in zip(rows, off, strict=True)
    ]
    try:
        return law_of(Calibration.of(moved), place, tolerance)
    except ValueError:
        return None


EVERY_SIZE, WIDER = 20, 1.25
"""Sizes up to the first are distinguished; larger ones within a quarter of each other are one."""
MOST_STEPS, FOUND_WITHIN = 100, 1e-3
"""Steps of Newton's method at most, and the relative error at which they end."""


@dataclass(frozen=True, eq=False)
class KindDraws:
    """Names per address of one kind of use, in each draw, by classes of size."""

    n_addresses: NDArray[np.float64]
    """Addresses of each class, in any unit; shape (n_draws, n_classes)."""
    n_names: NDArray[np.float64]
    """Names on these addresses; shape (n_draws, n_classes)."""

    @property
    def mean_names(self) -> NDArray[np.float64]:
        """Names per address, shape (n_draws,)."""
        return np.asarray(self.n_names.sum(axis=1) / self.n_addresses.sum(axis=1))

    def names_on(self, n: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the names on so many addresses that are drawn evenly.

        Parameters
        ----------
        n : shape (n_draws,)
            Addresses.

        Returns
        -------
        names : shape (n_draws,)
            An address counts with the mean of its class.
        """
        if not n.any():
            return np.zeros(n.shape)
        mean = self.n_names / np.maximum(self.n_addresses, 1e-300)
        share = self.n_addresses / self.n_addresses.sum(axis=1, keepdims=True)
        return np.asarray((rng.multinomial(n, share) * mean).sum(axis=1))


def draw_found_names(
    kinds: Sequence[KindDraws],
    n_of_kind: NDArray[np.float64],
    n: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw the names on addresses that were found by a name, none of them twice.

    Parameters
    ----------
    n_of_kind : shape (n_kinds, n_draws)
        Addresses that carry names where these were found, by kind of use.
    n : shape (n_draws,)
        Addresses found. Where they are more than carry names, as many are taken to carry some.

    Returns
    -------
    names, expected : shape (n_kinds, n_draws)
        An address counts with the mean of its class; the same without the luck of who is found.

    Notes
    -----
    Addresses come up one after the other in proportion to their names, and each once at most. That
    is as if each came up after an exponential time with the rate of its names: by the time t, of M
    addresses with s names ``M (1 - exp(-s t))`` have, and t is that at which these are n in all
    (successive sampling: Rosen 1972). So a list holds no more names than there are.
    """
    found = np.zeros((2, *n_of_kind.shape))
    mine = np.flatnonzero((n > 0) & (n_of_kind.sum(axis=0) > 0))
    share = [each.n_addresses[mine] / each.n_addresses[mine].sum(axis=1)[:, None] for each in kinds]
    m = np.concatenate(
        [row[mine, None] * part for row, part in zip(n_of_kind, share, strict=True)], axis=1
    )
    size = np.concatenate(
        [each.n_names[mine] / np.maximum(each.n_addresses[mine], 1e-300) for each in kinds], axis=1
    )
    m *= np.maximum(1.0, n[mine] / m.sum(axis=1))[:, None]
    chance = m * -np.expm1(-size * _time_to(n[mine], m, size)[:, None])
    picked = rng.multinomial(n[mine], chance / chance.sum(axis=1, keepdims=True))
    edge = np.cumsum([each.n_addresses.shape[1] for each in kinds])[:-1]
    for of, number in zip(found, (picked, chance), strict=True):
        of[:, mine] = [part.sum(axis=1) for part in np.split(number * size, edge, axis=1)]
    return found[0], found[1]


def _time_to(
    n: NDArray[np.int64], m: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Time at which n of the addresses have come up, in each draw, by Newton's method."""
    # From the left: as fewer and fewer come up, no step goes too far. Only after all time all have.
    wanted = np.minimum(n, m.sum(axis=1) * (1 - FOUND_WITHIN))
    t = wanted / (m * size).sum(axis=1)
    for _ in range(MOST_STEPS):
        left = m * np.exp(-size * t[:, None])
        missing = wanted - (m.sum(axis=1) - left.sum(axis=1))
        if np.all(missing <= FOUND_WITHIN * wanted):
            break
        t += np.maximum(missing, 0) / np.maximum((left * size).sum(axis=1), 1e-300)
    return np.asarray(t)


def draw_kinds(
    censuses: Sequence[NamesLaw], value: Mapping[str, NDArray[np.float64]]
) -> tuple[KindDraws, ...]:
    """Cut laws into those of the kinds of use, in the order of ``KINDS``.

    Parameters
    ----------
    censuses
        Laws over all addresses; draws take them in turn.
    value
        Drawn parameters by key, as ``kind.parameter``, each of shape (n_draws,).

    Raises
    ------
    ValueError
        If a law has no address with as many names as a kind is drawn to have.
    KeyError
        If a value is absent.
    """
    n_draws = next(iter(value.values())).size
    return tuple(_draws_of(kind, segment_of(kind, value), censuses, n_draws) for kind in KINDS)


def _draws_of(kind: str, segment: Segment, censuses: Sequence[NamesLaw], n_draws: int) -> KindDraws:
    """Classes of one kind: the first are singles beside its segment."""
    low, share_single = (np.broadcast_to(each, n_draws) for each in (segment.low, segment.single))
    largest = max(int(law.size[0]) for law in censuses)
    high = np.broadcast_to(largest if segment.high is None else segment.high, n_draws)
    edge = _edges(int(low.min()), int(high.max()) + 1)
    found = np.zeros((2, n_draws, edge.size))
    for number, law in enumerate(censuses):
        mine = slice(number, None, len(censuses))
        ends = low[mine, None], high[mine, None] + 1
        found[:, mine, 1:] = law.sums_between(np.clip(edge, *ends))
    n_shared = found[0].sum(axis=1)
    if not n_shared.all():
        (draw, *_) = np.flatnonzero(n_shared == 0)
        wanted = f"{low[draw]} to {high[draw]} names of the kind {kind}"
        raise ValueError(f"expected addresses with {wanted}, got none")
    # A single has one name.
    found[:, :, 0] = n_shared * share_single / (1 - share_single)
    return KindDraws(*found)


def _edges(low: int, stop: int) -> NDArray[np.int64]:
    """Ends of classes of size, from ``low`` to ``stop``."""
    n_wide = int(np.ceil(np.log(max(stop / EVERY_SIZE, 1)) / np.log(WIDER)))
    wide = np.rint(EVERY_SIZE * WIDER ** np.arange(1, n_wide + 1))
    edge = np.unique(np.append(np.arange(1, EVERY_SIZE + 1), wide).astype(np.int64))
    inside = edge[(edge > low) & (edge < stop)]
    return np.concatenate(([low], inside, [stop]))


BY_NAMES, ADDRESSES_PER_NAME = "listed.share_by_names", "addresses_per_name"
NamedPlace = tuple[str, str]
"""Provider and region."""


@dataclass(frozen=True, eq=False)
class ListedPlaces:
    """How much of each place a list holds."""

    place: tuple[NamedPlace, ...]
    """Provider and region of each place."""
    n_addresses: NDArray[np.int64]
    """Addresses of the place; shape (n_places,)."""
    n_swept: NDArray[np.int64]
    """Of these, addresses listed by a rule of several addresses, without ``n_single``. Where a list
    may be so or so, draws take these ways in turn. Shape (n_places, n_ways)."""
    n_single: NDArray[np.int64]
    """Of these, addresses listed one by one; shape (n_places, n_ways)."""


class NameDraws(NamedTuple):
    """Draws of the number of names on the listed addresses of a provider, each shape (n_draws,)."""

    names: NDArray[np.float64]
    """Names on listed addresses, a name on two of them counted twice."""
    hit: NDArray[np.float64]
    wholly: NDArray[np.float64]
    """Distinct names with at least one listed address, and with all of theirs listed."""
    active: NDArray[np.float64]
    """Those of ``hit`` that are not parked."""


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
        names[:, :, mine[0]] = draw_found_names(kinds, n_of_kind, kept[mine].sum(axis=0), rng)
    return names, kept


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
