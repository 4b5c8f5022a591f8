"""An inventory: the sites a user cares for, with the addresses they really have."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import AS_NAMED, ColumnChoice
from sim.addresses.feeds.inventories import read_sites
from sim.addresses.sets.blocks import Numbers
from sim.addresses.sets.line import FIRST_NETWORK, STOP_NETWORK
from sim.addresses.sets.notation import Prefix
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem
from sim.scenario.quantities import describe, is_one_line
from sim.scenario.refusal import hint
from sim.scenario.schema import Scenario
from sim.scenario.tables.roles import FRONTEND, ROLES
from sim.scenario.tables.rows import SectorRow, VisitRow
from sim.scenario.tables.seeds import MAX_PROBLEMS, Row, Table, read_bytes, read_note

MAX_WAYS = 2**22
"""Most combinations of failing addresses, over all sizes of components in mode spread."""
MAX_TOTAL_USD_PER_H = 1e9
"""Sums of revenue are kept in whole micro-dollars, which hold some billion dollars an hour."""
MODES = ("any", "spread")
NOT_GIVEN = -1


@dataclass(frozen=True, eq=False)
class Inventory(Table[Row]):
    """Sites of an inventory, as columns; as a table it has no rows of its own.

    Attributes
    ----------
    site
        Names, by site row, in the sequence of the file; of a row without a name its address.
    labels
        ``sector`` and ``country`` of each site.
    revenue_usd_per_h, visits_per_h : shape (n_sites,)
        NaN where not given.
    site_line : shape (n_sites,)
        First line of each site.
    component_site, component_role : shape (n_components,)
        Site and role of each component, ascending.
    component_mode : shape (n_components,)
        Row of ``MODES``; -1 where not given.
    host_component : shape (n_hosts,), ascending
        Component of each host.
    is_ipv6 : shape (n_hosts,)
        Family of its address.
    address4 : shape (n_hosts,)
        Its address if it is of IPv4.
    address6
        Addresses of those of IPv6, in their sequence.
    n_names : shape (n_hosts,)
        Names on the address; NaN where not given.
    host_line : shape (n_hosts,)
        Line of each host.
    n_without_address
        Rows that name a site and give it no address; what they say of the site counts.
    columns
        Columns the file has, by our names.
    notes
        What the reader says of the file, such as columns that it ignored.
    """

    site: tuple[str, ...]
    labels: dict[str, Labels]
    revenue_usd_per_h: NDArray[np.float64]
    visits_per_h: NDArray[np.float64]
    site_line: NDArray[np.int64]
    component_site: NDArray[np.int64]
    component_role: NDArray[np.int64]
    component_mode: NDArray[np.int64]
    host_component: NDArray[np.int64]
    is_ipv6: NDArray[np.bool_]
    address4: NDArray[np.int64]
    address6: Numbers
    n_names: NDArray[np.float64]
    host_line: NDArray[np.int64]
    n_without_address: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """Rows of the file that have an address: one for each host."""
        return int(self.host_component.size)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.site)

    @cached_property
    def prefixes6(self) -> list[Prefix]:
        """Addresses of IPv6 as prefixes, each once."""
        return [Prefix(6, number, 128) for number in dict.fromkeys(self.address6.tolist())]

    @cached_property
    def is_dual(self) -> NDArray[np.bool_]:
        """Whether each component has addresses of both families."""
        n = self.component_site.size
        n6 = np.bincount(self.host_component, self.is_ipv6, n)
        return np.asarray((n6 > 0) & (n6 < np.bincount(self.host_component, minlength=n)))

    @cached_property
    def is_by_visits(self) -> NDArray[np.bool_]:
        """Whether each site gives visits and no revenue."""
        return np.isnan(self.revenue_usd_per_h) & ~np.isnan(self.visits_per_h)

    def text_of(self, column: str) -> list[str]:
        """Text of a label of each site; empty where not given."""
        labels = self.labels.get(column)
        return [""] * self.n_sites if labels is None else labels.texts

    def problem_of(self, site_row: int, key: str, message: str) -> Problem:
        """Return a problem placed at the first line of a site."""
        return Problem(str(self.path), message, int(self.site_line[site_row]), 0, key)


def _many_ways(inventory: Inventory) -> Iterator[Problem]:
    """Refuse components of so many addresses that not each way to fail can be told apart."""
    n = inventory.component_site.size
    n6 = np.bincount(inventory.host_component, inventory.is_ipv6, n).astype(np.int64)
    n4 = np.bincount(inventory.host_component, minlength=n) - n6
    n_ways = (n4 + 1) ** 2 * (n6 + 1) ** 2
    n_ways[inventory.component_mode == MODES.index("any")] = 0
    sizes, first = np.unique(np.stack((n_ways, n4, n6)), axis=1, return_index=True)
    if int(sizes[0].sum()) > MAX_WAYS:
        component = int(first[np.argmax(sizes[0])])
        n_hosts = int(n4[component] + n6[component])
        yield inventory.problem_of(
            int(inventory.component_site[component]),
            "mode",
            f"expected any, or fewer addresses, where a site has {n_hosts:,} for a role: each user "
            "may meet another one of them, and that is too many ways to fail",
        )


def check_sites(
    inventory: Inventory, sectors: Table[SectorRow], scenario: Scenario
) -> Iterator[Problem]:
    """Refuse sites of a sector that nothing is known of, and what no user's family is known for."""
    if scenario.ipv6 is None and inventory.is_dual.any():
        line = inventory.host_line[inventory.is_dual[inventory.host_component]].min()
        message = (
            "expected a section ipv6 in the scenario for a site with addresses of both "
            "families: it says how many users have IPv6 (ipv6: {} takes what is assumed); got none"
        )
        yield Problem(str(inventory.path), message, int(line), 0, "address")
    yield from _many_ways(inventory)
    known = [row.sector for row in sectors.rows]
    texts = enumerate(inventory.text_of("sector"))
    bad = [(site_row, text) for site_row, text in texts if text and text not in known]
    for site_row, text in bad[:MAX_PROBLEMS]:
        message = (
            f"expected a sector of {sectors.name} ({', '.join(known)}), or nothing, got {text!r}"
        )
        yield inventory.problem_of(site_row, "sector", f"{message}{hint(text, known)}")


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


MAX_INVENTORY_BYTES = 256 * 1024 * 1024
MAX_NAME = 253
"""Letters of a site's name: those of a domain name (RFC 1035, section 2.3.4)."""
MAX_VISITS_PER_H = 1e9
MAX_USD_PER_H = 1e8
_OF_SITE = ("sector", "country", "revenue_usd_per_h", "visits_per_h")
"""Columns that say something of the site: its rows must not contradict each other."""


def read_inventory(name: str, path: Path, columns: ColumnChoice = AS_NAMED) -> Inventory:
    """Read an inventory.

    Parameters
    ----------
    name
        As the scenario names it.
    columns
        What its columns hold, where their names do not say it.

    Raises
    ------
    DataError
        With the mistakes of all rows, at most ``MAX_PROBLEMS`` of them and how many more.
    """
    data = read_bytes(path, MAX_INVENTORY_BYTES)
    limits = Limits(max_bytes=MAX_INVENTORY_BYTES, max_problems=MAX_PROBLEMS)
    gathering = Gathering(str(path), skip_bad=True, limits=limits, columns=columns)
    feed = read_sites(BytesIO(data), gathering)
    rows = [*_rows(feed)]
    # A bad address was reported already; of many bad rows only some are.
    reported = {one.line for one in feed.problems}
    is_whole = feed.n_bad <= len(feed.problems)
    bad = [
        Problem(str(path), message, row.line, 0, key)
        for row in rows
        for key, message in _mistakes(row)
        if key != "address" or row.family or (is_whole and row.line not in reported)
    ]
    _stop_if_any([*feed.problems, *bad], feed.n_bad + len(bad), path)
    if not any(row.family for row in rows):
        message = "expected an address in at least one row, got none"
        raise DataError([Problem(str(path), message)])
    sites = _Sites(str(path))
    for row in rows:
        sites.add(row)
    total = sum(about.get("revenue_usd_per_h", 0.0) for about in sites.about)
    if total > MAX_TOTAL_USD_PER_H:
        message = f"expected at most {MAX_TOTAL_USD_PER_H:g} in all, got {total:g}"
        sites.problems.append(Problem(str(path), message, key="revenue_usd_per_h"))
    _stop_if_any(sites.problems, len(sites.problems), path)
    # By site and role, and as in the file.
    hosts = sorted(sites.hosts, key=lambda host: host[:2])
    number = {key: row for row, key in enumerate(dict.fromkeys(host[:2] for host in hosts))}
    found = [row for _, _, row in hosts]
    six = np.array([row.address for row in found if row.family == 6], object)

    def of_sites(column: str) -> NDArray[np.float64]:
        return np.array([about.get(column, math.nan) for about in sites.about], np.float64)

    return Inventory(
        name=name,
        path=path,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=(),
        lines=(),
        note=read_note(path),
        site=tuple(sites.row_of),
        labels={
            column: _labels([about.get(column, "") for about in sites.about])
            for column in feed.labels
            if column in _OF_SITE
        },
        revenue_usd_per_h=of_sites("revenue_usd_per_h"),
        visits_per_h=of_sites("visits_per_h"),
        site_line=np.array(sites.line, np.int64),
        component_site=np.array([site for site, _ in number], np.int64),
        component_role=np.array([role for _, role in number], np.int64),
        component_mode=np.array([sites.mode.get(key, NOT_GIVEN) for key in number], np.int64),
        host_component=np.array([number[host[:2]] for host in hosts], np.int64),
        is_ipv6=np.array([row.family == 6 for row in found], np.bool_),
        address4=np.array([row.address * (row.family == 4) for row in found], np.int64),
        address6=six,
        n_names=np.array([row.cell.get("n_names", math.nan) for row in found], np.float64),
        host_line=np.array([row.line for row in found], np.int64),
        n_without_address=len(rows) - len(hosts),
        columns=("address", *feed.labels, *(each for each in feed.numbers if each != "line")),
        notes=tuple(feed.notes),
    )


def _stop_if_any(problems: list[Problem], n_bad: int, path: Path) -> None:
    if n_bad:
        problems = sorted(problems, key=lambda one: one.line)[:MAX_PROBLEMS]
        if n_bad > len(problems):
            problems.append(Problem(str(path), f"and {n_bad - len(problems)} more problems"))
        raise DataError(problems)


class _Row(NamedTuple):
    """A row: its line, family (0 without an address), address, and other cells with a value."""

    line: int
    family: int
    address: int
    is_wide: bool
    cell: dict[str, Any]


def _rows(feed: Feed) -> Iterator[_Row]:
    """Rows of an inventory, as read."""
    address = [(0, 0)] * feed.n_records
    first4, first6 = feed.v4.start.tolist(), feed.v6.start.tolist()
    for family, records, first in ((4, feed.record4, first4), (6, feed.record6, first6)):
        for record, number in zip(records.tolist(), first, strict=True):
            address[record] = family, number
    wide = {
        *feed.record4[feed.v4.stop - feed.v4.start != 1].tolist(),
        *feed.record6[feed.v6.stop - feed.v6.start != 1].tolist(),
    }
    columns: dict[str, list[Any]] = {key: one.texts for key, one in feed.labels.items()}
    columns |= {key: one.tolist() for key, one in feed.numbers.items()}
    for row, cells in enumerate(zip(*columns.values(), strict=True)):
        cell = {
            key: value
            for key, value in zip(columns, cells, strict=True)
            if value not in ("", None) and value == value  # not NaN
        }
        yield _Row(int(cell.pop("line")), *address[row], row in wide, cell)


_KNOWN = {"role": ROLES, "mode": MODES}
_BOUNDS = {
    "revenue_usd_per_h": (0.0, MAX_USD_PER_H),
    "visits_per_h": (0.0, MAX_VISITS_PER_H),
    "n_names": (1.0, 1e7),
}


def _mistakes(row: _Row) -> Iterator[tuple[str, str]]:
    """What is wrong with a row alone: columns, each with a message."""
    name = row.cell.get("name")
    if not row.family and name is None:
        yield "address", "expected an address, or a site; got neither"
    if row.is_wide:
        yield "address", "expected a single address, got a prefix or a range"
    if row.family == 6 and not FIRST_NETWORK <= row.address >> 64 < STOP_NETWORK:
        yield "address", "expected an IPv6 address within 2000::/3, got another"
    for key, known in _KNOWN.items():
        if (text := row.cell.get(key, known[0])) not in known:
            yield key, f"expected one of {', '.join(known)}, got {text!r}{hint(text, known)}"
    if name and (len(name) > MAX_NAME or not (name.isprintable() or is_one_line(name))):
        shown = describe(name)
        yield "name", f"expected one line of at most {MAX_NAME} printable letters, got {shown}"
    for key, (low, high) in _BOUNDS.items():
        value = row.cell.get(key, high)
        if not low <= value <= high:
            yield key, f"expected a number from {low:g} to {high:g}, got {value:g}"
        if key == "n_names" and value % 1:
            yield key, f"expected a whole number, got {value:g}"
        if value == 0 and key != "n_names":
            yield key, "expected a number above 0, or nothing; got 0"


class _Sites:
    """Sites of the rows so far, and what contradicts an earlier row of the same site."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.row_of: dict[str, int] = {}
        self.line: list[int] = []
        self.about: list[dict[str, Any]] = []
        self.mode: dict[tuple[int, int], int] = {}
        self.hosts: list[tuple[int, int, _Row]] = []
        self.line_of: dict[tuple[object, ...], int] = {}

    def add(self, row: _Row) -> None:
        cell = row.cell
        kind = IPv4Address if row.family == 4 else IPv6Address
        name = cell.get("name") or str(kind(row.address))
        site = self.row_of.setdefault(name, len(self.row_of))
        if site == len(self.about):
            self.about.append({})
            self.line.append(row.line)
        for key in _OF_SITE:
            if key in cell and self.about[site].setdefault(key, cell[key]) != cell[key]:
                message = f"expected what an earlier row says of {describe(name)}"
                self._refuse(row, key, f"{message}, got something else")
        if not row.family:
            return
        role = ROLES.index(cell.get("role", ROLES[FRONTEND]))
        if "mode" in cell:
            mode = MODES.index(cell["mode"])
            if self.mode.setdefault((site, role), mode) != mode:
                message = "expected one mode for a site and role, got another than in a row before"
                self._refuse(row, "mode", message)
        earlier = self.line_of.setdefault((site, role, row.family, row.address), row.line)
        if earlier != row.line:
            message = "expected each address of a site once for a role, got it in line"
            self._refuse(row, "address", f"{message} {earlier} too")
        self.hosts.append((site, role, row))

    def _refuse(self, row: _Row, key: str, message: str) -> None:
        self.problems.append(Problem(self.file, message, row.line, 0, key))


def _labels(texts: list[str]) -> Labels:
    number = {text: code for code, text in enumerate(dict.fromkeys(filter(None, texts)))}
    code = np.array([number.get(text, -1) for text in texts], np.int32)
    return Labels(code, [*number])
