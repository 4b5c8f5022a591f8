"""Providers: their places, the target's pools there, and what they and courts decide."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import SPECIAL
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.line import IPV4, Line, Seats
from sim.addresses.sets.notation import Prefix
from sim.addresses.sets.prefixes import PrefixTable
from sim.scenario.reactions import Fronts
from sim.scenario.resolve import Resolved
from sim.scenario.schema import NONE
from sim.scenario.tables.rows import SHARED, CloudPrefixRow, PoolRow
from sim.scenario.tables.seeds import table_rows
from sim.streams import Stream, Streams
from sim.world.frozen import FrozenColumns

NOT_KNOWN = "(not known)"
"""Provider and region of a site whose address no table holds."""
_AT_ONCE = 1 << 15
"""Addresses that are drawn at once."""


@dataclass(frozen=True, eq=False)
class Places(FrozenColumns):
    """Provider regions, and the addresses of each."""

    provider: tuple[str, ...]
    """Names of providers, by provider row, in table order."""
    region: tuple[str, ...]
    """Names of regions, by place row."""
    provider_row: NDArray[np.int64]
    """Provider of each place; shape (n_places,)."""
    addresses: tuple[IntervalSet, ...]
    """Addresses of each place."""
    prefixes: PrefixTable
    """All prefixes of IPv4, for longest-prefix match."""
    prefix_provider_row: NDArray[np.int64]
    """Provider of each row of ``prefixes``; shape (n_prefixes,)."""
    seats: tuple[Seats, ...]
    """Addresses of each place that are given out."""
    line: Line = IPV4
    """The line on which all addresses lie."""
    seats6: tuple[Seats, ...] = ()
    """Addresses of IPv6 that each place gives out beside those of IPv4; empty where no table has
    any."""

    @cached_property
    def row_of(self) -> dict[tuple[str, str], int]:
        """Row of each place by provider and region."""
        owner = (self.provider[row] for row in self.provider_row.tolist())
        rows = {place: row for row, place in enumerate(zip(owner, self.region, strict=True))}
        # Where all of a region is shared, its name stands for the shared range.
        return {
            place: row if self.addresses[row] else rows.get((place[0], SHARED), row)
            for place, row in rows.items()
        }

    def count_by_provider(self, addresses: IntervalSet) -> NDArray[np.int64]:
        """IPv4 addresses of a set by provider; the last number is what no provider holds."""
        edge, owner = self.segments
        n_addresses = np.diff(addresses.count_below(edge))
        # Weights are summed as floats, which hold every number of addresses exactly.
        counted = np.bincount(owner, n_addresses, minlength=len(self.provider) + 1)
        return counted.astype(np.int64)

    @cached_property
    def segments(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where IPv4 passes from one provider to another, its end included, and to whom."""
        of_prefix = np.append(self.prefix_provider_row, len(self.provider))
        owner = of_prefix[self.prefixes.segment_row]
        is_first = np.append(True, owner[1:] != owner[:-1])
        return np.append(self.prefixes.segment_start[is_first], IPV4_STOP), owner[is_first]

    @cached_property
    def pieces(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Start, stop and place of all intervals that places hold, in ascending order."""
        start = np.concatenate([addresses.start for addresses in self.addresses])
        stop = np.concatenate([addresses.stop for addresses in self.addresses])
        n_of_place = [addresses.start.size for addresses in self.addresses]
        place_row = np.repeat(np.arange(len(self.addresses)), n_of_place)
        ascending = np.argsort(start, kind="stable")
        return start[ascending], stop[ascending], place_row[ascending]

    def place_of(self, address: int) -> int:
        """Row of the place that holds an address; -1 where none does."""
        start, stop, place_row = self._piece_lists
        row = bisect_right(start, address) - 1
        return place_row[row] if row >= 0 and address < stop[row] else -1

    @cached_property
    def _piece_lists(self) -> tuple[list[int], list[int], list[int]]:
        """The same as lists, in which one address is found in a tenth of the time."""
        start, stop, place_row = self.pieces
        return start.tolist(), stop.tolist(), place_row.tolist()

    def address_by_luck(self, place_row: NDArray[Any], u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Address drawn evenly from a place: the ``floor(u * size)``-th in ascending order.

        A place that has IPv4 gives out that, another IPv6 as ``Line.seats`` says.

        Parameters
        ----------
        place_row, u : shape (n,)
            Places, and uniform numbers in [0, 1).
        """
        return _drawn(self.seats, place_row, u)

    def address6_by_luck(
        self, place_row: NDArray[Any], u: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """IPv6 address drawn evenly from a place that has both families; as for IPv4."""
        return _drawn(self.seats6, place_row, u)

    def provider_addresses(self, provider_row: int) -> IntervalSet:
        """All addresses of one provider."""
        return self._of_provider[provider_row]

    @cached_property
    def _of_provider(self) -> tuple[IntervalSet, ...]:
        mine = [np.flatnonzero(self.provider_row == row) for row in range(len(self.provider))]
        return tuple(
            IntervalSet.union_all(self.addresses[place] for place in places.tolist())
            for places in mine
        )


def _drawn(
    seats: Sequence[Seats], place_row: NDArray[Any], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Address drawn evenly from the seats of each place."""
    if not place_row.size:
        return np.empty(0, np.int64)
    size = np.array([each.n for each in seats], np.int64)
    first = np.cumsum(size) - size
    start, length, step = map(np.concatenate, zip(*seats, strict=True))
    before = np.concatenate(([0], np.cumsum(length)))
    address = np.empty(place_row.shape, np.int64)
    # In pieces that stay near the processor.
    for row in range(0, place_row.size, _AT_ONCE):
        piece = slice(row, row + _AT_ONCE)
        place = place_row[piece]
        position = first[place] + np.floor(u[piece] * size[place]).astype(np.int64)
        run = np.searchsorted(before, position, side="right") - 1
        address[piece] = start[run] + (position - before[run]) * step[run]
    return address


def provider_names(resolved: Resolved) -> tuple[str, ...]:
    """Names of the providers of a scenario, by provider row; last the one that is not known."""
    names = dict.fromkeys(row.provider for row in prefix_rows(resolved))
    has_others = resolved.inventory or resolved.scenario.target.addresses
    return (*names, NOT_KNOWN) if has_others else tuple(names)


def prefix_rows(resolved: Resolved) -> tuple[CloudPrefixRow, ...]:
    """Rows of the tables of prefixes, those of shared ranges last."""
    return (*resolved.cloud_prefixes.rows, *shared_rows(resolved))


def shared_rows(resolved: Resolved) -> tuple[CloudPrefixRow, ...]:
    """Rows of the ranges that many tenants share; none where the scenario names none."""
    return table_rows(resolved.shared_prefixes)


def four_rows(resolved: Resolved) -> list[CloudPrefixRow]:
    """Rows of IPv4, shared ranges first, as the first of two equal rows counts."""
    rows = (*shared_rows(resolved), *resolved.cloud_prefixes.rows)
    return [row for row in rows if row.prefix.version == 4]


_kept: list[tuple[tuple[object, ...], Places]] = []
"""The places built last, which simulations of one scenario share, behind what they are of."""


def build_places(resolved: Resolved) -> Places:
    """Places of a scenario: those built last where its rows of prefixes are the same."""
    tables = resolved.cloud_prefixes, resolved.shared_prefixes
    rows = tuple(table and table.rows for table in tables)
    key = (*rows, provider_names(resolved), resolved.line)
    # The rows, as a copy of a scenario may have others under the hash of its file.
    if not (_kept and _kept[0][0] == key):
        _kept[:] = [(key, _build_places(resolved))]
    return _kept[0][1]


def _build_places(resolved: Resolved) -> Places:
    """Group prefixes into places as they appear; shared ranges, then unknown providers, last."""
    rows = prefix_rows(resolved)
    line = resolved.line
    shared = line.union(row.prefix for row in shared_rows(resolved))
    n_whole = len({(row.provider, row.region) for row in resolved.cloud_prefixes.rows})
    names = list(dict.fromkeys((row.provider, row.region) for row in rows))
    provider = provider_names(resolved)
    place_of = {name: number for number, name in enumerate(names)}
    places: list[list[Prefix]] = [[] for _ in names]
    for row in rows:
        places[place_of[row.provider, row.region]].append(row.prefix)
    addresses = tuple(
        _without(line.union(prefixes), shared if place < n_whole else IntervalSet.empty())
        for place, prefixes in enumerate(places)
    )
    fours = four_rows(resolved)
    prefix = np.array([row.prefix[1:] for row in fours], np.int64).reshape(-1, 2)
    seats, seats6 = zip(*map(partial(_seats, line), places, addresses), strict=True)
    if provider[-1] == NOT_KNOWN:
        names.append((NOT_KNOWN, NOT_KNOWN))
        seats += (Seats.of(_of_nobody(addresses)),)
        seats6 += (Seats.of(IntervalSet.empty()),)
        addresses += (IntervalSet.empty(),)
    return Places(
        provider=provider,
        region=tuple(region for _, region in names),
        provider_row=np.array([provider.index(name) for name, _ in names], np.int64),
        addresses=addresses,
        prefixes=PrefixTable.from_prefixes(prefix[:, 0], prefix[:, 1]),
        prefix_provider_row=np.array([provider.index(row.provider) for row in fours], np.int64),
        line=line,
        seats=seats,
        seats6=seats6 if line.has_ipv6 else (),
    )


def _of_nobody(addresses: Iterable[IntervalSet]) -> IntervalSet:
    """IPv4 addresses that no place holds and that a host may have."""
    held = IntervalSet.union_all(addresses)
    is_four = held.start < IPV4_STOP
    fours = IntervalSet(held.start[is_four], held.stop[is_four])
    return IntervalSet.universe().difference(SPECIAL).difference(fours)


def _seats(line: Line, prefixes: Iterable[Prefix], addresses: IntervalSet) -> tuple[Seats, Seats]:
    """Addresses of a place that are given out: of IPv4 if it has any; and of IPv6 next to them."""
    four, none = Seats.of(addresses), Seats.of(IntervalSet.empty())
    if not line.has_ipv6:
        return four, none
    six = line.seats(prefixes).within(addresses)
    return (four, six) if four.n else (six, none)


def _without(addresses: IntervalSet, others: IntervalSet) -> IntervalSet:
    """Addresses less others; asks first if they meet, as places are built for each replicate."""
    low = np.searchsorted(addresses.stop, others.start, side="right")
    high = np.searchsorted(addresses.start, others.stop)
    return addresses.difference(others) if (low < high).any() else addresses


Side = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Places of one side, foreign or domestic, and their weights."""


def hosting_side(resolved: Resolved, places: Places, side: str) -> Side:
    """Place rows of one side, foreign or domestic, and their weights."""
    rows = [row for row in resolved.hosting.rows if row.side == side]
    place = np.array([places.row_of[row.provider, row.region] for row in rows], np.int64)
    return place, np.array([row.weight for row in rows], np.float64)


def pick(side: Side, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place drawn by weight from one side."""
    place, weight = side
    return np.asarray(place[choose(weight, u)], dtype=np.int64)


def choose(weight: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row drawn with probability proportional to weight, by inversion of uniform ``u``."""
    edge = np.cumsum(weight)
    row = np.searchsorted(edge, u * edge[-1], side="right")
    # Rounding of u * total may reach the last edge; the last row with weight is meant.
    return np.asarray(np.minimum(row, np.flatnonzero(weight)[-1]), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Pools(FrozenColumns):
    """Where the target rents, or the addresses that it has."""

    rules: Fronts
    """Numbers of the scenario."""
    provider_row: NDArray[np.int64]
    weight: NDArray[np.float64]
    """Provider of each pool, and how often it is chosen; shape (n_pools,)."""
    seats: tuple[Seats, ...]
    """Addresses of each pool at which a front may be."""
    given: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Addresses that the target keeps, ascending: each is a pool of its own, and none of them is
    rented. Empty where it rents. Shape (n_addresses,)."""


def given_pools(given: NDArray[np.int64], places: Places) -> Pools:
    """Return the pools of a target that keeps its addresses.

    Parameters
    ----------
    given : shape (n_addresses,)
        Ascending places on the line.
    """
    of_nobody = len(places.provider) - 1
    owner = [places.place_of(address) for address in given.tolist()]
    # Nothing is lost, as no share of users is above 1: so nothing is rented after it.
    rules = Fronts(pools=NONE, n_fronts=given.size, monitor_lag_h=0, push_tau_h=1, lost_share=1)
    return Pools(
        rules=rules,
        provider_row=np.array(
            [places.provider_row[row] if row >= 0 else of_nobody for row in owner], np.int64
        ),
        weight=np.zeros(given.size),
        seats=(),
        given=given,
    )


def build_pools(resolved: Resolved, places: Places) -> Pools | None:
    """Return the pools of a scenario; None where the target has no addresses."""
    if resolved.target:
        own = resolved.line.union(resolved.target)
        size = own.stop - own.start
        before = np.repeat(np.cumsum(size) - size, size)
        return given_pools(np.repeat(own.start, size) + np.arange(before.size) - before, places)
    if resolved.scenario.fronts is None or resolved.pools is None:
        return None
    rows = resolved.pools.rows
    return Pools(
        rules=resolved.scenario.fronts,
        provider_row=np.array([places.provider.index(row.provider) for row in rows], np.int64),
        weight=np.array([row.weight for row in rows]),
        seats=tuple(_pool_seats(resolved, places, row) for row in rows),
    )


def _pool_seats(resolved: Resolved, places: Places, row: PoolRow) -> Seats:
    """Addresses of a pool that are given out: of IPv4, or of IPv6 where it has no others."""
    if row.region:
        return places.seats[places.row_of[row.provider, row.region]]
    four = Seats.of(places.provider_addresses(places.provider.index(row.provider)))
    mine = (one.prefix for one in resolved.cloud_prefixes.rows if one.provider == row.provider)
    return four if four.n else places.line.seats(mine)


COMPLIANT = "compliant"
SILENT = "silent"
HOSTILE = "hostile"
S_PER_D = 86_400


class StanceEvent(NamedTuple):
    """A provider takes a stance."""

    t_s: int
    provider_row: int
    stance: str


def build_stances(resolved: Resolved, places: Places) -> tuple[StanceEvent, ...]:
    """Dated stances by time; until a provider's first one it is silent."""
    start = resolved.scenario.start
    number = places.provider.index
    return tuple(
        sorted(
            StanceEvent(seconds_since(start, row.at), number(row.provider), str(row.stance))
            for row in table_rows(resolved.stances)
        )
    )


def seconds_since(start: datetime, instant: datetime) -> int:
    """Whole seconds from the scenario's start."""
    return int((instant - start).total_seconds())


def build_withdrawals(resolved: Resolved, streams: Streams) -> tuple[tuple[int, float], ...]:
    """Draw withdrawals that others decide, ``(t_s, share)``: a Poisson process over the run."""
    rules = resolved.scenario.censor
    if rules is None or rules.outside_withdrawals_per_d is None:
        return ()
    share = rules.outside_withdrawal_share
    assert share is not None
    rng = streams.generator(Stream.OUTSIDE_WITHDRAWAL)
    times_s = drawn_times_s(rules.outside_withdrawals_per_d, resolved.scenario.horizon_s, rng)
    return tuple((t_s, share) for t_s in times_s.tolist())


def drawn_times_s(per_d: float, horizon_s: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Seconds of a Poisson process, rounded up.

    Parameters
    ----------
    per_d
        Rate per day, above 0.

    Returns
    -------
    times : shape (n,), ascending
        In ``(0, horizon_s)``.
    """
    mean_s, last_s = S_PER_D / per_d, 0.0
    parts: list[NDArray[np.float64]] = []
    while last_s < horizon_s:
        # In blocks of a size that no horizon changes: a longer run only adds.
        parts.append(last_s + np.cumsum(rng.standard_exponential(64) * mean_s))
        last_s = float(parts[-1][-1])
    times_s = np.ceil(np.concatenate(parts))
    return times_s[times_s < horizon_s].astype(np.int64)
