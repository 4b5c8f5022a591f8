"""Checks of rows and tables against each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sim.addresses.sets.blocks import IPV6_BITS
from sim.addresses.sets.line import IPV4
from sim.addresses.sets.notation import Prefix
from sim.errors import Problem
from sim.scenario.document import Place
from sim.scenario.schema import Scenario
from sim.scenario.strategies import Replay
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.money import MAX_TOTAL_USD_PER_H
from sim.scenario.tables.rows import (
    CadenceRow,
    CloudPrefixRow,
    HostingRow,
    OperatorRow,
    OrderRow,
    PoolRow,
    ProfileRow,
    SectorRow,
    SessionRow,
    VisitRow,
)
from sim.scenario.tables.seeds import SHARE_TOLERANCE, Table
from sim.scenario.tables.sharing import ServiceRow, SharingRow


def places_in(table: Table[Any] | None) -> set[tuple[str, str]]:
    """Provider and region of every row of a table."""
    return {(row.provider, row.region) for row in table.rows} if table is not None else set()


MAX_OPERATORS = 32


def check_operators(table: Table[OperatorRow]) -> Iterator[Problem]:
    """Refuse too many groups and cohorts."""
    n = sum(row.cohorts or 1 for row in table.rows)
    if n > MAX_OPERATORS:
        what = "operator groups" if n == len(table.rows) else "cohorts of operators"
        yield Problem(str(table.path), f"expected at most {MAX_OPERATORS} {what}, got {n}")


def check_weights(
    hosting: Table[HostingRow], profiles: Table[ProfileRow], pools: Table[PoolRow] | None
) -> Iterator[Problem]:
    """Refuse tables without any weight, and profiles that lack an hour or weekday."""
    for side in ("foreign", "domestic"):
        rows: Iterable[Any] = (row for row in hosting.rows if row.side == side)
        yield from _weightless(hosting, rows, f"the {side} rows")
    if pools is not None:
        yield from _weightless(pools, pools.rows, "the pools")
    for name in sorted({row.profile for row in profiles.rows}):
        for period, length in (("hour", 24), ("weekday", 7)):
            mine = [row for row in profiles.rows if (row.profile, row.period) == (name, period)]
            if sorted(row.index for row in mine) != list(range(length)):
                message = f"expected one {period} row for each of 0 to {length - 1} of {name!r}"
                yield Problem(str(profiles.path), f"{message}, got {len(mine)}", key="index")
            yield from _weightless(profiles, mine, f"the {period} rows of {name!r}")


def check_own_places(
    hosting: Table[HostingRow], shared: Table[CloudPrefixRow] | None
) -> Iterator[Problem]:
    """Refuse programs that leave a shared range where there is no other place to be at."""
    taken = places_in(shared)
    if not any(row.weight > 0 and (row.provider, row.region) not in taken for row in hosting.rows):
        message = "expected a place with weight that is no shared range, as programs leave those"
        yield Problem(str(hosting.path), f"{message} (switching), got none", key="weight")


def _weightless(table: Table[Any], rows: Iterable[Any], what: str) -> Iterator[Problem]:
    if not any(row.weight for row in rows):
        message = f"expected a positive weight among {what}, got none"
        yield Problem(str(table.path), message, key="weight")


def check_shared(
    shared: Table[CloudPrefixRow], prefixes: Table[CloudPrefixRow]
) -> Iterator[Problem]:
    """Refuse shared ranges outside the provider's own, and regions that are not new."""
    places = places_in(prefixes)
    for number, row in enumerate(shared.rows):
        if (row.provider, row.region) in places:
            message = f"expected a region that {prefixes.name} does not have, got {row.region!r}"
            yield shared.problem(number, "region", message)
        mine = (one.prefix for one in prefixes.rows if one.provider == row.provider)
        if not any(prefix.holds(row.prefix) for prefix in mine):
            message = f"expected a part of a range that {prefixes.name} gives {row.provider!r}"
            yield shared.problem(number, "prefix", f"{message}, got none of them")


def check_services(table: Table[ServiceRow]) -> Iterator[Problem]:
    """Refuse a service in two places."""
    first: dict[str, ServiceRow] = {}
    for number, row in enumerate(table.rows):
        if row.seat != first.setdefault(row.service, row).seat:
            message = "expected the same place, addresses and mode as in the service's first row"
            yield table.problem(number, "service", message)


def check_sharing(table: Table[SharingRow]) -> Iterator[Problem]:
    """Refuse kinds of use of more than a whole place."""
    total: defaultdict[tuple[str, str], float] = defaultdict(float)
    for number, row in enumerate(table.rows):
        total[row.provider, row.region] += row.share_addresses
        if total[row.provider, row.region] > 1 + SHARE_TOLERANCE:
            message = "expected shares of a place that sum to at most 1, got more"
            yield table.problem(number, "share_addresses", message)


def check_cadence(table: Table[CadenceRow], start: datetime) -> Iterator[Problem]:
    """Refuse rows out of sequence, and a cadence that begins after the start."""
    for number in range(1, len(table.rows)):
        if table.rows[number].from_ <= table.rows[number - 1].from_:
            yield table.problem(number, "from", "expected a later date than in the row before")
    if table.rows[0].from_ > start:
        message = f"expected a cadence from the scenario's start, {start.isoformat()}, or before"
        yield table.problem(0, "from", f"{message}, got {table.rows[0].from_.isoformat()}")


MOST_EARLY = 3
"""Most orders before the start that are listed singly; with more, the start is probably wrong."""


def check_orders(table: Table[OrderRow], scenario: Scenario) -> Iterator[Problem]:
    """Refuse orders before the start and unblock orders of what is not blocked."""
    is_drawn = isinstance(scenario.strategy, Replay) and scenario.strategy.order_times == "drawn"
    in_force: dict[Any, list[int]] = {}
    order_of_time = sorted(range(len(table.rows)), key=lambda number: table.rows[number].effective)
    firsts = [(row.earliest or row.effective) if is_drawn else row.effective for row in table.rows]
    early = [number for number in order_of_time if firsts[number] < scenario.start]
    expected = f"expected a time from the scenario's start, {scenario.start.isoformat()}, on"
    for number in early if len(early) <= MOST_EARLY else early[:1]:
        more = "" if len(early) <= MOST_EARLY else f" and {len(early) - 1} more before it"
        text = f"{expected}, got {firsts[number].isoformat()}{more}"
        yield table.problem(number, "effective", text)
    if len(early) > MOST_EARLY:
        # One cause is reported once, without the withdrawals that follow from it.
        return
    for number in order_of_time:
        row, first = table.rows[number], firsts[number]
        holders = in_force.setdefault(row.key, [])
        if row.action == "block":
            holders.append(number)
        elif not holders:
            message = "expected a prefix that an earlier order blocks, got one that none does"
            yield table.problem(number, "prefix", message)
        else:
            blocking = table.rows[holders.pop(0)]
            if is_drawn and (blocking.latest or blocking.effective) > first:
                message = "expected a window after that of the order it withdraws, got an overlap"
                yield table.problem(number, "earliest", message)


def check_sessions(table: Table[SessionRow]) -> Iterator[Problem]:
    """Refuse sessions that end before they start, and such that do not follow each other."""
    for number, row in enumerate(table.rows):
        if row.end <= row.start:
            message = f"expected a time after the start, {row.start.isoformat()}"
            yield table.problem(number, "end", f"{message}, got {row.end.isoformat()}")
        if number > 0 and row.start <= table.rows[number - 1].end:
            message = "expected a time after the end of the session in the row before"
            yield table.problem(number, "start", f"{message}, got {row.start.isoformat()}")


def check_visits(
    inventory: Inventory, table: Table[VisitRow], sectors: Table[SectorRow]
) -> Iterator[Problem]:
    """Refuse what leaves open what a visit earns, and visits that earn more than sums hold."""
    named = [row.sector for row in table.rows]
    missing = [row.sector for row in sectors.rows if row.sector not in named]
    if missing and "" not in named:
        message = f"expected a row for {', '.join(missing)}, or one without a sector; got neither"
        yield Problem(str(table.path), message, key="sector")
    for number, row in enumerate(sectors.rows):
        if row.share_domestic == 0:
            message = "expected a share above 0 where visits from inside are given, got 0"
            yield sectors.problem(number, "share_domestic", message)
    visits = float(inventory.visits_per_h[inventory.is_by_visits].sum())
    # The mean of a lognormal is its median times exp(sigma^2 / 2).
    dearest = max(row.usd_per_visit * math.exp(row.sigma**2 / 2) for row in table.rows)
    if visits * dearest > MAX_TOTAL_USD_PER_H:
        most = MAX_TOTAL_USD_PER_H / dearest
        message = f"expected at most {most:g} in all where no revenue is given, got {visits:g}"
        yield Problem(str(inventory.path), message, key="visits_per_h")


MOST_OF_TARGET = 10_000
"""Most addresses of a target."""


def check_target(prefixes: Sequence[Prefix], place: Place) -> Iterator[Problem]:
    """Refuse a target without addresses, with too many, or with networks of IPv6."""
    for prefix in prefixes:
        if prefix.version == 6 and prefix.length < IPV6_BITS:
            message = f"expected single addresses of IPv6, got the network {prefix}"
            yield place.problem(message, "target.addresses")
    n = IPV4.union(one for one in prefixes if one.version == 4).n_addresses
    n += len({one for one in prefixes if one.version == 6})
    if not 0 < n <= MOST_OF_TARGET:
        message = f"expected 1 to {MOST_OF_TARGET:,} addresses, got {n:,}"
        yield place.problem(message, "target.addresses")
