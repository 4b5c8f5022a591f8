"""A case of one's own as files: a scenario with comments, its tables, the schema, a README."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from ruamel.yaml import YAML

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_file
from sim.addresses.feeds.inputs import OF_ORDERS, PERIODS, ColumnChoice, Input
from sim.addresses.feeds.orders import Orders, party_of
from sim.errors import DataError, Problem, ProblemsError, UsageError
from sim.scenario.document import decode
from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.overrides import countries, pack_of, pack_year
from sim.scenario.quantities import (
    check_country,
    check_time_zone,
    format_instant,
    only_zone,
)
from sim.scenario.refusal import hint
from sim.scenario.resolve import VISIT_VALUES, read_tables, resolve, undeclared
from sim.scenario.schema import dump_tree, json_schema
from sim.scenario.starter.money import money_of_case
from sim.scenario.tables.inventory import list_prefixes, read_inventory, write_sites
from sim.scenario.tables.rows import CadenceRow, OperatorRow
from sim.scenario.tables.seeds import read_bytes, read_cells, read_shipped

ADDRESSES_A_ROW = 200
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
    """A list as a case takes it.

    Attributes
    ----------
    ending
        Of the file's name.
    data
        Its content.
    periods
        When its records are in force, and where; empty where it has neither dates nor operators.
    notes
        What to know of how it was read.
    polled
        Addresses of which each operator was polled; none where these are orders.
    polls_s
        First and last second in which they were polled.
    """

    ending: str
    data: bytes
    periods: Sequence[Period]
    notes: tuple[str, ...]
    polled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    polls_s: tuple[int, int] | None = None

    @property
    def is_dated(self) -> bool:
        """Whether any of its records has a date."""
        return any((one.from_s, one.until_s) != (None, None) for one in self.periods)


def read_given(path: Path, columns: ColumnChoice) -> GivenList:
    """Read a list.

    Raises
    ------
    DataError
        If it cannot be read, a row ends before it begins, or IPv6 lies outside 2000::/3.
    """
    found = read_file(Input(path, str(path), columns))
    feed = found if isinstance(found, Feed) else found.feed
    periods = _of_rows(found) if isinstance(found, Feed) else _of_orders(found)
    texts: list[list[str]] = [[] for _ in range(feed.n_records)]
    for record, _, prefix in list_prefixes(feed, str(path)):
        texts[record].append(str(prefix))
    ending = "".join(path.suffixes[-2:]) or ".txt"
    if periods:
        rows = [",".join(row) for row in (_COLUMNS, *_rows(periods, texts, columns))]
        of_polls = (found.polled, found.polls_s) if isinstance(found, Orders) else ()
        data = "\n".join([*rows, ""]).encode()
        return GivenList(".csv", data, periods, feed.notes, *of_polls)
    if columns.met:
        lines = [f"# {path.name}, by the columns chosen", *(one for each in texts for one in each)]
        return GivenList(".txt", "\n".join([*lines, ""]).encode(), (), feed.notes)
    return GivenList(ending, path.read_bytes(), (), feed.notes)


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
    periods: Sequence[Period], texts: Sequence[Sequence[str]], columns: ColumnChoice
) -> Iterator[list[str]]:
    """Rows of the table of orders: those in force alike together, some hundred a row."""
    alike: dict[tuple[int | None, int | None, str], list[str]] = {}
    for one in periods:
        alike.setdefault((one.from_s, one.until_s, one.party), []).extend(texts[one.record])

    def instant(at_s: int | None) -> str:
        return "" if at_s is None else format_instant(datetime.fromtimestamp(at_s, columns.zone))

    for (from_s, until_s, party), prefixes in alike.items():
        operators, _, mechanism = party.partition("(")
        edges = [instant(from_s), instant(until_s)]
        parties = [mechanism.removesuffix(")"), operators.strip()]
        for first in range(0, len(prefixes), ADDRESSES_A_ROW):
            some = " ".join(prefixes[first : first + ADDRESSES_A_ROW])
            yield [some, *edges, *parties]


UNKNOWN = "operators-unknown"
"""Table of operators for a country without a table of its own."""
GIVEN = "Given with --operators; say here what it rests on"


def shipped_operators(name: str = UNKNOWN) -> tuple[str, str]:
    """Text of a shipped table of operators, and of its note."""
    path = shipped("seeds") / f"{name}.csv"
    return path.read_text("utf-8"), path.with_suffix(".source.yaml").read_text("utf-8")


AS_SEEN = {
    "poll_interval_h": "0.000278",
    **dict.fromkeys(("apply_lag_median_h", "apply_lag_sigma"), "0"),
    **dict.fromkeys(("release_lag_median_h", "release_lag_sigma"), "0"),
    "compliance": "1",
}
"""Columns of operators that add nothing to a list that was seen in force."""
_WHY_SEEN = "The list says what was seen blocked, and when: nothing is added to it"


def filled_operators(
    path: Path | None, country: str, model_of: str, polled: Sequence[str] = ()
) -> tuple[str, str, list[str]]:
    """Fill up a table of operators.

    Parameters
    ----------
    path
        The table; None for one of the operators that were polled, all of one size.
    country
        Whose they are.
    model_of
        Shipped table whose first row stands for what is not given.
    polled
        Operators at which it was seen whether the list is in force, if it was.

    Returns
    -------
    table, note
        Texts of both.
    assumed
        Columns that the file does not give.

    Raises
    ------
    DataError
        If the file cannot be read, has no column ``operator``, or a column that is none.
    """
    rows = [{"operator": name} for name in polled]
    if path is not None:
        reader, _ = read_cells(decode(read_bytes(path), str(path), DataError), strict=False)
        header: list[str] = next(reader, [])
        cells = [(reader.line_num, row) for row in reader if row]
        ragged = [
            Problem(str(path), f"expected {len(header)} cells, got {len(row)}", line)
            for line, row in cells
            if len(row) != len(header)
        ]
        DataError.raise_any(ragged)
        rows = [dict(zip(header, row, strict=True)) for _, row in cells]
    given = [name for name in (rows[0] if rows else {}) if name]
    known = list(OperatorRow.model_fields)
    problems = [
        Problem(str(path), f"unknown column{hint(name, known)}", 1, 0, name)
        for name in given
        if name not in known
    ]
    if "operator" not in given:
        problems.append(Problem(str(path), "expected this column, got none", 1, 0, "operator"))
    DataError.raise_any(problems)
    table, note = shipped_operators(model_of)
    model = next(csv.DictReader(io.StringIO(table)))
    seen = {name: value for name, value in AS_SEEN.items() if polled and name not in given}
    model |= seen
    whose = {"label", "stands_for", *seen}
    assumed = [name for name in model if name not in given and name not in whose]
    columns = ["operator", "label", *(name for name in known[2:] if name in (*given, *model))]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    share = round(1 / len(rows), 6)
    for number, row in enumerate(rows, 1):
        # Shares sum to 1 as written: the last takes what rounding leaves.
        mine = share if number < len(rows) else 1 - share * (len(rows) - 1)
        filled = {"label": row["operator"], "stands_for": "", "share_users": f"{mine:.6g}"}
        writer.writerow(model | filled | {name: row[name] for name in given if row[name]})
    why = dict.fromkeys(given if path else ["operator"], GIVEN) | dict.fromkeys(seen, _WHY_SEEN)
    return stream.getvalue(), _note(note, columns, why, country), assumed


def _note(text: str, columns: Sequence[str], why: Mapping[str, str], country: str) -> str:
    """The note of that table, with the columns that the user gives."""
    note = YAML(typ="safe", pure=True).load(text)
    old = note["columns"]
    unknown = {"unit": "as in the reference of tables", "meaning": "As in docs/reference/tables.md"}
    note |= {
        "title": "Operators of this case",
        "description": "Columns that were given, and assumptions for the others.",
        "licence": "Your own",
        "country": country,
        "columns": {
            name: old[name]
            if name in old and name not in why
            else {
                **{key: old.get(name, unknown)[key] for key in unknown},
                "kind": "assumption",
                "why": why.get(name, GIVEN),
                **(
                    {"range": old[name]["range"]}
                    if "range" in old.get(name, {}) and why.get(name) != _WHY_SEEN
                    else {}
                ),
            }
            for name in columns
        },
    }
    return dump_tree(note)


SCENARIO = "scenario.yaml"
TITLE = "A case of our own"
"""Title of a case; the page has its country and days."""
_DAYS = 14
"""Days of a run whose end is not given: a fortnight has each weekday twice. A choice, and said."""
_PLACEHOLDER = """\
# Addresses to be blocked, one prefix or address of either family a line, or any other list that
# `overblock exposure` reads. This one is set aside for documentation (RFC 5737): put yours here.
192.0.2.0/24
"""


@dataclass(frozen=True)
class Known:
    """Facts that a user gives about a case.

    Attributes
    ----------
    country
        Two letters of ISO 3166.
    time_zone
        Its time zone; None for that of the country.
    first, last
        Days from whose beginning to whose beginning the run lasts; None where it does not matter.
    blocklist, inventory, operators
        Files; None where there is none.
    columns, ignored
        What columns of the list and the sites hold, as ``ROLE=NAME``, and which mean nothing.
    """

    country: str
    first: date | None = None
    last: date | None = None
    blocklist: Path | None = None
    inventory: Path | None = None
    operators: Path | None = None
    columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    time_zone: str | None = None


def write_case(known: Known, folder: Path) -> list[str]:
    """Write all files of a case into an empty folder.

    Returns
    -------
    notes
        What to know of how the files that were given were read.

    Raises
    ------
    UsageError
        If something asked for is not to be had.
    DataError
        If a file that was given cannot be read, or what was written does not hold together.
    """
    try:
        check_country(known.country)
    except ValueError as error:
        packs = f"there are packs of {', '.join(countries())}"
        raise UsageError(f"--country: {error}; {packs}") from None
    first = known.first or date(pack_year(known.country), 1, 1)
    pack = {key: value for key, (value, _) in pack_of(known.country, first.year).items()}
    try:
        named = known.time_zone or pack.get("time_zone") or only_zone(known.country, first.year)
        zone = ZoneInfo(check_time_zone(named))
    except ValueError as error:
        raise UsageError(f"--time-zone: {error}") from None
    choice = ColumnChoice.of(known.columns, known.ignored, zone)
    # Read in place, so that a mistake is reported with the name that the user knows.
    listed = read_given(known.blocklist, choice) if known.blocklist else None
    periods = listed.periods if listed is not None else ()
    begin_s = min((one.from_s for one in periods if one.from_s is not None), default=None)
    # The first whole day on which the register is published.
    cadence = read_shipped(pack["register.cadence"], CadenceRow)
    begins = cadence.rows[0].from_.astimezone(zone)
    earliest = begins.date() + timedelta(days=begins.time() > time())
    if known.first is None and begin_s is not None:
        first = datetime.fromtimestamp(begin_s, zone).date()
    elif known.first is None:
        first = max(first, earliest)
    if first < earliest:
        raise UsageError(
            f"--from: expected {earliest} or later, when {cadence.name} begins, got {first}"
        )
    last = known.last or first + timedelta(days=_DAYS)
    if last <= first:
        raise UsageError(f"--to: expected a day after {first}, got {last}")
    start, end = (datetime.combine(day, time(), zone) for day in (first, last))
    assumed, files, notes = list[str](), dict[str, bytes](), list[str]()
    if known.first is None or known.last is None:
        assumed.append(f"The time of the run: {first} to {last}, as none was given.")
    if known.country not in countries():
        assumed.append(
            f"There is no pack of {known.country}: sectors, hosting and services are those of "
            "countries without one (seeds/country-packs.csv, ZZ)."
        )
    blocklist = "blocklist.txt" if listed is None else f"blocklist{listed.ending}"
    if listed is None:
        files[blocklist] = _PLACEHOLDER.encode()
        assumed.append("The blocklist: a prefix reserved for documentation.")
    else:
        files[blocklist] = listed.data
        notes += [f"{known.blocklist}: {note}" for note in listed.notes]
    if listed is not None and periods:
        outside = _check_periods(listed, start, end)
        if listed.is_dated:
            assumed.append(f"Dates of the list without a time: the start of that day in {zone}.")
        assumed += outside
        notes += outside
    has_ipv6, inventory = False, None
    if known.inventory is not None:
        of_sites = replace(choice, zone=None)
        inventory = read_inventory(known.inventory.name, known.inventory, of_sites)
        has_ipv6 = bool(inventory.prefixes6)
        notes += [f"{known.inventory}: {note}" for note in inventory.notes]
        files["hosts.csv"] = write_sites(known.inventory, of_sites)
        if n_by_visits := int(inventory.is_by_visits.sum()):
            assumed.append(
                f"Revenue of {n_by_visits} of your sites, which give visits alone: by what a "
                f"visit earns in their sector ({VISIT_VALUES})."
            )
        if n_without := inventory.n_without_address:
            assumed.append(
                f"Where some of your sites sit: {n_without} of their rows have no address "
                "(column `drawn` of `sites.csv`)."
            )
    choice.check_met()
    operators = pack.get("operators.groups", UNKNOWN)
    table, note = shipped_operators(operators)
    polled = tuple(listed.polled if listed is not None else ())
    if known.operators is not None or polled:
        table, note, columns = filled_operators(known.operators, known.country, operators, polled)
        if columns:
            assumed.append(f"Of the operators: {', '.join(columns)} (operators.source.yaml).")
    elif operators == UNKNOWN:
        assumed.append("All of the operators: three of them (operators.source.yaml).")
    if known.operators is not None or polled or operators == UNKNOWN:
        operators = "operators.csv"
        files |= {operators: table.encode(), "operators.source.yaml": note.encode()}
    rest = [*([_SEEN] if polled else []), *([_IPV6] if has_ipv6 else [])]
    if known.country not in countries():
        section, unconverted = money_of_case(known.country, first.year, inventory)
        rest.append(section)
        assumed += unconverted
    names = [row["operator"] for row in csv.DictReader(io.StringIO(table))]
    if listed is not None:
        _check_operators(known, listed, names)
    scenario = partial(
        _filled,
        SCENARIO,
        title=TITLE,
        name=f"own-case-{known.country.lower()}",
        country=known.country,
        time_zone=str(zone),
        start=format_instant(start),
        end=format_instant(end),
        strategy=_filled(
            "orders-dated.yaml" if periods else "orders.yaml",
            blocklist=blocklist,
            operators=", ".join(names[:2]),
        ).rstrip(),
        operators=operators,
        population=_DRAWN if known.inventory is None else _GIVEN_SITES,
        rest="\n".join(filter(None, rest)),
        why_time="Given" if known.first and known.last else "Any days, as none were given",
        notes="" if known.inventory else _NOTE_OF_N,
    )
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    files |= {"scenario.schema.json": text.encode(), SCENARIO: scenario(borrow="").encode()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    path = folder / SCENARIO
    with _named_as_given(known):
        borrowed = undeclared(read_tables(load_scenario(str(path))))
        borrow = f"borrow: [{', '.join(borrowed)}]"
        lines = textwrap.fill(borrow, 100, subsequent_indent="  ", break_on_hyphens=False)
        path.write_text(scenario(borrow=lines), encoding="utf-8")
        resolve(load_scenario(str(path)))
    if borrowed:
        assumed.append(f"Tables of another country or time (`borrow`): {', '.join(borrowed)}.")
    what = {blocklist: "what is blocked", **_WHAT}
    readme = _filled(
        "README.md",
        title=TITLE,
        files="\n".join(f"- `{name}`: {words}." for name, words in what.items() if name in files),
        sites=", with a row for each of your sites (`answer/sites.csv`)" if known.inventory else "",
        assumed="\n".join(f"- {words}" for words in assumed)
        or "Nothing beyond what the tables say of themselves.",
    )
    (folder / "README.md").write_text(readme, encoding="utf-8")
    return notes


@contextmanager
def _named_as_given(known: Known) -> Iterator[None]:
    """Tell mistakes in copies of the user's files by the names that the user knows."""
    names = {"hosts.csv": known.inventory, "operators.csv": known.operators}
    try:
        yield
    except ProblemsError as error:
        problems = []
        for problem in error.problems:
            name = Path(problem.file).name
            given = known.blocklist if name.startswith("blocklist") else names.get(name)
            problems.append(problem if given is None else replace(problem, file=str(given)))
        raise type(error)(problems) from None


_NOTE_OF_N = """\
  population.n_businesses:
    kind: assumption
    unit: businesses
    range: [500, 20000]
    why: Any number; shares of it are what the run shows"""
_IPV6 = """\
# Some of your sites have IPv6: how many users have it is an assumption, unless you give it here.
ipv6: {}"""
_SEEN = """\
# The list says what was seen blocked: nothing is added to its times.
register:
  cadence: cadence-as-seen"""
_GIVEN_SITES = """\
population:
  inventory: hosts.csv
  # Businesses that are drawn with yours; none by default.
  # n_businesses: 1000"""
_DRAWN = """\
population:
  # Businesses that are drawn; `inventory: hosts.csv` takes your own.
  n_businesses: 1000"""
_WHAT = {
    "hosts.csv": "your sites, from your inventory",
    "operators.csv": "who carries orders out",
    "operators.source.yaml": "what that table rests on",
}


def _filled(template: str, **values: str) -> str:
    text = resources.files(__package__).joinpath(template).read_text("utf-8")
    lines = Template(text).substitute(values).removesuffix("\n").split("\n")
    # An empty value leaves no empty line in YAML.
    is_yaml = template == SCENARIO
    return "\n".join(line for line in lines if line or not is_yaml) + "\n"


def _check_operators(known: Known, listed: GivenList, names: list[str]) -> None:
    """Refuse rows for operators that the case does not have: each name once, with a count."""
    unknown = Counter(
        name for one in listed.periods for name in one.operators.split() if name not in names
    )
    problems = [
        Problem(
            str(known.blocklist),
            f"expected one of {', '.join(names)}, got {name!r}{hint(name, names)} "
            f"(rows: {n:,}); "
            "give the operators of the list with --operators FILE, a table with a column operator "
            "(blanks separate names: write Orange_Spain in both)",
            key="operators",
        )
        for name, n in unknown.items()
    ]
    DataError.raise_any(problems)


def _check_periods(listed: GivenList, start: datetime, end: datetime) -> list[str]:
    """Notes on rows of a list outside the run, or without a beginning; refuse one all outside."""
    first, last, n = start.timestamp(), end.timestamp(), len(listed.periods)
    n_outside = sum(
        (one.from_s is not None and one.from_s >= last)
        or (one.until_s is not None and one.until_s <= first)
        for one in listed.periods
    )
    if n_outside == n:
        raise UsageError(
            f"--from, --to: expected days on which the list is in force, got {start.date()} to "
            f"{end.date()}, on which none of its {n:,} rows is"
        )
    n_open = sum(one.from_s is None for one in listed.periods) if listed.is_dated else 0
    said = {
        f"{n_outside:,} of {n:,} rows of the list are in force at no time of the run.": n_outside,
        f"{n_open:,} of {n:,} rows of the list have no beginning: they are in force from the "
        "beginning of the run.": n_open,
    }
    return [text for text, n_rows in said.items() if n_rows]
