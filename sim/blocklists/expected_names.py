"""How many names a blocklist is expected to hit, at providers whose use of addresses is known.

In: blocklists, a table of who holds which prefix. Out: names by provider with the band that luck
and all assumed ranges leave, or that they are not known. It resolves no name: nobody has to know
who sits on an address. It is one file, since nearly half of it says what each field of the answer
is, and the rest fills these fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.prefixes import PrefixTable
from sim.blocklists.attribution import NOT_COVERED, NOT_KNOWN, Attributes, break_down
from sim.blocklists.blocklists import find_input
from sim.blocklists.listed import union
from sim.errors import UsageError
from sim.names.census_draws import draw_laws
from sim.names.expected import ListedPlaces, NamedPlace, NameDraws, draw_names
from sim.names.names import fit_names_law
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import RowType, Table, find_table, read_table
from sim.scenario.tables.sharing import ConcentrationRow, ParkedRow, SharingRow
from sim.streams import Stream, Streams

COUNTS = ("names", "hit", "wholly", "active")
ALL_KNOWN, LOWER_BOUND, NONE_KNOWN = "known", "lower bound", "not known"
"""What is known of the names on listed addresses: on all of them, on a part, on none."""
LOW, HIGH = 0.05, 0.95
OWNERS = "cloud-prefixes-2018"
"""Table of who holds which prefix where no other is given; that of the shipped kinds of use."""
LUCK = Streams(2018, 0)
"""Luck of the expectation: the same list has the same answer."""
N_DRAWS, N_LAWS = 20_000, 100
"""Draws of what is assumed, each with luck of its own, and laws of the census that they take in
turn: ends of a band by another stream then differ by some per cent (measured in
``docs/explanation/names.md``)."""
FIGURES = 2
"""Significant figures of an expected number that another stream gives as well."""


@dataclass(frozen=True)
class Band:
    """Mean of a number over its draws, and the ends of the interval that holds 90 % of them."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ExpectedNames:
    """Names on the listed addresses of one provider, or of all.

    Attributes
    ----------
    provider
        Empty for all of them; `NOT_COVERED` for addresses in no prefix of the table of providers,
        `NOT_KNOWN` for those in a prefix without a provider.
    n_listed
        Listed IPv4 addresses.
    n_addresses
        Of these, those at places of which a table tells how addresses are used. The numbers are
        about these.
    n_addresses6
        Listed IPv6 addresses: names on them are not known.
    names, hit, wholly, active
        As in ``NameDraws``; None where something is listed and names are known on none of it.
    """

    provider: str
    n_listed: int
    n_addresses: int
    n_addresses6: int
    names: Band | None
    hit: Band | None
    wholly: Band | None
    active: Band | None

    @property
    def share_known(self) -> float | None:
        """Share of the listed IPv4 addresses behind the numbers; None where none is listed."""
        return self.n_addresses / self.n_listed if self.n_listed else None

    @property
    def state(self) -> str:
        """What is known: `ALL_KNOWN`, `LOWER_BOUND` where of a part nothing is, `NONE_KNOWN`."""
        if self.n_addresses == self.n_listed and not self.n_addresses6:
            return ALL_KNOWN
        return LOWER_BOUND if self.n_addresses else NONE_KNOWN


@dataclass(frozen=True)
class Expectation:
    """What is expected of a list.

    Attributes
    ----------
    all
        All providers together.
    providers
        Each one with a listed address: those of which something is known first, most names first.
    n_not_known
        Listed IPv4 addresses whose names are not known: of no provider, or of one whose use of
        addresses no table tells.
    n_not_known6
        Listed IPv6 /64 networks: the tables are of IPv4.
    universe
        Names counted out of all, where only those of a study are; None for all.
    """

    all: ExpectedNames
    providers: tuple[ExpectedNames, ...]
    n_not_known: int
    n_not_known6: int
    universe: int | None


@dataclass(frozen=True, eq=False)
class ListedNames:
    """Draws of the names on listed addresses, and on which addresses they are not known.

    Attributes
    ----------
    listed
        Places with listed addresses of which a table tells how addresses are used.
    draws
        Names there by provider, over luck and over all assumed ranges.
    unknown
        Other listed IPv4 addresses, by provider.
    unknown6
        Listed IPv6 addresses, by provider: the tables are of IPv4.
    """

    listed: ListedPlaces
    draws: NameDraws
    unknown: dict[str, int]
    unknown6: dict[str, int]

    @property
    def known(self) -> dict[str, int]:
        """Listed addresses that the draws are about, by provider."""
        n = dict.fromkeys(self.draws.provider, 0)
        of_place = (self.listed.n_swept + self.listed.n_single).tolist()
        for (provider, _), n_of_place in zip(self.listed.place, of_place, strict=True):
            n[provider] += n_of_place
        return n


def shipped_owners() -> Feed:
    """Read the shipped table of who holds which prefix."""
    return read_feed(find_input(OWNERS))


def expect_names(lists: Sequence[Feed], owners: Feed, universe: int | None = None) -> Expectation:
    """Expect names on listed addresses.

    Parameters
    ----------
    lists
        Blocklists.
    owners
        Table with columns ``provider`` and ``prefix``, and ``region`` if it has them.
    universe
        Number of names that are counted, as a study that looks at some names does; they are taken
        for a random part of the names of the census. None to count all.

    Raises
    ------
    UsageError
        If the universe is larger than the census, or ``owners`` names no provider.
    """
    found = draw_listed_names(lists, owners, universe)
    everything = {count: getattr(found.draws, count).sum(axis=1) for count in COUNTS}
    n_known, n_not_known = sum(found.known.values()), sum(found.unknown.values())
    return Expectation(
        _expected("", n_known, n_not_known, sum(found.unknown6.values()), everything),
        _by_provider(found),
        n_not_known,
        sum(feed.v6.to_set().n_networks for feed in lists),
        universe,
    )


def draw_listed_names(
    lists: Sequence[Feed], owners: Feed, universe: int | None, luck: Streams = LUCK
) -> ListedNames:
    """Draw names on listed addresses; other parameters and errors as for ``expect_names``.

    Parameters
    ----------
    luck
        Luck of the draws.
    """
    census = _shipped("hosting-concentration", ConcentrationRow).rows
    law = fit_names_law(census)
    if universe is not None and universe > law.n_names:
        raise UsageError(f"--universe: expected at most {law.n_names:,} names, got {universe:,}")
    sharing = _shipped("sharing-2018", SharingRow).rows
    listed, unknown = _listed_places(lists, owners, {(row.provider, row.region) for row in sharing})
    rng = luck.generator(Stream.ADDRESS_NAMES, tuple(b"census"))
    draws = draw_names(
        listed,
        draw_laws(census, N_LAWS, rng),
        sharing,
        _shipped("names-assumptions", AssumptionRow).rows,
        _shipped("parked-names", ParkedRow).rows,
        luck.generator(Stream.ADDRESS_NAMES),
        N_DRAWS,
        1.0 if universe is None else universe / law.n_names,
    )
    return ListedNames(listed, draws, unknown, _listed6(lists, owners))


def _shipped(name: str, model: type[RowType]) -> Table[RowType]:
    return read_table(name, find_table(name, Path()), model)


def _band(values: NDArray[np.float64]) -> Band:
    low, high = np.quantile(values, (LOW, HIGH))
    return Band(float(values.mean()), float(low), float(high))


def _expected(
    provider: str,
    n_known: int,
    n_not_known: int,
    n_addresses6: int,
    draws: Mapping[str, NDArray[np.float64]],
) -> ExpectedNames:
    """Bands of draws; none where something is listed and nothing is known of it."""
    is_known = n_known > 0 or not (n_not_known or n_addresses6)
    bands = (_band(draws[count]) if is_known else None for count in COUNTS)
    return ExpectedNames(provider, n_known + n_not_known, n_known, n_addresses6, *bands)


def _by_provider(found: ListedNames) -> tuple[ExpectedNames, ...]:
    known = found.known
    of_all = [
        _expected(
            name,
            known.get(name, 0),
            found.unknown.get(name, 0),
            found.unknown6.get(name, 0),
            {count: getattr(found.draws, count)[:, row] for count in COUNTS}
            if name in known
            else {},
        )
        for row, name in enumerate(dict.fromkeys([*known, *found.unknown, *found.unknown6]))
    ]
    return tuple(
        sorted(of_all, key=lambda one: (-one.names.mean if one.names else 1, -one.n_listed))
    )


def _listed6(lists: Sequence[Feed], owners: Feed) -> dict[str, int]:
    """Listed IPv6 addresses by provider."""
    if not any(len(feed.v6) for feed in lists):
        return {}
    (by_provider,) = break_down(union(lists), Attributes.of(owners), ["provider"])
    return {group.name: group.n_addresses6 for group in by_provider.groups if group.n_addresses6}


def _listed_places(
    lists: Sequence[Feed], owners: Feed, known: set[NamedPlace]
) -> tuple[ListedPlaces, dict[str, int]]:
    """How much of each place is listed, and by provider what is listed of other places.

    A place is known by a row of its own in the table of kinds, or by one for all regions.
    """
    places, place_of_row = _places(owners)
    row, address, length = owners.v4.to_prefixes()
    table = PrefixTable.from_prefixes(address, length)
    is_first = np.append(True, table.segment_row[1:] != table.segment_row[:-1])
    edge = np.append(table.segment_start[is_first], IPV4_STOP)
    prefix_row = table.segment_row[is_first]
    place = np.where(prefix_row >= 0, place_of_row[row[prefix_row]], -1)
    place = np.where(place >= 0, place, len(places))
    is_known = np.array([not known.isdisjoint((one, (one[0], "*"))) for one in places], np.bool_)

    def count(addresses: IntervalSet) -> NDArray[np.int64]:
        of_segment = np.diff(addresses.count_below(edge))
        return np.bincount(place, of_segment, len(places) + 1).astype(np.int64)

    swept, single = _swept_and_single(lists)
    n_swept, n_single = count(swept), count(single)
    n_listed = n_swept + n_single
    kept = np.flatnonzero(is_known & (n_listed[:-1] > 0))
    n_of_place = count(IntervalSet.universe())
    names = [provider or NOT_KNOWN for provider, _ in places] + [NOT_COVERED]
    unknown: dict[str, int] = {}
    for of_place in np.flatnonzero(n_listed * np.append(~is_known, True)).tolist():
        unknown[names[of_place]] = unknown.get(names[of_place], 0) + int(n_listed[of_place])
    return (
        ListedPlaces(
            tuple(places[row] for row in kept.tolist()),
            n_of_place[kept],
            n_swept[kept],
            n_single[kept],
        ),
        unknown,
    )


def _places(owners: Feed) -> tuple[list[NamedPlace], NDArray[np.int64]]:
    """Places of a table, and the row of the place of each of its rows of prefixes."""
    provider = owners.labels.get("provider")
    if provider is None:
        raise UsageError(f"{owners.origin.file}: expected a column provider, got none")
    region = owners.labels.get("region")
    names = [
        (
            provider.names[code] if code >= 0 else "",
            region.names[region.code[record]] if region and region.code[record] >= 0 else "",
        )
        for record, code in enumerate(provider.code.tolist())
    ]
    places = list(dict.fromkeys(names))
    row_of = {name: row for row, name in enumerate(places)}
    of_record = np.array([row_of[name] for name in names], np.int64)
    return places, of_record[owners.record4]


def _swept_and_single(lists: Sequence[Feed]) -> tuple[IntervalSet, IntervalSet]:
    """Addresses of rules of several addresses, and those that are only listed one by one."""
    swept, single = [], []
    for feed in lists:
        start, stop = np.asarray(feed.v4.start), np.asarray(feed.v4.stop)
        is_single = stop - start == 1
        single.append(IntervalSet.from_bounds(start[is_single], stop[is_single]))
        swept.append(IntervalSet.from_bounds(start[~is_single], stop[~is_single]))
    wide = IntervalSet.union_all(swept)
    return wide, IntervalSet.union_all(single).difference(wide)
