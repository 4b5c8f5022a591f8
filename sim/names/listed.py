"""Names expected on listed addresses, wherever the list comes from: a file, or a run.

It resolves no name: nobody has to know who sits on an address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.prefixes import PrefixTable
from sim.names.expected import ListedPlaces, NamedPlace, NameDraws, draw_laws, draw_names
from sim.names.law import NamesLaw
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import read_shipped
from sim.scenario.tables.sharing import ConcentrationRow, ParkedRow, SharingRow
from sim.streams import Stream, Streams

COUNTS = NameDraws._fields
ALL_KNOWN, LOWER_BOUND, NONE_KNOWN = "known", "lower bound", "not known"
"""Whether names are known on all listed addresses, on a part, or on none. Too few
addresses are known on none: those on which at least 95 % of the draws have no name."""
LOW, HIGH = 0.05, 0.95
LUCK = Streams(2018, 0)
"""Luck of the expectation: the same list has the same answer."""
N_DRAWS, N_LAWS = 20_000, 100
"""Draws of what is assumed, each with luck of its own, and laws of the census that they take in
turn: ends of a band by another stream then differ by some per cent (measured in
``docs/explanation/names.md``)."""
FIGURES = 2
"""Significant figures of an expected number that another stream gives as well."""


def rounded_names(value: float, *, is_bound: bool = False) -> float:
    """Round an expected number to the figures that another stream gives, a lower bound down."""
    context = Context(FIGURES, ROUND_FLOOR if is_bound else ROUND_HALF_EVEN)
    return float(context.create_decimal(repr(float(value))))


NOT_COVERED, NOT_KNOWN = "(in no prefix of the table)", "(not known)"
"""Providers of addresses in no prefix of a table, and in a prefix without a provider."""


@dataclass(frozen=True)
class Band:
    """Median of a number over its draws, 5th and 95th percentile."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class ExpectedNames:
    """Names on the listed addresses of one provider, or of all."""

    provider: str
    """Empty for all of them; `NOT_COVERED` for addresses in no prefix of the table of providers,
    `NOT_KNOWN` for those in a prefix without a provider."""
    n_listed: int
    """Listed IPv4 addresses; the median where a list is one of several that are as likely."""
    n_addresses: int
    """Those at places whose use of addresses is in a table. The numbers are about these."""
    n_addresses6: int
    """Listed IPv6 addresses: names on them are not known."""
    state: str
    """`ALL_KNOWN`, `LOWER_BOUND` where a part is not known, or `NONE_KNOWN`."""
    names: Band | None
    hit: Band | None
    wholly: Band | None
    active: Band | None
    """As in ``NameDraws``; None where something is listed and names are known on none of it."""

    @property
    def share_known(self) -> float | None:
        """Share of the listed IPv4 addresses behind the numbers; None where none is listed."""
        return self.n_addresses / self.n_listed if self.n_listed else None


@dataclass(frozen=True)
class Expectation:
    """What is expected of a list."""

    all: ExpectedNames
    """All providers together."""
    providers: tuple[ExpectedNames, ...]
    """Each one with a listed address: those with known names first, most names first."""
    n_not_known: int
    """Listed IPv4 addresses whose names are not known: of no provider, or of one whose use of
    addresses no table tells."""
    n_not_known6: int
    """Listed IPv6 /64 networks: the tables are of IPv4."""


@dataclass(frozen=True)
class NameTables:
    """Tables that names are expected from."""

    census: Sequence[ConcentrationRow]
    sharing: Sequence[SharingRow]
    kinds: Sequence[AssumptionRow]
    parked: Sequence[ParkedRow]
    """Names per address, use of the addresses of each place, parameters of the kinds of use, and
    how many names are parked."""


def shipped_tables() -> NameTables:
    """Read the shipped tables."""
    return NameTables(
        read_shipped("hosting-concentration", ConcentrationRow).rows,
        read_shipped("sharing-2018", SharingRow).rows,
        shipped_kinds(),
        read_shipped("parked-names", ParkedRow).rows,
    )


def shipped_kinds() -> Sequence[AssumptionRow]:
    """Read the shipped parameters of the kinds of use."""
    return read_shipped("names-assumptions", AssumptionRow).rows


@dataclass(frozen=True, eq=False)
class Owners:
    """Who holds which IPv4 address."""

    place: tuple[NamedPlace, ...]
    """Provider and region of each place."""
    edge: NDArray[np.int64]
    """Where IPv4 passes from one place to another, its end included; shape (n_segments + 1,)."""
    place_row: NDArray[np.int64]
    """Place that holds each segment; the number of places where nobody does; shape
    (n_segments,)."""

    @classmethod
    def of_prefixes(
        cls,
        place: Sequence[NamedPlace],
        place_row: NDArray[np.int64],
        address: NDArray[np.int64],
        length: NDArray[np.int64],
    ) -> Owners:
        """Hold prefixes by place; of several that hold an address the longest one counts."""
        table = PrefixTable.from_prefixes(address, length)
        is_first = np.append(True, table.segment_row[1:] != table.segment_row[:-1])
        edge = np.append(table.segment_start[is_first], IPV4_STOP)
        row = table.segment_row[is_first]
        return cls(tuple(place), edge, np.append(place_row, len(place))[row])

    def count(self, addresses: IntervalSet) -> NDArray[np.int64]:
        """Addresses of a set by place; the last number is what nobody holds."""
        of_segment = np.diff(addresses.count_below(self.edge))
        n = np.bincount(self.place_row, of_segment, len(self.place) + 1)
        return np.asarray(n.astype(np.int64))


@dataclass(frozen=True)
class ListedAddresses:
    """Addresses that are listed."""

    swept: IntervalSet
    """Those of rules of several addresses, without ``single``."""
    single: IntervalSet
    """Those listed one by one. A wider rule that contains them takes none of them away: what is
    known of how they were found remains."""

    @classmethod
    def of_rules(cls, start: NDArray[np.int64], stop: NDArray[np.int64]) -> ListedAddresses:
        """Divide the addresses of rules ``[start, stop)``."""
        is_single = stop - start == 1
        wide = IntervalSet.from_bounds(start[~is_single], stop[~is_single])
        single = IntervalSet.from_bounds(start[is_single], stop[is_single])
        return cls(wide.difference(single), single)


def expect_listed(
    listed: Sequence[ListedAddresses],
    owners: Owners,
    tables: NameTables,
    unknown6: Mapping[str, int],
    *,
    n_networks6: int = 0,
    luck: Streams = LUCK,
    unused: Collection[NamedPlace] = (),
) -> Expectation:
    """Expect names on listed addresses.

    Parameters
    ----------
    listed
        What is listed, in one way or in several that are as likely: draws take them in turn.
    unknown6
        Listed IPv6 addresses, by provider: the tables are of IPv4.
    n_networks6
        As ``n_not_known6`` in ``Expectation``.
    luck
        Luck of the draws.
    unused
        Places that a row for all regions of their provider does not describe.
    """
    places, unknown = _listed_places(listed, owners, tables.sharing, unused)
    draws = draw_names(
        places,
        _laws(tuple(tables.census), N_LAWS, luck) if places.place else (),
        tables.sharing,
        tables.kinds,
        tables.parked,
        luck.generator(Stream.ADDRESS_NAMES),
        N_DRAWS,
    )
    n_listed, of_place = places.n_swept + places.n_single, [name for name, _ in places.place]
    known = {name: n_listed[[one == name for one in of_place]].sum(axis=0) for name in draws}
    none = np.zeros(len(listed), np.int64)
    n_unknown = sum(unknown.values(), none)
    providers = []
    for name in dict.fromkeys([*known, *unknown, *unknown6]):
        n = known.get(name, none), unknown.get(name, none), unknown6.get(name, 0)
        mine = draws[name]._asdict() if name in draws else {}
        too_few = bool(n[0].any()) and _is_none(mine)
        providers.append(_expected(name, *n, mine, too_few=too_few))
    providers.sort(key=lambda one: (-one.names.median if one.names else 1, -one.n_listed))
    sums = np.sum(list(draws.values()), axis=0) if draws else np.zeros((len(COUNTS), N_DRAWS))
    everything = dict(zip(COUNTS, sums, strict=True))
    too_few = any(one.n_addresses and one.names is None for one in providers)
    n = sum(known.values(), none), n_unknown, sum(unknown6.values())
    of_all = _expected("", *n, everything, too_few=too_few)
    return Expectation(of_all, tuple(providers), _median(n_unknown), n_networks6)


@lru_cache(maxsize=4)
def _laws(census: tuple[ConcentrationRow, ...], n_laws: int, luck: Streams) -> tuple[NamesLaw, ...]:
    """Laws that a census allows, drawn once for all lists."""
    return tuple(draw_laws(census, n_laws, luck.generator(Stream.ADDRESS_NAMES, tuple(b"census"))))


def _median(n: NDArray[np.int64]) -> int:
    return int(np.rint(np.median(n)))


def _band(values: NDArray[np.float64]) -> Band:
    return Band(*np.quantile(values, (0.5, LOW, HIGH)).tolist())


def _expected(
    provider: str,
    n_known: NDArray[np.int64],
    n_unknown: NDArray[np.int64],
    n_addresses6: int,
    draws: Mapping[str, NDArray[np.float64]],
    *,
    too_few: bool,
) -> ExpectedNames:
    """Bands of draws; none where something is listed and nothing, or too little, is known of it."""
    state = ALL_KNOWN
    if n_unknown.any() or n_addresses6 or too_few:
        is_known = n_known.any() and not (too_few and _is_none(draws))
        state = LOWER_BOUND if is_known else NONE_KNOWN
    bands = (None if state == NONE_KNOWN else _band(draws[count]) for count in COUNTS)
    n_listed = _median(n_known + n_unknown)
    return ExpectedNames(provider, n_listed, _median(n_known), n_addresses6, state, *bands)


def _is_none(draws: Mapping[str, NDArray[np.float64]]) -> bool:
    """Whether no name is on the addresses, even at the upper end of the band."""
    return bool(np.quantile(draws["names"], HIGH) == 0)


def _listed_places(
    listed: Sequence[ListedAddresses],
    owners: Owners,
    sharing: Sequence[SharingRow],
    unused: Collection[NamedPlace],
) -> tuple[ListedPlaces, dict[str, NDArray[np.int64]]]:
    """How much is listed of places with a row of use, and by provider of all others."""
    told = {(row.provider, row.region) for row in sharing}
    is_known = np.array(
        [one in told or (one not in unused and (one[0], "*") in told) for one in owners.place],
        np.bool_,
    )
    n_swept = np.stack([owners.count(one.swept) for one in listed], axis=1)
    n_single = np.stack([owners.count(one.single) for one in listed], axis=1)
    n_listed = n_swept + n_single
    kept = np.flatnonzero(is_known & n_listed[:-1].any(axis=1))
    n_of_place = owners.count(IntervalSet.universe())
    names = [provider or NOT_KNOWN for provider, _ in owners.place] + [NOT_COVERED]
    unknown: dict[str, NDArray[np.int64]] = {}
    for row in np.flatnonzero(n_listed.any(axis=1) & np.append(~is_known, True)).tolist():
        unknown[names[row]] = unknown.get(names[row], 0) + n_listed[row]
    return (
        ListedPlaces(
            tuple(owners.place[row] for row in kept.tolist()),
            n_of_place[kept],
            n_swept[kept],
            n_single[kept],
        ),
        unknown,
    )
