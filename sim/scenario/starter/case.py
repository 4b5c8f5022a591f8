"""A case of one's own as files: a scenario with comments, its tables, the schema, a README."""

from __future__ import annotations

import csv
import io
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

import numpy as np

from sim.addresses.feeds.inputs import ColumnChoice
from sim.addresses.feeds.neighbours import READ_IN
from sim.errors import DataError, Mistakes, Problem, ProblemsError, UsageError
from sim.scenario.document import hint
from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.overrides import countries, pack_name, pack_of, rate_at, read_packs
from sim.scenario.quantities import (
    check_country,
    check_time_zone,
    currencies_of,
    format_instant,
    only_zone,
)
from sim.scenario.resolve import VISIT_VALUES, read_tables, resolve, undeclared
from sim.scenario.schema import USD, Money
from sim.scenario.starter.operators import (
    LAGS,
    UNKNOWN,
    describe_lags,
    filled_operators,
    read_operators,
    shipped_operators,
)
from sim.scenario.starter.record import GivenList, read_given, write_polled
from sim.scenario.tables.inventory import Inventory, read_inventory, write_sites
from sim.scenario.tables.lists import TODAY, complete
from sim.scenario.tables.rows import CadenceRow, CloudPrefixRow, RateRow, SectorRow
from sim.scenario.tables.seeds import read_shipped, read_table

SCENARIO, SCHEMA = "scenario.yaml", "scenario.schema.json"
TITLE = "A case of our own"
"""Title of a case; the page has its country and days."""
_DAYS = 14
"""Days of a run whose end is not given: a fortnight has each weekday twice. A choice, and said."""
_OPEN_DAYS = 28
"""Days of a run after the last date of a list with rows without an end. A choice, and said."""
_ANY_DAY = "Any day, as none was given"


@dataclass(frozen=True)
class Known:
    """Facts that a user gives about a case."""

    country: str
    """Two letters of ISO 3166."""
    first: date | None = None
    last: date | None = None
    """Days from whose beginning to whose beginning the run lasts; None where it does not matter."""
    blocklist: Path | None = None
    inventory: Path | None = None
    operators: Path | None = None
    ranges: Path | None = None
    """Files; None where there is none."""
    columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """Roles of columns of the files, as ``ROLE=NAME``, and columns to ignore."""
    time_zone: str | None = None
    """Its time zone; None for that of the country."""
    day_order: str = ""
    """``dmy`` or ``mdy``, where dates do not show it."""


def write_case(known: Known, folder: Path, mistakes: Mistakes) -> list[str]:
    """Write all files of a case into an empty folder.

    Parameters
    ----------
    mistakes
        Of the options so far, to be raised with those of the files.

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
    listed, inventory, given, sectors, roles = None, None, None, list[str](), list[str]()
    zone = ZoneInfo("UTC")  # Files are read whatever it is, so that all mistakes come at once.
    with mistakes.of_part():
        first, pack, zone = _of_country(known)
        sectors = [row.sector for row in read_shipped(pack["population.sectors"], SectorRow).rows]
    for text in known.columns:
        with mistakes.of_part():
            ColumnChoice.of([*roles, text], known.ignored, zone)
            roles.append(text)
    choice = ColumnChoice.of(roles, known.ignored, zone)
    choice = replace(choice, day_order=known.day_order)
    # Read in place, so that a mistake is reported with the name that the user knows.
    of_sites, of_operators = replace(choice, zone=None), list[str]()
    with mistakes.of_part():
        if known.blocklist is not None:
            listed = read_given(known.blocklist, choice, known.country)
    with mistakes.of_part():
        if known.inventory is not None:
            name = known.inventory.name
            inventory = read_inventory(name, known.inventory, of_sites, sectors=sectors)
    with mistakes.of_part():
        if known.operators is not None:
            given, of_operators = read_operators(known.operators, choice)
    with mistakes.of_part():
        if known.ranges is not None:
            completed = complete(read_table("ranges.csv", known.ranges, CloudPrefixRow))
    mistakes.raise_any()
    as_read = [
        (path, note)
        for path, found in (
            (known.blocklist, listed.notes if listed else ()),
            (known.inventory, [*inventory.notes, *_shared_names(inventory)] if inventory else ()),
            (known.operators, of_operators),
        )
        if path is not None
        for note in found
    ]
    notes = [f"{path}: {note}" for path, note in as_read]
    periods = listed.periods if listed is not None else ()
    begin_s = min((one.from_s for one in periods if one.from_s is not None), default=None)
    edges = [at for one in periods for at in (one.from_s, one.until_s) if at is not None]
    # The first whole day on which the register is published.
    cadence = read_shipped(pack["register.cadence"], CadenceRow)
    begins = cadence.rows[0].from_.astimezone(zone)
    earliest = begins.date() + timedelta(days=begins.time() > time())
    why_first = why_last = _ANY_DAY
    if known.first is None and begin_s is not None:
        first = datetime.fromtimestamp(begin_s, zone).date()
        why_first = "The first date of the list"
    elif known.first is None:
        first = max(first, earliest)
    if first < earliest:
        got = f"{first} ({why_first.lower()})" if known.first is None else first
        raise UsageError(
            f"--from: expected {earliest} or later, when {cadence.name} begins, got {got}"
        )
    last = known.last or first + timedelta(days=_DAYS)
    n_open = 0
    if edges and not known.last and listed is not None:
        # All that the list dates, unless the user says otherwise.
        n_open = 0 if listed.polled else sum(one.until_s is None for one in periods)
        after = timedelta(days=_OPEN_DAYS if n_open else 1)
        end_of_list = datetime.fromtimestamp(max(edges), zone).date() + after
        if end_of_list >= last:
            last, why_last = end_of_list, f"Assumed, last date of the list plus {after.days} d"
    if not timedelta() < last - first <= timedelta(3660):
        got = f"{last} ({why_last.lower()})" if known.last is None else last
        raise UsageError(f"--to: expected a day after {first} and within ten years, got {got}")
    start, end = (datetime.combine(day, time(), zone) for day in (first, last))
    if listed is not None and listed.polls_s is not None:
        # Before the first poll and after the last nothing is known.
        from_s, to_s = listed.polls_s
        to_s += any(to_s in (one.from_s, one.until_s) for one in periods) or from_s == to_s
        if known.first is None:
            start, why_first = datetime.fromtimestamp(from_s, zone), "The first poll"
        if known.last is None:
            end, why_last = datetime.fromtimestamp(to_s, zone), "The last poll"
        if end <= start:
            raise UsageError(f"--from: expected a day before the last poll, {end}, got {first}")
    assumed, files = list[str](), dict[str, bytes]()
    last_day = (end - timedelta(seconds=1)).date()
    edges_of_run = (("first", known.first, start.date()), ("last", known.last, last_day))
    if unsaid := [f"{what} day ({at})" for what, day, at in edges_of_run if day is None]:
        assumed.append(f"The run's {' and '.join(unsaid)}, as none was given.")
    if n_open:
        assumed.append(
            f"{n_open:,} of {len(periods):,} rows of the list have no end: they are in force to "
            f"the end of {last_day}, the run's last day (as --to {last}: the last date plus "
            f"{_OPEN_DAYS} days)."
        )
        notes.append(assumed[-1])
    if known.country not in countries():
        assumed.append(
            f"There is no pack of {known.country}: sectors, hosting and services are those of "
            "countries without one (seeds/country-packs.csv, ZZ)."
        )
    blocklist = "blocklist.txt" if listed is None else f"blocklist{listed.ending}"
    if listed is None:
        files[blocklist] = _read("blocklist.txt").encode()
        assumed.append("The blocklist: a prefix reserved for documentation.")
    else:
        files[blocklist] = listed.data
    if listed is not None and periods:
        outside = _check_periods(listed, start, end)
        if listed.is_dated:
            is_utc = any(note.endswith(f"{READ_IN} UTC") for note in listed.notes)
            where = "UTC where their heading says so, else in " * is_utc + str(zone)
            assumed.append(f"Dates of the list without a time: the start of that day in {where}.")
        assumed += outside
        notes += outside
    has_ipv6 = False
    if known.inventory is not None and inventory is not None:
        has_ipv6 = bool(inventory.prefixes6)
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
        table, note, columns = filled_operators(given, known.country, operators, polled, str(first))
        if columns:
            assumed.append(
                f"Of the operators: {', '.join(columns)} (operators.source.yaml)."
                f"{describe_lags(table, note, columns)}"
            )
    elif operators == UNKNOWN:
        assumed.append(
            "All of the operators: three of them (operators.source.yaml)."
            f"{describe_lags(table, note, LAGS)}"
        )
    if known.operators is not None or polled or operators == UNKNOWN:
        operators = "operators.csv"
        files |= {operators: table.encode(), "operators.source.yaml": note.encode()}
    rest = [_section(name) for name, has in (("seen", polled), ("ipv6", has_ipv6)) if has]
    if known.ranges is not None:
        ranges, about, others = completed
        files |= {"ranges.csv": ranges.encode(), "ranges.source.yaml": about.encode()}
        if others:
            assumed.append(f"Ranges of providers that yours lack, from {TODAY}: {others}.")
    if known.ranges is not None or first.year >= _FIRST_OF_TODAY:
        rest.append(_section("ranges", prefixes="ranges.csv" if known.ranges else TODAY))
    if known.country not in countries():
        section, unconverted = _money_of_case(known.country, first, inventory)
        rest.append(section)
        assumed += unconverted
        notes += unconverted
    names = [row["operator"] for row in csv.DictReader(io.StringIO(table))]
    if listed is not None:
        _check_operators(known, listed, names)
    if polled and listed is not None:
        files["polled.csv"] = write_polled(listed, names).encode()
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
        ).rstrip()
        + "\n  polled: polled.csv" * ("polled.csv" in files),
        operators=operators,
        population=_section("drawn" if known.inventory is None else "sites"),
        rest="\n".join(filter(None, rest)),
        why_start="Given" if known.first else why_first,
        why_end="Given" if known.last else why_last,
        notes="" if known.inventory else _section("number"),
    )
    schema = (shipped("scenarios") / SCHEMA).read_bytes()
    files |= {SCHEMA: schema, SCENARIO: scenario(borrow="").encode()}
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
    read = [f"- `{one.name}`: {note}.\n" for one, note in as_read]
    readme = _filled(
        "README.md",
        title=TITLE,
        files="\n".join(f"- `{name}`: {words}." for name, words in what.items() if name in files),
        sites=", with a row for each of your sites (`answer/sites.csv`)" if known.inventory else "",
        read="".join(["## How your files were read\n\n", *read, "\n"] if read else []),
        assumed="\n".join(f"- {words}" for words in assumed)
        or "Nothing beyond what the tables say of themselves.",
    )
    (folder / "README.md").write_text(readme, encoding="utf-8")
    return notes


def _shared_names(inventory: Inventory) -> Iterator[str]:
    """Note that hosts of one name are one site; rows of roles are parts of one, as meant."""
    n, at = inventory.n_hosts, int(inventory.n_hosts.argmax())
    if n[at] > 1 and "role" not in inventory.columns:
        n_more = int((n > 1).sum()) - 1
        more = f", and those of {n_more:,} other names likewise" if n_more else ""
        one = f"{n[at]:,} hosts named {inventory.site[at]} are one site"
        yield f"{one}{more}: {n.sum():,} hosts are {n.size:,} sites"


def _of_country(known: Known) -> tuple[date, dict[str, str], ZoneInfo]:
    """Return the first day, what the country's pack sets, and its time zone."""
    try:
        check_country(known.country)
    except ValueError as error:
        packs = f"there are packs of {', '.join(countries())}"
        raise UsageError(f"--country: {error}; {packs}") from None
    name = pack_name(known.country)
    latest = max(row.of for row in read_packs().rows if row.country == name)
    first = known.first or date(latest, 1, 1)
    pack = {key: value for key, (value, _) in pack_of(known.country, first.year).items()}
    try:
        named = known.time_zone or pack.get("time_zone") or only_zone(known.country, first.year)
        return first, pack, ZoneInfo(check_time_zone(named))
    except ValueError as error:
        raise UsageError(f"--time-zone: {error}") from None


@contextmanager
def _named_as_given(known: Known) -> Iterator[None]:
    """Tell mistakes in copies of the user's files by the names that the user knows."""
    names = {
        "hosts.csv": known.inventory, "operators.csv": known.operators, "ranges.csv": known.ranges
    }  # fmt: skip
    try:
        yield
    except ProblemsError as error:
        problems = []
        for problem in error.problems:
            name = Path(problem.file).name
            given = known.blocklist if name.startswith("blocklist") else names.get(name)
            problems.append(problem if given is None else replace(problem, file=str(given)))
        raise type(error)(problems) from None


_FIRST_OF_TODAY = 2022
"""First year to which the ranges of today are nearer than those of 2018."""
_WHAT = {
    "hosts.csv": "your sites, from your inventory",
    "polled.csv": "addresses that each operator was polled for; others are not known",
    "operators.csv": "who carries orders out",
    "operators.source.yaml": "what that table rests on",
    "ranges.csv": "ranges of providers",
    "ranges.source.yaml": "where they are from",
}


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _section(name: str, **values: str) -> str:
    """A part of a scenario that some cases have."""
    text = _read("sections.yaml").partition(f"--- # {name}\n")[2].partition("\n---")[0]
    return Template(text.removesuffix("\n")).substitute(values)


def _filled(template: str, **values: str) -> str:
    lines = Template(_read(template)).substitute(values).removesuffix("\n").split("\n")
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


def _money_of_case(country: str, first: date, inventory: Inventory | None) -> tuple[str, list[str]]:
    """Return the section ``money`` of a country without a pack, and what is assumed.

    The currency of the sites' revenue goes first.
    """
    currencies, notes = currencies_of(country, first.year), list[str]()
    currency = currencies[0] if currencies else None
    given = inventory.currency if inventory and not np.isnan(inventory.revenue_per_h).all() else ""
    if given and given != currency:
        currency = given
        notes.append(f"The currency: {given}, as the revenue of your sites is in it.")
    elif not given and (others := ", ".join(currencies_of(country, first.year, first)[1:])):
        notes.append(f"The currency: {currency}; {country} also uses {others} (money.currency).")
    if currency is None:
        return "", notes
    rates = read_shipped(Money().rates, RateRow).rows
    if currency != USD and rate_at(rates, currency, first.year) is None:
        notes.append(
            f"No exchange rate of {currency} is shipped: amounts are in it where every site gives "
            "its revenue (a column revenue_per_h), and not known where some is assumed in USD. If "
            "no site gives it, --set money.currency=USD computes dollars; else write rates.csv "
            "beside scenario.yaml and name it there (money.rates): a line "
            "`currency,of,per_usd,low,high,kind,source,date,why`, and one such as "
            f"`{currency},{first.year},PER_USD,LOWEST,HIGHEST,fact,SOURCE,DATE,`."
        )
    return _section("money", currency=currency), notes
