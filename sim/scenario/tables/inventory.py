"""Inventories that a scenario names: sites that a user cares for."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import UNPLACED, Feed, Labels, without_sinkholes
from sim.addresses.feeds.formats import read_feed, sniff
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import AS_NAMED, ColumnChoice, Input
from sim.addresses.feeds.inventories import USD_COLUMN, domain_of, read_sites, revenue_column
from sim.addresses.sets.blocks import Numbers
from sim.addresses.sets.line import FIRST_NETWORK, STOP_NETWORK
from sim.addresses.sets.notation import Prefix, shown
from sim.addresses.text.source import Limits
from sim.errors import Problem
from sim.files import to_utf8
from sim.scenario.document import hint
from sim.scenario.quantities import describe, is_one_line
from sim.scenario.schema import Scenario
from sim.scenario.strategies import GivenOrderRow
from sim.scenario.tables.lists import list_prefixes
from sim.scenario.tables.roles import FRONTEND, ROLES
from sim.scenario.tables.rows import PolledRow, SectorRow
from sim.scenario.tables.seeds import (
    MAX_PROBLEMS,
    Row,
    Table,
    raise_problems,
    read_bytes,
    read_note,
)

MAX_WAYS = 2**22
"""Most combinations of failing addresses, over all sizes of components in mode spread."""
MODES = ("any", "spread")
AS_GIVEN = "taken as given"
NOT_GIVEN = -1


@dataclass(frozen=True, eq=False)
class Inventory(Table[Row]):
    """Sites of an inventory, as columns; as a table it has no rows of its own."""

    site: tuple[str, ...]
    """Names, by site row, in the sequence of the file; of a row without a name its address."""
    labels: dict[str, Labels]
    """``sector`` and ``country`` of each site."""
    revenue_usd_per_h: NDArray[np.float64]
    visits_per_h: NDArray[np.float64]
    """NaN where not given; shape (n_sites,)."""
    revenue_per_h: NDArray[np.float64]
    currency: str
    """Revenue before it is converted into dollars, and the currency that its column names, if
    any."""
    site_line: NDArray[np.int64]
    n_hosts: NDArray[np.int64]
    """First line of each site, and its rows or records, each a host; shape (n_sites,)."""
    component_site: NDArray[np.int64]
    component_role: NDArray[np.int64]
    """Site and role of each component, ascending; shape (n_components,)."""
    component_mode: NDArray[np.int64]
    """Row of ``MODES``; -1 where not given; shape (n_components,)."""
    host_component: NDArray[np.int64]
    """Component of each host; shape (n_hosts,), ascending."""
    is_ipv6: NDArray[np.bool_]
    """Family of its address; shape (n_hosts,)."""
    address4: NDArray[np.int64]
    """Its address if it is of IPv4; shape (n_hosts,)."""
    address6: Numbers
    """Addresses of those of IPv6, in their sequence."""
    n_names: NDArray[np.float64]
    """Names on the address; NaN where not given; shape (n_hosts,)."""
    host_line: NDArray[np.int64]
    """Line of each host; shape (n_hosts,)."""
    host_draw: NDArray[np.int64]
    """Number of each host among the draws of hosts; shape (n_hosts,)."""
    emptied: NDArray[np.int64]
    """Site times number of roles, plus role, of components that rows name without any address;
    shape (n_emptied,)."""
    n_without_address: int
    """Rows that name a site and give it no address; what they say of the site counts."""
    columns: tuple[str, ...]
    """Columns the file has, by our names."""
    notes: tuple[str, ...]
    """What the reader says of the file, such as columns that it ignored."""
    away_from: str = ""
    """Provider at whose addresses no site is: components there are drawn at others."""

    @property
    def n_rows(self) -> int:
        """Rows of the file that have an address: one for each host."""
        return int(self.host_component.size)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.site)

    @cached_property
    def numbers(self) -> Numbers:
        """Address of each host as a number of its family."""
        numbers = self.address4.astype(object)
        numbers[self.is_ipv6] = self.address6
        return numbers

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

    @cached_property
    def answers(self) -> Feed:
        """Names of sites with the addresses of their front ends."""
        seen = np.flatnonzero(self.component_role[self.host_component] == FRONTEND)
        hosts = zip(self.is_ipv6[seen].tolist(), self.numbers[seen].tolist(), strict=True)
        prefixes = [Prefix(6, one, 128) if six else Prefix(4, one, 32) for six, one in hosts]
        names = [self.site[row] for row in self.component_site[self.host_component[seen]]]
        columns = {"name": names, "address": list(map(str, prefixes))}
        return feed_of_columns(columns, str(self.path))

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


def polls_ipv4_alone(given: Table[GivenOrderRow] | None, polled: Table[PolledRow] | None) -> bool:
    """Whether a record has addresses, and all that it polled are of IPv4."""
    rows = [row for table in (given, polled) if table is not None for row in table.rows]
    return bool(rows) and not any(":" in str(one) for row in rows for one in row.addresses or ())


def of_polled_family(
    inventory: Inventory,
    scenario: Scenario,
    given: Table[GivenOrderRow] | None,
    polled: Table[PolledRow] | None,
) -> Inventory:
    """Ignore IPv6 addresses of sites with both families where a record polls IPv4 alone."""
    is_seen = scenario.register_.cadence == SEEN and scenario.ipv6 is None
    if not (is_seen and inventory.is_ipv6.any() and given and polls_ipv4_alone(given, polled)):
        return inventory
    keep = ~(inventory.is_ipv6 & inventory.is_dual[inventory.host_component])
    of_hosts = ("host_component", "is_ipv6", "address4", "n_names", "host_line")
    note = (
        f"IPv6 addresses: {int(inventory.is_ipv6.sum()):,}. The record polls IPv4 alone: whether "
        "they were blocked is not known; ignored where a site has IPv4 addresses too"
    )
    return replace(
        inventory,
        **{key: getattr(inventory, key)[keep] for key in of_hosts},
        address6=inventory.address6[keep[inventory.is_ipv6]],
        host_draw=np.arange(int(keep.sum())),
        notes=(*inventory.notes, note),
    )


def check_sites(
    inventory: Inventory, sectors: Table[SectorRow], scenario: Scenario
) -> Iterator[Problem]:
    """Refuse sites of a sector that nothing is known of, and what no user's family is known for."""
    if scenario.ipv6 is None and inventory.is_dual.any():
        line = inventory.host_line[inventory.is_dual[inventory.host_component]].min()
        message = (
            "expected a section ipv6 in the scenario for a site with addresses of both "
            "families: it says how many users have IPv6 (--set 'ipv6={}' takes what is assumed); "
            "got none"
        )
        yield Problem(str(inventory.path), message, int(line), 0, "address")
    yield from _many_ways(inventory)
    known = [row.sector for row in sectors.rows]
    bad = list(_texts_but(inventory.labels.get("sector"), known.__contains__))
    for site_row, text in bad[:MAX_PROBLEMS]:
        message = (
            f"expected a sector of {sectors.name} ({', '.join(known)}), or nothing, got {text!r}"
        )
        yield inventory.problem_of(site_row, "sector", f"{message}{hint(text, known)}")


SEEN = "cadence-as-seen"
"""Cadence of a record of what was seen: nothing is added to its times."""
MAX_INVENTORY_BYTES = 256 * 1024 * 1024
MAX_NAME = 253
"""Letters of a site's name: those of a domain name (RFC 1035, section 2.3.4)."""
MAX_VISITS_PER_H = 1e9
MAX_USD_PER_H = 1e8
OF_ROWS = ("host", "line")
"""Numbers of a row, beside those that a file gives."""
OF_TABLES = ("provider", "region", "service", "asn")
"""Columns of hosts that a run takes from its own tables."""
OF_SITE = ("sector", "country", "visits_per_h")
"""Columns that say something of the site: its rows must not contradict each other."""


def read_inventory(
    name: str,
    path: Path,
    columns: ColumnChoice = AS_NAMED,
    *,
    may_be_empty: bool = False,
    sectors: Sequence[str] = (),
) -> Inventory:
    """Read an inventory.

    Parameters
    ----------
    name
        As the scenario names it.
    columns
        What its columns hold, where their names do not say it.
    may_be_empty
        Whether rows need not have any address.
    sectors
        Those that its sites may be of; any where there are none.

    Raises
    ------
    DataError
        With the mistakes of all rows, at most ``MAX_PROBLEMS`` of them and how many more.
    """
    data = read_bytes(path, MAX_INVENTORY_BYTES)
    feed = _by_address(read_hosts(path, columns))
    way = "--ignore-column" * columns.has_options
    problems = [*feed.problems, *_row_problems(feed, path, sectors, way)]
    n_bad = len(problems) + feed.n_bad - len(feed.problems)
    if not n_bad and not feed.is_placed.any() and not (may_be_empty and feed.n_records):
        row = "a row with a site" if may_be_empty else "an address in at least one row"
        message = "; ".join((f"expected {row}, got none", *feed.notes))
        problems, n_bad = [Problem(str(path), message)], 1
    if not n_bad:
        inventory, site_of = _inventory_of(feed, name, path, data)
        problems = [*_site_problems(feed, inventory, site_of)]
        n_bad = len(problems)
    raise_problems(sorted(problems, key=lambda one: one.line)[:MAX_PROBLEMS], n_bad, path)
    return inventory


def read_hosts(path: Path, columns: ColumnChoice = AS_NAMED) -> Feed:
    """Read what `exposure` takes for hosts, a record for each; those of a name are one site."""
    given = Input(path, str(path), columns)
    limits = Limits(max_bytes=MAX_INVENTORY_BYTES, max_problems=MAX_PROBLEMS)
    if sniff(given, limits) == "inventory":
        gathering = Gathering(str(path), skip_bad=True, limits=limits, columns=columns)
        with given.open(limits) as source:
            return without_sinkholes(read_sites(source, gathering), keeps_special=True)
    return without_sinkholes(read_feed(given, limits=limits), keeps_special=True)


def _by_address(feed: Feed) -> Feed:
    """The same with a record for each address, in the file's sequence, and its number of host."""
    unplaced = np.flatnonzero(~feed.is_placed)
    record = np.concatenate((feed.record4, feed.record6, unplaced))
    of = np.argsort(record, kind="stable")
    at = np.argsort(of)
    line = np.concatenate((feed.v4.line, feed.v6.line, unplaced * 0)).astype(np.float64)[of]
    of = record[of]
    # A run tells of rows without an address in its own words.
    notes = tuple(note for note in feed.notes if UNPLACED not in note)
    is_named = ~np.isnan(feed.numbers.get("n_names", np.empty(0)))
    if (is_named & (np.bincount(of, minlength=feed.n_records)[: is_named.size] > 1)).any():
        notes += ("n_names of a host with several addresses counts at each of them in a run",)
    return replace(
        feed,
        n_records=of.size,
        record4=at[: len(feed.v4)],
        record6=at[len(feed.v4) : at.size - unplaced.size],
        labels={key: replace(one, code=one.code[of]) for key, one in feed.labels.items()},
        numbers={"host": of.astype(np.float64), "line": line}
        | {key: one[of] for key, one in feed.numbers.items()},
        notes=notes,
    )


def write_sites(path: Path, columns: ColumnChoice) -> bytes:
    """Return the sites of a file as a table that a scenario reads without options.

    One that is such a table stays as it is; any other becomes one with a row for each host.
    """
    own = replace(columns, met=set())
    feed, data = read_hosts(path, own), read_bytes(path, MAX_INVENTORY_BYTES)
    if feed.origin.format == "sites" and not own.met and not data.startswith(b"\x1f\x8b"):
        return to_utf8(data)[0]
    found: list[list[str]] = [[] for _ in range(feed.n_records)]
    for record, _, prefix in list_prefixes(feed, str(path)):
        found[record].append(str(prefix).removesuffix("/32").removesuffix("/128"))
    cells = {"site": [""] * feed.n_records, "address": list(map(";".join, found))}
    for key, label in feed.labels.items():
        if key not in {*OF_TABLES, "id"}:
            cells["site" if key == "name" else key] = label.texts
    for key, values in feed.numbers.items():
        if key != "line":
            cells[key] = ["" if np.isnan(value) else str(value) for value in values.tolist()]
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([[*cells], *zip(*cells.values(), strict=True)])
    return file.getvalue().encode()


def _row_problems(feed: Feed, path: Path, sectors: Sequence[str], way: str) -> Iterator[Problem]:
    """Problems of single rows."""
    line = feed.numbers["line"].astype(np.int64)

    def problem(row: int, key: str, message: str) -> Problem:
        return Problem(str(path), message, int(line[row]), 0, key)

    names = feed.labels.get("name")
    is_named = names.code >= 0 if names is not None else np.zeros(feed.n_records, np.bool_)
    reported = {one.line for one in feed.problems}
    for row in np.flatnonzero(~feed.is_placed & ~is_named).tolist():
        # A bad address was reported already; of many bad rows only some are.
        if int(line[row]) not in reported and feed.n_bad <= len(feed.problems):
            yield problem(row, "address", "expected an address, or a site; got neither")
    wide4 = feed.record4[feed.v4.stop - feed.v4.start != 1]
    wide6 = feed.record6[feed.v6.stop - feed.v6.start != 1]
    for row in np.concatenate((wide4, wide6)).tolist():
        whose = f" of {shown(names.texts[row])}" if names is not None and is_named[row] else ""
        message = f"expected a single address{whose}, got a prefix or a range"
        yield problem(row, "address", f"{message}: give each address that visitors reach")
    first6 = feed.v6.start
    outside = (first6 < FIRST_NETWORK << 64) | (first6 >= STOP_NETWORK << 64)
    for row in feed.record6[outside].tolist():
        yield problem(row, "address", "expected an IPv6 address within 2000::/3, got another")
    for key, known in (("role", ROLES), ("mode", MODES), ("sector", sectors)):
        for row, text in _texts_but(feed.labels.get(key), known.__contains__) if known else ():
            message = f"expected one of {', '.join(known)}, got {text!r}{hint(text, known)}"
            yield problem(row, key, message + (way and f"; or say {way} {key}"))
    for row, text in _texts_but(
        names, lambda one: len(one) <= MAX_NAME and (one.isprintable() or is_one_line(one))
    ):
        message = f"expected one line of at most {MAX_NAME} printable letters, got {describe(text)}"
        yield problem(row, "name", message)
    revenue = revenue_column(feed.numbers)
    for key, low, high_end in (
        (revenue, 0.0, MAX_USD_PER_H if revenue == USD_COLUMN else 1e14),
        ("visits_per_h", 0.0, MAX_VISITS_PER_H),
        ("n_names", 1.0, 1e7),
    ):
        values = feed.numbers.get(key, np.empty(0))
        for row in np.flatnonzero((values < low) | (values > high_end)).tolist():
            message = f"expected a number from {low:g} to {high_end:g}, got {values[row]:g}"
            yield problem(row, key, message)
        # A site may sell nothing, but without visits nobody could miss it.
        for row in np.flatnonzero(values == 0).tolist() if key == "visits_per_h" else ():
            yield problem(row, key, "expected a number above 0, or nothing; got 0")


def _texts_but(labels: Labels | None, is_good: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """Rows whose text is not of some kind, each with its text."""
    if labels is not None:
        found = [code for code, text in enumerate(labels.names) if not is_good(text)]
        for row in np.flatnonzero(np.isin(labels.code, found)).tolist():
            yield row, labels.names[int(labels.code[row])]


def _inventory_of(
    feed: Feed, name: str, path: Path, data: bytes
) -> tuple[Inventory, NDArray[np.int64]]:
    """The inventory, and the site of each row of the file."""
    line = feed.numbers["line"].astype(np.int64)
    n = feed.n_records
    is_ipv6 = np.zeros(n, np.bool_)
    is_ipv6[feed.record6] = True
    address4 = np.zeros(n, np.int64)
    address4[feed.record4] = feed.v4.start
    six = np.zeros(n, object)
    six[feed.record6] = feed.v6.start
    site_of, site = _sites_of(feed, address4, six, is_ipv6)
    mode = _codes_in(feed.labels.get("mode"), MODES, n)
    hosts = np.flatnonzero(feed.is_placed)
    key = _component_keys(feed, site_of)
    component, host_component = np.unique(key[hosts], return_inverse=True)
    in_sequence = np.argsort(host_component, kind="stable")
    row = hosts[in_sequence]
    first = np.unique(site_of, return_index=True)[1]
    empty = np.full(n, np.nan)
    column = revenue_column(feed.numbers)
    revenue = feed.numbers.get(column, empty)
    visits = feed.numbers.get("visits_per_h", empty)
    is_six = is_ipv6[row]
    component_mode = np.full(component.size, NOT_GIVEN, np.int64)
    of_row = _rows_of(key, component)
    np.maximum.at(component_mode, of_row[of_row >= 0], mode[of_row >= 0])
    columns = ("address", *feed.labels, *(each for each in feed.numbers if each not in OF_ROWS))
    inventory = Inventory(
        name=name,
        path=path,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=(),
        lines=(),
        note=read_note(path),
        site=site,
        labels={
            column: Labels(_of_site(labels.code, site_of, len(site), -1), labels.names)
            for column, labels in feed.labels.items()
            if column in OF_SITE
        },
        revenue_usd_per_h=(of_site := _of_site(revenue, site_of, len(site), np.nan)),
        revenue_per_h=of_site,
        visits_per_h=_of_site(visits, site_of, len(site), np.nan),
        currency=column.removeprefix("revenue_").removesuffix("per_h").strip("_").upper(),
        site_line=line[first],
        n_hosts=np.bincount(
            site_of[np.unique(feed.numbers["host"], return_index=True)[1]], minlength=len(site)
        ),
        component_site=component // len(ROLES),
        component_role=component % len(ROLES),
        component_mode=component_mode,
        host_component=host_component[in_sequence],
        is_ipv6=is_six,
        address4=address4[row],
        address6=six[row][is_six],
        n_names=feed.numbers.get("n_names", empty)[row],
        host_line=line[row],
        host_draw=np.arange(row.size),
        emptied=np.setdiff1d(key, component),
        n_without_address=int(n - hosts.size),
        columns=columns,
        notes=(*feed.notes, *_cautions(feed, site)),
    )
    return inventory, site_of


def _component_keys(feed: Feed, site_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for the site and role of each row of the file."""
    role = _codes_in(feed.labels.get("role"), ROLES, feed.n_records)
    return site_of * len(ROLES) + np.where(role == NOT_GIVEN, FRONTEND, role)


def _rows_of(keys: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each key stands among some in order; -1 where it does not."""
    at = np.searchsorted(known, keys)
    return np.where(np.append(known, NOT_GIVEN)[at] == keys, at, -1)


def _cautions(feed: Feed, site: Sequence[str]) -> Iterator[str]:
    """What is taken as given, though it is seldom meant, and what is not taken."""
    if unused := ", ".join(name for name in OF_TABLES if name in feed.labels):
        yield f"a run takes from its own tables, and not from the file: {unused}"
    if n_more := len(site) - len(set(map(domain_of, site))):
        yield f"sites that are another one, spelt otherwise, and count apart: {n_more:,}"
    known = without_sinkholes(feed)
    if n := feed.record4.size + feed.record6.size - known.record4.size - known.record6.size:
        yield f"rows with special addresses, {AS_GIVEN}: {n:,}"


def _sites_of(
    feed: Feed, address4: NDArray[np.int64], address6: Numbers, is_ipv6: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Site of each row, in the sequence of the file, and their names."""
    labels = feed.labels.get("name")
    names = labels.texts if labels is not None else [""] * feed.n_records
    for row in (row for row, name in enumerate(names) if not name):
        is_six = is_ipv6[row]
        names[row] = str(IPv6Address(address6[row]) if is_six else IPv4Address(int(address4[row])))
    number: dict[str, int] = {}
    site_of = [number.setdefault(name, len(number)) for name in names]
    return np.array(site_of, np.int64), tuple(number)


def _codes_in(labels: Labels | None, known: tuple[str, ...], n: int) -> NDArray[np.int64]:
    if labels is None:
        return np.full(n, NOT_GIVEN, np.int64)
    row_of = np.array([*(known.index(text) for text in labels.names), NOT_GIVEN], np.int64)
    return row_of[labels.code]


def _of_site(column: NDArray[Any], site_of: NDArray[np.int64], n: int, absent: float) -> Any:
    """First value given in the rows of each site."""
    is_given = ~np.isnan(column) if np.isnan(absent) else column >= 0
    found = np.full(n, absent, column.dtype)
    rows = np.flatnonzero(is_given)[::-1]
    found[site_of[rows]] = column[rows]
    return found


def _site_problems(
    feed: Feed, inventory: Inventory, site_of: NDArray[np.int64]
) -> Iterator[Problem]:
    """Contradictions between rows of one site."""
    path = str(inventory.path)
    line = feed.numbers["line"].astype(np.int64)
    yield from _twice(inventory)
    known = inventory.component_site * len(ROLES) + inventory.component_role
    component = _rows_of(_component_keys(feed, site_of), known)
    mode = _codes_in(feed.labels.get("mode"), MODES, feed.n_records)
    differs = (mode >= 0) & (mode != np.append(inventory.component_mode, NOT_GIVEN)[component])
    for row in np.flatnonzero(differs).tolist():
        message = "expected one mode for a site and role, got another in another row"
        if component[row] < 0:
            message = "expected an address of its site and role, as a mode says how users meet them"
        yield Problem(path, message, int(line[row]), 0, "mode")
    for column in (*OF_SITE, revenue_column(feed.numbers)):
        if column in feed.labels:
            of_row: NDArray[Any] = feed.labels[column].code
            of_site: NDArray[Any] = inventory.labels[column].code
            given = of_row >= 0
        elif column in feed.numbers:
            ours = column if column in OF_SITE else USD_COLUMN
            of_row, of_site = feed.numbers[column], getattr(inventory, ours)
            given = ~np.isnan(of_row)
        else:
            continue
        for row in np.flatnonzero(given & (of_row != of_site[site_of])).tolist():
            site = describe(inventory.site[int(site_of[row])])
            message = f"expected what an earlier row says of {site}, got something else"
            yield Problem(path, message, int(line[row]), 0, column)


def _twice(inventory: Inventory) -> Iterator[Problem]:
    """Hosts that are listed twice in one component."""
    # No IPv6 address within 2000::/3 is the number of one of IPv4.
    first: dict[tuple[int, int], int] = {}
    hosts = inventory.host_component, inventory.numbers, inventory.host_line
    for component, number, line in zip(*(one.tolist() for one in hosts), strict=True):
        if first.setdefault((component, number), line) != line:
            message = "expected each address of a site once for a role, got it in an earlier row"
            yield Problem(str(inventory.path), message, line, 0, "address")
