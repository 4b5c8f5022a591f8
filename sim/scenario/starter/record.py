"""A user's list, sites, and record of what was blocked, in place of those of a scenario."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_file
from sim.addresses.feeds.inputs import OF_ORDERS, PERIODS, ColumnChoice, Input, take_sample
from sim.addresses.feeds.neighbours import YEARS, check_days
from sim.addresses.feeds.orders import ON_TOP, Orders, party_of
from sim.addresses.text.source import Limits
from sim.errors import DataError, Mistakes, Problem, UsageError
from sim.scenario.load import load_scenario
from sim.scenario.overrides import IANA, override_text, read_packs
from sim.scenario.quantities import format_instant, parse_instant
from sim.scenario.schema import dump_tree
from sim.scenario.starter.operators import UNKNOWN, filled_operators
from sim.scenario.strategies import NO_NAME, GivenOrderRow
from sim.scenario.tables.lists import list_prefixes
from sim.scenario.tables.seeds import read_bytes, read_table

ADDRESSES_A_ROW = 200
_MOST_COUNTRIES = 8
_COLUMNS = ("addresses", "from", "to", "mechanism", "operators")


class Period(NamedTuple):
    """When a record is in force, in seconds since 1970 (None: from the start, to the end)."""

    record: int
    from_s: int | None
    until_s: int | None
    party: str = ""

    @property
    def operators(self) -> str:
        """Operators it is for, with blanks between them; empty for all."""
        return self.party.partition("(")[0].strip()


@dataclass(frozen=True)
class GivenList:
    """A list as a case takes it."""

    ending: str
    """Ending of the file's name."""
    data: bytes
    """Its content."""
    periods: Sequence[Period]
    """When its records are in force, and where; empty where it has neither dates nor operators."""
    notes: tuple[str, ...]
    """Remarks on how it was read."""
    polled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Addresses for which each operator was polled; none where these are orders."""
    polls_s: tuple[int, int] | None = None
    """First and last second in which they were polled."""

    @property
    def is_dated(self) -> bool:
        """Whether any of its records has a date."""
        return any((one.from_s, one.until_s) != (None, None) for one in self.periods)


def read_given(path: Path, columns: ColumnChoice, country: str = "") -> GivenList:
    """Read a list for a country.

    Raises
    ------
    DataError
        If it cannot be read, a row ends before it begins, IPv6 lies outside 2000::/3, or a column
        names other countries.
    """
    given = Input(path, str(path), columns)
    if "addresses" in take_sample(given, Limits()).header:
        return _of_table(path)
    mistakes = Mistakes(DataError)
    with mistakes.of_part():
        found = read_file(given)
    with mistakes.of_part():
        way, met = check_days(columns, str(path)), columns.days_met
        if way == "mdy" and "" in met and not columns.day_order:
            # Some were read with the day first, before others showed that the month is.
            mistakes.clear()
            found = read_file(Input(path, str(path), replace(columns, day_order=way)))
    mistakes.raise_any()
    feed = found if isinstance(found, Feed) else found.feed
    if met:
        first = "day" if way == "dmy" else "month"
        told = f"dates such as {next(iter(met.values()))} are read with the {first} first"
        feed = replace(feed, notes=(*feed.notes, told))
    feed = feed.using("name", *OF_ORDERS)
    countries = feed.labels.get("country")
    if country and countries is not None and {*countries.names} - {country}:
        n_rows = Counter(text or "nothing" for text in countries.texts)
        got = ", ".join(f"{name} {n:,}" for name, n in n_rows.most_common(_MOST_COUNTRIES))
        message = (
            f"expected rows of {country}, got {got}: keep the rows of {country} if the "
            "column says where they are blocked, or "
            + ("say --ignore-column country" if columns.has_options else "leave the column out")
        )
        raise DataError([Problem(str(path), message, key="country")])
    periods = _of_rows(found) if isinstance(found, Feed) else _of_orders(found)
    texts: list[list[str]] = [[] for _ in range(feed.n_records)]
    for record, _, prefix in list_prefixes(feed, str(path)):
        texts[record].append(str(prefix))
    names = feed.labels["name"].texts if "name" in feed.labels else []
    if names and not periods:
        periods = [Period(record, None, None) for record in range(feed.n_records)]
    ending = "".join(path.suffixes[-2:]) or ".txt"
    if periods:
        columns_ = (*_COLUMNS, "names") if names else _COLUMNS
        rows = [",".join(row) for row in (columns_, *_rows(periods, texts, names, columns))]
        of_polls = (found.polled, found.polls_s) if isinstance(found, Orders) else ()
        return GivenList(".csv", "\n".join([*rows, ""]).encode(), periods, feed.notes, *of_polls)
    if columns.met:
        lines = [f"# {path.name}, by the columns chosen", *(one for each in texts for one in each)]
        return GivenList(".txt", "\n".join([*lines, ""]).encode(), (), feed.notes)
    return GivenList(ending, path.read_bytes(), (), feed.notes)


def _of_table(path: Path) -> GivenList:
    """A table of orders in the language of scenarios, taken as it is."""
    rows = read_table(path.name, path, GivenOrderRow).rows
    periods = [
        Period(record, _edge_s(one.from_), _edge_s(one.to), " ".join(one.operators or ()))
        for record, one in enumerate(rows)
        if one.every is None  # Sessions have no first day.
    ]
    return GivenList(".csv", read_bytes(path), periods or [Period(0, None, None)], ())


def _edge_s(at: datetime | time | None) -> int | None:
    # Years outside these stand for no beginning, or no end.
    return int(at.timestamp()) if isinstance(at, datetime) and at.year in YEARS else None


def _of_rows(feed: Feed) -> list[Period]:
    """Periods of rows; none where no column has dates or operators."""
    if not {*feed.numbers, *feed.labels} & {*OF_ORDERS}:
        return []
    empty = np.full(feed.n_records, np.nan)
    edges = [
        [None if np.isnan(one) else int(one) for one in feed.numbers.get(role, empty).tolist()]
        for role in PERIODS
    ]
    named = feed.labels.get("operators")
    parties = map(party_of, named.texts if named is not None else [""] * feed.n_records)
    line = np.zeros(feed.n_records, np.int64)
    line[feed.record4], line[feed.record6] = feed.v4.line, feed.v6.line
    periods, problems = [], []
    for record, (from_s, until_s, party) in enumerate(zip(*edges, parties, strict=True)):
        if from_s is not None and until_s is not None and until_s <= from_s:
            message = "expected a row that ends after it begins, got one that does not"
            problems.append(Problem(feed.origin.file, message, int(line[record])))
        periods.append(Period(record, from_s, until_s, party))
    DataError.raise_any(problems)
    return periods


def _of_orders(orders: Orders) -> list[Period]:
    """Periods of orders: one that unblocks ends the oldest of its prefix for the same parties."""
    prefix, names = orders.prefixes(), orders.parties.names
    open_: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    periods: dict[int, Period] = {}
    for record in np.argsort(orders.epoch_s, kind="stable").tolist():
        at_s, code = int(orders.epoch_s[record]), int(orders.parties.code[record])
        holding = open_[(prefix[record], code)]
        if orders.is_block[record]:
            periods[record] = Period(record, at_s, None, names[code] if code >= 0 else "")
            holding.append(record)
        elif holding:
            first = holding.pop(0)
            periods[first] = periods[first]._replace(until_s=at_s)
    return [one for one in periods.values() if one.until_s != one.from_s]


def _rows(
    periods: Sequence[Period],
    texts: Sequence[Sequence[str]],
    names: Sequence[str],
    columns: ColumnChoice,
) -> Iterator[list[str]]:
    """Rows of the table of orders: those in force alike together, some hundred a row."""
    alike: defaultdict[tuple[int | None, int | None, str], list[tuple[str, str]]]
    alike = defaultdict(list)
    for one in periods:
        # A cell has names with blanks between them.
        name = re.sub(r"[\s,;\"]+", "_", names[one.record].strip()) if names else ""
        alike[one.from_s, one.until_s, one.party] += [
            (text, name or NO_NAME) for text in texts[one.record]
        ]

    def instant(at_s: int | None) -> str:
        return "" if at_s is None else format_instant(datetime.fromtimestamp(at_s, columns.zone))

    for (from_s, until_s, party), prefixes in alike.items():
        operators, _, mechanism = party.partition("(")
        edges = [instant(from_s), instant(until_s)]
        parties = [mechanism.removesuffix(")"), operators.strip()]
        for first in range(0, len(prefixes), ADDRESSES_A_ROW):
            some, for_ = zip(*prefixes[first : first + ADDRESSES_A_ROW], strict=True)
            yield [" ".join(some), *edges, *parties, *([" ".join(for_)] if names else [])]


LEAST_LISTED = 28
"""Addresses from which on a session is one, as in ``seeds/spain-sessions-2025-26.source.yaml``."""
_ENDS = (
    "as in seeds/spain-sessions-2025-26, but to the first time with fewer, not the last with enough"
)
BRIDGED_S = 90 * 60
"""Shorter gaps are bridged, likewise."""


_OF_ORDERS = (
    *("ordered_by", "purpose", "evidence", "published.totals", "published.figures"),
    *("complaints", "users", "stances", "fronts", "censor", "target.prefixes", "target.addresses"),
    "target.names",
)
"""Keys of a scenario that are about its orders and whom they are meant for, not about a record."""

Network = IPv4Network | IPv6Network
Spells = Mapping[Network, Sequence[tuple[int, int]]]
"""When each prefix is listed, from and to, in seconds since 1970."""


class Settings(NamedTuple):
    """Overrides of a scenario, and the files that they name."""

    texts: list[str]
    files: dict[str, Path]
    notes: tuple[str, ...] = ()


def set_sites(sites: Path) -> Settings:
    """A user's sites alone, in place of all businesses of a scenario."""
    stem = "-".join(re.findall(r"[\w.]+", sites.name))
    name = f"sites-{stem}" + ("" if sites.suffix else ".csv")
    texts = [f"population.inventory={name}", "population.n_businesses=0"]
    return Settings(texts, {name: sites.absolute()})


def set_record(
    record: Path, scenario: str, folder: Path, start: str, end: str, clocks: Sequence[str]
) -> Settings:
    """A record with dates in place of a scenario's orders: its time, sessions and operators too.

    Who ordered the scenario's, why, and against whom, is not said of the record.

    Parameters
    ----------
    folder
        Where the tables are written; they are read from there.
    start, end
        When the record begins and ends, if the user says so; else empty.
    clocks
        Overrides of the scenario's country and time zone.

    Raises
    ------
    DataError
        If the record cannot be read, or has no dates.
    UsageError
        If it does not say when it begins or ends, and some of it begins before or ends after.
    """
    loaded = load_scenario(scenario, clocks)
    of, place = loaded.scenario, loaded.document.locate(("time_zone",))
    is_lent = place.file in (IANA, str(read_packs().path))
    if is_lent and of.start.astimezone(of.zone).utcoffset() != of.start.utcoffset():
        # What the scenario writes itself comes before what its country lends.
        of = of.model_copy(update={"time_zone": None})
    zone = ZoneInfo("UTC") if of.zone == UTC else of.zone  # not what a time with an offset has
    listed = read_given(record, ColumnChoice(zone=zone), of.country or "")
    begin_s, end_s = read_ends(record, listed, start, end, of.zone)
    # What ends with the record is not listed at the end of the run.
    is_over = any(one.until_s == end_s for one in listed.periods)
    first, last = (datetime.fromtimestamp(at, of.zone) for at in (begin_s, end_s))
    sessions = find_sessions(read_spells(listed, begin_s, end_s))
    rows = [[datetime.fromtimestamp(at, UTC).isoformat() for at in one] for one in sessions]
    days = f"{first.date()} to {last.date()}"
    source = {"source": record.name, "date": str(last.date()), "kind": "fact"}
    files = {
        "record.csv": (listed.data.decode(), f"Record given: {record.name}, {days}", source),
        "record-sessions.csv": (
            _csv([("start", "end"), *rows]),
            f"Sessions of {record.name}: at least {LEAST_LISTED} addresses listed",
            source | {"kind": "derived", "formula": _ENDS},
        ),
    }
    if listed.polled:
        files["record-polled.csv"] = (
            write_polled(listed, listed.polled),
            f"Polled for {record.name}, whether blocked or not",
            source,
        )
    values: dict[str, Any] = {
        "name": "own-record",
        "title": json.dumps(f"Addresses seen blocked, {days} ({record.name})"),
        "start": format_instant(first),
        "end": format_instant(last + timedelta(seconds=is_over)),
        "time_zone": of.time_zone,
        **{f"strategy.{key}": None for key in sorted(of.strategy.model_fields_set - {"id"})},
        "strategy": {"id": "orders", "table": "record.csv"},
        "description": json.dumps(f"Record given: {record.name}"),
        "target.name": "what the record lists",
        **dict.fromkeys(_OF_ORDERS),
    }
    for key, is_given in (("sessions", rows), ("polled", listed.polled)):
        # After the strategy, and not that of a record before.
        values.pop(f"strategy.{key}", None)
        values[f"strategy.{key}"] = f"record-{key}.csv" if is_given else None
    named, notes = dict[str, Path](), tuple(note for note in listed.notes if note != ON_TOP)
    for name, (text, title, support) in files.items():
        named[name] = folder / name
        named[name].write_text(text, encoding="utf-8", newline="")
        columns = {
            column: {"unit": "as in the reference of tables", "meaning": "As there", **support}
            for column in text.partition("\n")[0].split(",")
        }
        about = ". ".join((title, *notes))
        note: dict[str, Any] = {"title": title, "description": about, "country": of.country or ""}
        time_ = f"{first:%Y-%m}/{last:%Y-%m}"
        note |= {"time": time_, "licence": "Your own", "columns": columns}
        named[name].with_suffix(".source.yaml").write_text(dump_tree(note), encoding="utf-8")
    parties = {name for one in listed.periods for name in one.operators.split()}
    if names := sorted({*listed.polled, *parties}):
        groups = filled_operators(None, of.country or "any", UNKNOWN, names, days)
        named["record-operators.csv"] = path = folder / "record-operators.csv"
        path.write_text(groups[0], encoding="utf-8")
        path.with_suffix(".source.yaml").write_text(groups[1], encoding="utf-8")
        values |= {"operators.groups": path.name, "register.cadence": "cadence-as-seen"}
    elif of.register_.cadence != "cadence-as-seen":
        notes += (
            f"rows name no operators, so that they are taken as orders: {of.operators.groups} and "
            f"{of.register_.cadence} add lags and compliance. Polls, and rows with operators, "
            "are played back as they were seen",
        )
    return Settings([override_text(key, value) for key, value in values.items()], named, notes)


def read_ends(
    record: Path, listed: GivenList, start: str, end: str, zone: tzinfo, option: str = "--set {}="
) -> tuple[int, int]:
    """When a record begins and ends, in seconds since 1970; ``option`` is how the user says so.

    Raises
    ------
    DataError
        If it has no dates.
    UsageError
        If it does not say when it begins or ends, and some of it begins before or ends after.
    """
    given_s: list[int | None] = []
    for key, text in (("start", start), ("end", end)):
        try:
            given_s.append(int(parse_instant(text).timestamp()) if text else None)
        except ValueError as error:
            raise UsageError(f"{option.format(key)}{text}: {error}") from None
    begins = [one.from_s for one in listed.periods if one.from_s is not None]
    ends = [one.until_s for one in listed.periods if one.until_s is not None]
    if not begins and given_s[0] is None and listed.polls_s is None:
        message = (
            "expected a record with dates: polls, dated orders, or a table with from and until"
        )
        raise DataError([Problem(str(record), f"{message}; got no row with a beginning")])
    begin_s, end_s = listed.polls_s or (min(begins + ends), max(begins + ends))
    n = len(listed.periods)
    for given, n_open, what, key, other_s in (
        # A day before and after whatever is known.
        (given_s[0], n - len(begins), "begin", "start", begin_s - 24 * 3600),
        (given_s[1], n - len(ends), "end", "end", end_s + 24 * 3600),
    ):
        if given is None and n_open and listed.polls_s is None:
            other = format_instant(datetime.fromtimestamp(other_s, zone))
            raise UsageError(
                f"--record {record}: {n_open:,} of {n:,} rows do not {what}: say when the record "
                + (f"does, such as {option.format(key)}{other}" if option else "does, in each row")
            )
    begin_s = begin_s if given_s[0] is None else given_s[0]
    end_s = end_s if given_s[1] is None else given_s[1]
    return begin_s, end_s


def read_spells(listed: GivenList, begin_s: int, end_s: int) -> Spells:
    """Spells of each prefix of a record, at whichever operators, apart and ascending.

    A spell without a beginning begins with the record, and one without an end ends with it.
    """
    spells: defaultdict[Network, list[tuple[int, int]]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(listed.data.decode())):
        edges = [
            int(datetime.fromisoformat(row[key]).timestamp()) if row[key] else known
            for key, known in (("from", begin_s), ("to", end_s))
        ]
        for prefix in row["addresses"].split():
            spells[ip_network(prefix)].append((edges[0], edges[1]))
    return {prefix: _merged(mine, 0) for prefix, mine in spells.items()}


def find_sessions(spells: Spells) -> list[tuple[int, int]]:
    """Sessions of a record: from when to when enough addresses are listed, short gaps bridged.

    An address counts once, in however many prefixes it is listed.
    """
    by_address: defaultdict[object, list[tuple[int, int]]] = defaultdict(list)
    for prefix, mine in spells.items():
        # More of a prefix than make a session change none.
        for address in islice(prefix, LEAST_LISTED):
            by_address[address] += mine
    turns = [
        turn
        for mine in by_address.values()
        for one in _merged(mine, 0)
        for turn in ((one[0], 1), (one[1], -1))
    ]
    found, n_listed, from_s = [], 0, 0
    for at_s, some in groupby(sorted(turns), itemgetter(0)):
        n_before, n_listed = n_listed, n_listed + sum(change for _, change in some)
        if n_before < LEAST_LISTED <= n_listed:
            from_s = at_s
        elif n_listed < LEAST_LISTED <= n_before:
            found.append((from_s, at_s))
    return _merged(found, BRIDGED_S)


def _merged(spells: Sequence[tuple[int, int]], gap_s: int) -> list[tuple[int, int]]:
    """Spells in sequence, those with shorter gaps than that between them as one."""
    found: list[tuple[int, int]] = []
    for from_s, to_s in sorted(spells):
        if found and (from_s - found[-1][1] < gap_s or from_s <= found[-1][1]):
            found[-1] = found[-1][0], max(to_s, found[-1][1])
        else:
            found.append((from_s, to_s))
    return found


def write_polled(listed: GivenList, names: Container[str]) -> str:
    """Write a table: operators of those names, and some hundred of the addresses polled a row."""
    rows = [
        (operator, " ".join(addresses[first : first + ADDRESSES_A_ROW]))
        for operator, addresses in listed.polled.items()
        for first in range(0, len(addresses), ADDRESSES_A_ROW)
        if operator in names
    ]
    return _csv([("operator", "addresses"), *rows])


def _csv(rows: Sequence[Sequence[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)
