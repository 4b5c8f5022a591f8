"""Counts names behind addresses: those that were hit, and those expected behind what was listed.

Names of a run are a sample; expected names follow from tables of how providers use addresses.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.gather import parse_entries
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.engine.decisions import BLOCKING, Mechanism
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure, measured
from sim.measure.summary import Spread, ends
from sim.names import listed
from sim.results.parquet import read_columns
from sim.results.tables import Line
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import CloudPrefixRow
from sim.world.build import World
from sim.world.providers import prefix_rows, shared_rows


def measure_names(world: World, outcome: Outcome) -> Iterator[Measure]:
    """Names and active sites hit in one run, of those on the addresses in use at t = 0.

    Notes
    -----
    Hit are those on addresses that some operator with users ever dropped or throttled. An address
    that several businesses share is counted once; active sites leave out parked names. At least one
    address is in use, with one active site.
    """
    address, *counts = world.components.in_use(world.businesses.component_row)
    serving = np.flatnonzero(world.operators.share_users > 0)
    is_hit = ever_dropped(outcome, address, serving.tolist())
    for of, n in zip(("names", "active_sites"), counts, strict=True):
        hit, whole = float(n[is_hit].sum()), float(n.sum())
        yield measured(f"{of}_hit", hit, whole)
        yield measured(f"{of}_hit_share", hit / whole, whole)


def ever_dropped(
    outcome: Outcome, address: NDArray[np.int64], operator_rows: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether one of some operators ever dropped or throttled each address.

    Parameters
    ----------
    address : shape (n,), ascending, distinct

    Notes
    -----
    At an operator an address is dropped while a blocking entry contains it and no exempting one
    does, at the end of a second. An address in no exempting entry was dropped if any enforced
    blocking entry contains it; only the others need their history.
    """
    log = outcome.events
    mine = np.isin(log.operator_row, operator_rows)
    mine &= (log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED)
    step = np.where(log.kind[mine] == Kind.ENFORCED, 1, -1)
    change = Change(log.t_s[mine], log.entry_row[mine], step, log.operator_row[mine])
    is_block = np.array([m in BLOCKING for m in outcome.entry_mechanism], np.bool_)
    is_exempt = np.array([m is Mechanism.EXEMPT for m in outcome.entry_mechanism], np.bool_)
    enforced = np.unique(change.entry)
    is_dropped = _union(outcome, enforced[is_block[enforced]]).contains(address)
    exempt = _union(outcome, enforced[is_exempt[enforced]])
    contested = np.flatnonzero(is_dropped & exempt.contains(address))
    if contested.size:
        is_dropped[contested] = change.hold_somewhere(
            outcome.entry_addresses, address[contested], is_block, is_exempt
        )
    return is_dropped


@dataclass(frozen=True, eq=False)
class Change:
    """Entries that come into force (+1) and leave it (-1), by time; at one holder, or at several.

    Attributes
    ----------
    t_s, entry, step, holder : shape (n_changes,)
        Without holders all are at one.
    """

    t_s: NDArray[np.int64]
    entry: NDArray[np.int64]
    step: NDArray[np.int64]
    holder: NDArray[np.int64] | None = None

    def hold_somewhere(
        self,
        entries: Sequence[IntervalSet],
        address: NDArray[np.int64],
        is_block: NDArray[np.bool_],
        is_exempt: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Whether, at the end of some second, a holder blocks each address and does not exempt it.

        Parameters
        ----------
        entries
            Addresses of each entry.
        address : shape (n_addresses,), ascending, distinct
        is_block, is_exempt : shape (n_entries,)
        """
        counting = np.flatnonzero(is_block | is_exempt)
        sets = [entries[row] for row in counting.tolist()]
        start = np.concatenate([np.empty(0, np.int64), *(one.start for one in sets)])
        stop = np.concatenate([np.empty(0, np.int64), *(one.stop for one in sets)])
        of_interval = np.repeat(counting, [one.start.size for one in sets])
        first = np.searchsorted(address, start)
        n = np.searchsorted(address, stop) - first
        # Which addresses each entry holds, one entry after the other.
        place = np.repeat(first, n) + _counted_up(n)
        n_held = np.bincount(of_interval, n, len(entries)).astype(np.int64)
        # What each change does to each of the addresses that its entry holds.
        n = n_held[self.entry]
        change = np.repeat(np.arange(self.entry.size), n)
        place = place[np.repeat((np.cumsum(n_held) - n_held)[self.entry], n) + _counted_up(n)]
        pair = place if self.holder is None else self.holder[change] * address.size + place
        # One address at one holder after the other, and in each as time goes.
        in_turn = np.argsort(pair, kind="stable")
        change, place, pair = change[in_turn], place[in_turn], pair[in_turn]
        begins = np.diff(pair, prepend=-2 * address.size) != 0
        n_blocking, n_exempting = (
            _running(self.step[change] * is_so[self.entry[change]], begins)
            for is_so in (is_block, is_exempt)
        )
        ends_second = np.append(begins[1:] | (np.diff(self.t_s[change]) != 0), True)[: place.size]
        is_found = np.zeros(address.size, np.bool_)
        is_found[place[ends_second & (n_blocking > 0) & (n_exempting == 0)]] = True
        return is_found


def _counted_up(n: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … for each of some numbers, as many as it says, one after the other."""
    return np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)


def _running(step: NDArray[np.int64], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sums of steps so far, each from where it begins anew."""
    total = np.cumsum(step)
    first = np.flatnonzero(begins)
    before = np.append(0, total)[first]
    return np.asarray(total - np.repeat(before, np.diff(first, append=step.size)))


def _union(outcome: Outcome, entry: NDArray[np.int64]) -> IntervalSet:
    return IntervalSet.union_all(outcome.entry_addresses[row] for row in entry.tolist())


def ever_listed(
    entries: Sequence[IntervalSet], mechanism: Sequence[Mechanism], change: Change
) -> IntervalSet:
    """Addresses that were listed, and not exempt, at the end of some second.

    Parameters
    ----------
    entries, mechanism
        Addresses of each entry, and by which means.
    change
        When entries came into the register and left it; needed where one exempts.
    """
    is_block = np.array([one in BLOCKING for one in mechanism], np.bool_)
    is_exempt = np.array([one is Mechanism.EXEMPT for one in mechanism], np.bool_)
    listed = IntervalSet.union_all(entries[row] for row in np.flatnonzero(is_block).tolist())
    exempt = IntervalSet.union_all(entries[row] for row in np.flatnonzero(is_exempt).tolist())
    contested = listed.intersection(exempt)
    if not contested.n_intervals:
        return listed
    # Between two ends of entries all addresses have one history: that of the first.
    edges = np.unique(np.concatenate([end for one in entries for end in (one.start, one.stop)]))
    start, stop = edges[:-1], edges[1:]
    mine = contested.contains(start)
    start, stop = start[mine], stop[mine]
    held = change.hold_somewhere(entries, start, is_block, is_exempt)
    return listed.difference(contested).union(IntervalSet.from_bounds(start[held], stop[held]))


def listed_within(outcome: Outcome, from_s: int, until_s: int) -> IntervalSet:
    """Addresses that were listed, and not exempt, at the end of some second of a span of a run."""
    log = outcome.events
    mine = (log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)
    mine &= log.t_s < until_s
    step = np.where(log.kind[mine] == Kind.BLOCK, 1, -1)
    # What is withdrawn when the span begins is not in it.
    gone = log.entry_row[mine][(step < 0) & (log.t_s[mine] <= from_s)]
    held = np.setdiff1d(log.entry_row[mine], gone)
    is_held = np.isin(log.entry_row[mine], held)
    change = Change(
        np.maximum(log.t_s[mine][is_held], from_s),
        np.searchsorted(held, log.entry_row[mine][is_held]),
        step[is_held],
    )
    rows = held.tolist()
    entries = [outcome.entry_addresses[row] for row in rows]
    return ever_listed(entries, [outcome.entry_mechanism[row] for row in rows], change)


def expected_businesses(world: World, outcome: Outcome) -> float:
    """Modelled businesses expected to have an address in use among those ever listed.

    Notes
    -----
    Businesses are seated evenly on the addresses of their place: where n of the N of a place are
    listed, an address there is one of them with the chance ``f = n / N``. Expected are
    ``sum over businesses of 1 - product over its addresses of (1 - f)``, at t = 0, services among
    them. Sites of an inventory have addresses that are given, and do not count. NaN where a
    business sits on IPv6 at a place that is listed in part: its use of addresses is not known.
    """
    listed = listed_within(outcome, -1, np.iinfo(np.int64).max)
    n_modelled = world.businesses.n_businesses - world.businesses.n_sites
    start, stop, place_row = world.places.pieces
    n_places = len(world.places.addresses)
    if not n_modelled or not listed.n_intervals or not start.size:
        return 0.0
    is_four = start < IPV4_STOP
    n_listed = listed.count_below(stop) - listed.count_below(start)
    four, all_four, six = (
        np.bincount(place_row[mine], weight[mine], n_places)
        for mine, weight in ((is_four, n_listed), (is_four, stop - start), (~is_four, n_listed))
    )
    share = np.where(all_four > 0, four / np.maximum(all_four, 1), 0.0)
    components = world.components
    row = np.maximum(start.searchsorted(components.address, side="right") - 1, 0)
    has_place = (components.address >= start[row]) & (components.address < stop[row])
    chance = np.where(has_place, share[place_row[row]], 0.0)
    on_six = components.address >= IPV4_STOP
    chance[on_six] = np.where(six[place_row[row[on_six]]] > 0, np.nan, 0.0)
    with np.errstate(divide="ignore"):
        missed = np.bincount(components.component_row, np.log1p(-chance), components.is_spread.size)
    of_business = missed[world.businesses.component_row[:n_modelled]].sum(axis=1)
    return 0.0 - float(np.expm1(of_business).sum())


NOT_KNOWN6 = "(IPv6)"


def expected_names(
    entries: Sequence[Path],
    events: Sequence[Path],
    resolved: Resolved,
    label: str,
    replicates: Sequence[int],
) -> list[Line]:
    """Names expected behind what a strategy ever listed: rows of ``expected_names.csv``, all first.

    Parameters
    ----------
    entries, events
        Files of these tables; the rows of a run are in one of each.
    replicates
        Those that are finished: what each listed is as likely as what another did.
    """
    ways = list(_runs(entries, events, label, replicates))
    if not ways:
        return []
    if all(one == ways[0] for one in ways[1:]):
        ways = ways[:1]
    tables = listed.NameTables(
        resolved.census.rows,
        resolved.sharing.rows,
        tuple(listed.shipped_kinds()) if resolved.kinds is None else resolved.kinds.rows,
        resolved.parked.rows,
    )
    rows = prefix_rows(resolved)
    shared = frozenset((row.provider, row.region) for row in shared_rows(resolved))
    return [
        Line.of(
            "expected_names.csv",
            strategy=label,
            provider=one.provider,
            n_listed=one.n_listed,
            n_known=one.n_addresses,
            n_networks6=one.n_addresses6,
            state=one.state,
            **_ends("hit", one.hit),
            **_ends("active", one.active),
        )
        for one in _expected(tuple(ways), tables, rows, shared, listed.N_DRAWS)
    ]


@lru_cache(maxsize=64)
def _expected(
    ways: tuple[_Listed, ...],
    tables: listed.NameTables,
    rows: tuple[CloudPrefixRow, ...],
    shared: frozenset[tuple[str, str]],
    n_draws: int,
) -> tuple[listed.ExpectedNames, ...]:
    """Expectation of all and by provider; strategies that list the same share it."""
    n6 = round(statistics.median(n_networks6 for _, n_networks6 in ways))
    expected = listed.expect_listed(
        [listed for listed, _ in ways],
        _owners(rows),
        tables,
        {NOT_KNOWN6: n6} if n6 else {},
        unused=shared,
    )
    return (expected.all, *expected.providers)


def _ends(name: str, band: listed.Band | None) -> dict[str, float]:
    return {} if band is None else ends(name, Spread(band.median, band.low, band.high))


def _owners(given: Sequence[CloudPrefixRow]) -> listed.Owners:
    """Owners of IPv4 addresses in a scenario; a shared range is no part of another place."""
    rows = [row for row in given if row.prefix.version == 4]
    places = list(dict.fromkeys((row.provider, row.region) for row in rows))
    row_of = {place: row for row, place in enumerate(places)}
    prefix = np.array([row.prefix[1:] for row in rows], np.int64).reshape(-1, 2)
    place_row = np.array([row_of[row.provider, row.region] for row in rows], np.int64)
    return listed.Owners.of_prefixes(places, place_row, prefix[:, 0], prefix[:, 1])


_Listed: TypeAlias = tuple[listed.ListedAddresses, int]
"""Addresses that one run ever listed: IPv4 by kind of rule, and /64 networks of IPv6."""


def _runs(
    entries: Sequence[Path], events: Sequence[Path], label: str, replicates: Sequence[int]
) -> Iterator[_Listed]:
    """What each run ever listed."""
    rules = _rows(entries, ("entry", "mechanism", "prefix"), label)
    orders = _rows(events, ("kind", "entry", "t_s"), label, _ORDERS)
    found = parse_entries("\n".join(rules["prefix"].tolist())).v4
    n, row = rules["prefix"].size, found.line - 1
    rules |= {"start": np.zeros(n, np.int64), "stop": np.zeros(n, np.int64)}
    rules["start"][row], rules["stop"][row] = found.start, found.stop
    rules["is_six"] = np.ones(n, np.bool_)
    rules["is_six"][row] = False
    for replicate in replicates:
        mine = rules["replicate"] == replicate, orders["replicate"] == replicate
        yield _listed(
            *(
                {name: column[rows] for name, column in table.items()}
                for table, rows in zip((rules, orders), mine, strict=True)
            )
        )


_ORDERS = "AND kind IN ('block', 'unblock') AND entry IS NOT NULL"


def _rows(
    files: Sequence[Path], names: Sequence[str], label: str, where: str = ""
) -> dict[str, NDArray[Any]]:
    """Columns of a table for one strategy, those of a run in the sequence of its file."""
    columns = ", ".join(("replicate", *names))
    query = f"SELECT {columns} FROM data WHERE strategy = ? {where} ORDER BY file_row_number"
    return {name: np.ma.getdata(one) for name, one in read_columns(files, query, [label]).items()}


def _listed(rules: Mapping[str, NDArray[Any]], orders: Mapping[str, NDArray[Any]]) -> _Listed:
    mechanism, start, stop = rules["mechanism"], rules["start"], rules["stop"]
    is_block, four = np.isin(mechanism, list(BLOCKING)), ~rules["is_six"]
    rules_of = listed.ListedAddresses.of_rules(start[is_block & four], stop[is_block & four])
    swept, single = rules_of.swept, rules_of.single
    exempt = (mechanism == Mechanism.EXEMPT) & four
    exempted = IntervalSet.from_bounds(start[exempt], stop[exempt])
    contested = swept.union(single).intersection(exempted)
    if contested:
        # Rules elsewhere do not change when these addresses were listed.
        near = four & (contested.count_below(stop) > contested.count_below(start))
        rows = np.flatnonzero(near)
        # The prefixes of an entry follow one another in the table, ascending, and entries as well.
        numbers, first = np.unique(rules["entry"][rows], return_index=True)
        of_entry = np.split(rows, first[1:])
        sets = [IntervalSet(start[mine], stop[mine]) for mine in of_entry]
        means = [Mechanism(mechanism[mine[0]]) for mine in of_entry]
        known = np.isin(orders["entry"], numbers)
        change = Change(
            orders["t_s"][known].astype(np.int64),
            np.searchsorted(numbers, orders["entry"][known]),
            np.where(orders["kind"][known] == "block", 1, -1),
        )
        never = contested.difference(ever_listed(sets, means, change))
        swept, single = swept.difference(never), single.difference(never)
    sixes = "\n".join(rules["prefix"][is_block & ~four].tolist())
    n6 = parse_entries(sixes).v6.to_set().n_networks if sixes else 0
    return listed.ListedAddresses(swept, single), n6
