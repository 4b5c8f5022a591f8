"""A user's sites, and a record of what was blocked, in place of those of a scenario."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sim.addresses.feeds.inputs import ColumnChoice
from sim.addresses.feeds.orders import ON_TOP
from sim.errors import DataError, Problem, UsageError
from sim.scenario.load import load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.quantities import format_instant, parse_instant
from sim.scenario.schema import dump_tree
from sim.scenario.starter.lists import ADDRESSES_A_ROW, GivenList, read_given
from sim.scenario.starter.operators import UNKNOWN, filled_operators

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
    record: Path, scenario: str, folder: Path, start: str = "", end: str = "", time_zone: str = ""
) -> Settings:
    """A record with dates in place of a scenario's orders: its time, sessions and operators too.

    Who ordered the scenario's, why, and against whom, is not said of the record.

    Parameters
    ----------
    folder
        Where the tables are written; they are read from there.
    start, end
        When the record begins and ends, if the user says so.
    time_zone
        Of its dates without a time; that of the scenario if empty.

    Raises
    ------
    DataError
        If the record cannot be read, or has no dates.
    UsageError
        If it does not say when it begins or ends, and some of it begins before or ends after.
    """
    of = load_scenario(scenario, [f"time_zone={time_zone}"] if time_zone else []).scenario
    listed = read_given(record, ColumnChoice(zone=ZoneInfo(of.time_zone or "UTC")))
    begin_s, end_s = read_ends(record, listed, start, end, of.zone)
    # What ends with the record is not listed at the end of the run.
    is_over = any(one.until_s == end_s for one in listed.periods)
    first, last = (datetime.fromtimestamp(at, of.zone) for at in (begin_s, end_s))
    sessions = find_sessions(read_spells(listed, begin_s, end_s))
    rows = [(_utc(from_s), _utc(to_s)) for from_s, to_s in sessions]
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
        note: dict[str, Any] = {"title": title, "description": about, "country": of.country}
        note["time"] = f"{first:%Y-%m}/{last:%Y-%m}"
        note |= {"licence": "Your own", "columns": columns}
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
    texts = [override_text(key, value) for key, value in values.items()]
    return Settings(texts, named, notes)


def _seconds(origin: str, text: str) -> int | None:
    """A time that the user sets; None without one."""
    try:
        return int(parse_instant(text).timestamp()) if text else None
    except ValueError as error:
        raise UsageError(f"{origin}: {error}") from None


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
    given_s = [
        _seconds(option.format(key) + text, text) for key, text in (("start", start), ("end", end))
    ]
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


def _utc(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


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
