"""Names expected behind all addresses that a run ever listed: rows of ``expected_names.csv``.

In: entries and events of a folder's runs, and tables of how providers use addresses. Out: median
and range of the names, or that they are not known; by the function that expects names of a list
(`sim.names.listed`).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.text.text import parse_entries
from sim.engine.orders import BLOCKING, Mechanism
from sim.measure.ever_listed import ever_listed
from sim.measure.names import Change
from sim.names import listed
from sim.names.listed import (
    Band,
    ExpectedNames,
    ListedAddresses,
    NameTables,
    Owners,
    draw_listed_names,
    expectation_of,
    shipped_kinds,
)
from sim.results.parquet import read_columns
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import CloudPrefixRow
from sim.world.providers import prefix_rows

NOT_KNOWN6 = "(IPv6)"


@dataclass(frozen=True)
class NamesLine:
    """Names expected behind the addresses that a strategy ever listed.

    Attributes
    ----------
    strategy
        Label of the strategy.
    provider
        Empty for all.
    n_listed, n_known, n_networks6
        IPv4 addresses ever listed (median over simulations), those of them at places of which a
        table tells how addresses are used, and /64 networks of IPv6.
    state
        As ``ExpectedNames.state``.
    hit, hit_low, hit_high
        Distinct names on them; NaN where nothing of them is known.
    active, active_low, active_high
        Those that are not parked.
    """

    strategy: str
    provider: str
    n_listed: int
    n_known: int
    n_networks6: int
    state: str
    hit: float
    hit_low: float
    hit_high: float
    active: float
    active_low: float
    active_high: float

    @classmethod
    def of(cls, strategy: str, found: ExpectedNames) -> NamesLine:
        """Return the line of what is expected."""
        return cls(
            strategy,
            found.provider,
            found.n_listed,
            found.n_addresses,
            found.n_addresses6,
            found.state,
            *_ends(found.hit),
            *_ends(found.active),
        )


def expected_names(
    folder: Path, resolved: Resolved, label: str, replicates: Sequence[int]
) -> list[NamesLine]:
    """Names expected behind what a strategy ever listed, all providers together first.

    Parameters
    ----------
    replicates
        Those that are finished: what each listed is as likely as what another did.

    Raises
    ------
    DataError
        If the tables of the runs cannot be read.
    """
    ways = list(_runs(folder, label, replicates))
    if not ways:
        return []
    if all(one == ways[0] for one in ways[1:]):
        ways = ways[:1]
    tables = NameTables(
        resolved.census.rows,
        resolved.sharing.rows,
        tuple(shipped_kinds()) if resolved.kinds is None else resolved.kinds.rows,
        resolved.parked.rows,
    )
    rows, shared = prefix_rows(resolved), frozenset(_shared(resolved))
    expected = _expected(tuple(ways), tables, rows, shared, listed.N_DRAWS)
    return [NamesLine.of(label, one) for one in expected]


@lru_cache(maxsize=64)
def _expected(
    ways: tuple[_Listed, ...],
    tables: NameTables,
    rows: tuple[CloudPrefixRow, ...],
    shared: frozenset[tuple[str, str]],
    n_draws: int,
) -> tuple[ExpectedNames, ...]:
    """Expectation of all and by provider; strategies that list the same share it."""
    n6 = round(statistics.median(one.n_networks6 for one in ways))
    found = draw_listed_names(
        [ListedAddresses(one.swept, one.single) for one in ways],
        _owners(rows),
        tables,
        {NOT_KNOWN6: n6} if n6 else {},
        unused=shared,
    )
    expected = expectation_of(found)
    return (expected.all, *expected.providers)


def _ends(band: Band | None) -> tuple[float, float, float]:
    return (math.nan,) * 3 if band is None else (band.median, band.low, band.high)


def _shared(resolved: Resolved) -> set[tuple[str, str]]:
    """Places that are ranges which many tenants share."""
    rows = resolved.shared_prefixes.rows if resolved.shared_prefixes else ()
    return {(row.provider, row.region) for row in rows}


def _owners(given: Sequence[CloudPrefixRow]) -> Owners:
    """Who holds which IPv4 address in a scenario; a shared range is no part of another place."""
    rows = [row for row in given if row.prefix.version == 4]
    places = list(dict.fromkeys((row.provider, row.region) for row in rows))
    row_of = {place: row for row, place in enumerate(places)}
    prefix = np.array([row.prefix[1:] for row in rows], np.int64).reshape(-1, 2)
    place_row = np.array([row_of[row.provider, row.region] for row in rows], np.int64)
    return Owners.of_prefixes(places, place_row, prefix[:, 0], prefix[:, 1])


@dataclass(frozen=True)
class _Listed:
    """What one run ever listed: IPv4 by kind of rule, and /64 networks of IPv6."""

    swept: IntervalSet
    single: IntervalSet
    n_networks6: int


def _runs(folder: Path, label: str, replicates: Sequence[int]) -> Iterator[_Listed]:
    """What each run ever listed."""
    rules = _rows(folder / "entries.parquet", ("entry", "mechanism", "prefix"), label)
    orders = _rows(folder / "events.parquet", ("kind", "entry", "t_s"), label, _ORDERS)
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


def _rows(path: Path, names: Sequence[str], label: str, where: str = "") -> dict[str, NDArray[Any]]:
    """Columns of a table for one strategy, in the sequence of the file."""
    columns = ", ".join(("replicate", *names))
    query = f"SELECT {columns} FROM data WHERE strategy = ? {where} ORDER BY file_row_number"
    return {name: np.ma.getdata(one) for name, one in read_columns(path, query, [label]).items()}


def _listed(rules: Mapping[str, NDArray[Any]], orders: Mapping[str, NDArray[Any]]) -> _Listed:
    mechanism, start, stop = rules["mechanism"], rules["start"], rules["stop"]
    is_block, four = np.isin(mechanism, list(BLOCKING)), ~rules["is_six"]
    listed = ListedAddresses.of_rules(start[is_block & four], stop[is_block & four])
    swept, single = listed.swept, listed.single
    exempt = (mechanism == Mechanism.EXEMPT) & four
    exempted = IntervalSet.from_bounds(start[exempt], stop[exempt])
    contested = swept.union(single).intersection(exempted)
    if contested:
        # Rules elsewhere do not change when these addresses were listed.
        near = four & (contested.count_below(stop) > contested.count_below(start))
        numbers = np.unique(rules["entry"][near])
        sets, means = [], []
        for number in numbers.tolist():
            mine = near & (rules["entry"] == number)
            sets.append(IntervalSet.from_bounds(start[mine], stop[mine]))
            means.append(Mechanism(mechanism[mine][0]))
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
    return _Listed(swept, single, n6)
