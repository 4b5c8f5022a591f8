"""How many names a blocklist is expected to hit, at providers whose use of addresses is known.

In: blocklists, a table of who holds which prefix. Out: names by provider with the band that luck
and all assumed ranges leave. It resolves no name: nobody has to know who sits on an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.prefixes import PrefixTable
from sim.blocklists.blocklists import find_input
from sim.errors import UsageError
from sim.names.census_draws import draw_law
from sim.names.expected import N_SETS, ListedPlaces, NamedPlace, NameDraws, draw_names
from sim.names.names import fit_names_law
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import RowType, Table, find_table, read_table
from sim.scenario.tables.sharing import ConcentrationRow, ParkedRow, SharingRow
from sim.streams import Stream, Streams

COUNTS = ("names", "hit", "wholly", "active")
LOW, HIGH = 0.05, 0.95
OWNERS = "cloud-prefixes-2018"
"""Table of who holds which prefix where no other is given; that of the shipped kinds of use."""
LUCK = Streams(2018, 0)
"""Luck of the expectation: the same list has the same answer."""


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
        Empty for all of them.
    n_addresses
        Listed addresses that the numbers are about.
    names, hit, wholly, active
        As in ``NameDraws``.
    """

    provider: str
    n_addresses: int
    names: Band
    hit: Band
    wholly: Band
    active: Band


@dataclass(frozen=True)
class Expectation:
    """What is expected of a list.

    Attributes
    ----------
    all
        All providers together.
    providers
        Each one with a listed address, most names first.
    n_not_known
        Listed IPv4 addresses of no provider of the tables, whose names are not known.
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
    listed, draws, n_not_known = draw_listed_names(lists, owners, universe)
    networks6 = sum(feed.v6.to_set().n_networks for feed in lists)
    total = int((listed.n_swept + listed.n_single).sum())
    return Expectation(
        ExpectedNames("", total, *(_band(getattr(draws, name).sum(axis=1)) for name in COUNTS)),
        _by_provider(listed, draws),
        n_not_known,
        networks6,
        universe,
    )


def draw_listed_names(
    lists: Sequence[Feed], owners: Feed, universe: int | None
) -> tuple[ListedPlaces, NameDraws, int]:
    """Draw names on listed addresses; parameters and errors as for ``expect_names``.

    Returns
    -------
    listed
        Places with listed addresses.
    draws
        Names by provider, over luck and all assumed ranges.
    n_not_known
        Listed addresses of no provider whose use of addresses is known.
    """
    census = _shipped("hosting-concentration", ConcentrationRow).rows
    law = fit_names_law(census)
    if universe is not None and universe > law.n_names:
        raise UsageError(f"--universe: expected at most {law.n_names:,} names, got {universe:,}")
    sharing = _shipped("sharing-2018", SharingRow).rows
    listed, n_not_known = _listed_places(lists, owners, {row.provider for row in sharing})
    rng = LUCK.generator(Stream.ADDRESS_NAMES, tuple(b"census"))
    draws = draw_names(
        listed,
        [draw_law(census, rng) for _ in range(N_SETS)],
        sharing,
        _shipped("names-assumptions", AssumptionRow).rows,
        _shipped("parked-names", ParkedRow).rows,
        LUCK.generator(Stream.ADDRESS_NAMES),
        1.0 if universe is None else universe / law.n_names,
    )
    return listed, draws, n_not_known


def _shipped(name: str, model: type[RowType]) -> Table[RowType]:
    return read_table(name, find_table(name, Path()), model)


def _band(values: NDArray[np.float64]) -> Band:
    low, high = np.quantile(values, (LOW, HIGH))
    return Band(float(values.mean()), float(low), float(high))


def _by_provider(listed: ListedPlaces, draws: NameDraws) -> tuple[ExpectedNames, ...]:
    of_place = np.array([draws.provider.index(name) for name, _ in listed.place], np.int64)
    n_of = np.bincount(of_place, listed.n_swept + listed.n_single, len(draws.provider))
    found = [
        ExpectedNames(
            name, int(n_of[row]), *(_band(getattr(draws, count)[:, row]) for count in COUNTS)
        )
        for row, name in enumerate(draws.provider)
        if n_of[row] > 0
    ]
    return tuple(sorted(found, key=lambda one: -one.names.mean))


def _listed_places(
    lists: Sequence[Feed], owners: Feed, known: set[str]
) -> tuple[ListedPlaces, int]:
    """How much of each place is listed, and listed addresses of none whose use is known."""
    places, place_of_row = _places(owners)
    row, address, length = owners.v4.to_prefixes()
    table = PrefixTable.from_prefixes(address, length)
    is_first = np.append(True, table.segment_row[1:] != table.segment_row[:-1])
    edge = np.append(table.segment_start[is_first], IPV4_STOP)
    prefix_row = table.segment_row[is_first]
    place = np.where(prefix_row >= 0, place_of_row[row[prefix_row]], -1)
    is_known = np.array([provider in known for provider, _ in places] + [False], np.bool_)
    place = np.where(is_known[place], place, len(places))

    def count(addresses: IntervalSet) -> NDArray[np.int64]:
        of_segment = np.diff(addresses.count_below(edge))
        return np.bincount(place, of_segment, len(places) + 1).astype(np.int64)

    swept, single = _swept_and_single(lists)
    n_swept, n_single = count(swept), count(single)
    kept = np.flatnonzero(is_known[:-1] & (n_swept + n_single > 0)[:-1])
    n_of_place = count(IntervalSet.universe())
    return (
        ListedPlaces(
            tuple(places[row] for row in kept.tolist()),
            n_of_place[kept],
            n_swept[kept],
            n_single[kept],
        ),
        int(n_swept[-1] + n_single[-1]),
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
