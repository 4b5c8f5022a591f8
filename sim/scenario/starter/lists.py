"""A list as a case takes it: its content, and when each of its rows is in force, and where."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_file
from sim.addresses.feeds.inputs import OF_ORDERS, PERIODS, ColumnChoice, Input, take_sample
from sim.addresses.feeds.neighbours import YEARS, check_days
from sim.addresses.feeds.orders import Orders, party_of
from sim.addresses.text.source import Limits
from sim.errors import DataError, Mistakes, Problem
from sim.scenario.quantities import format_instant
from sim.scenario.strategies import NO_NAME, GivenOrderRow
from sim.scenario.tables.lists import list_prefixes
from sim.scenario.tables.seeds import read_bytes, read_table

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


def read_given(path: Path, columns: ColumnChoice) -> GivenList:
    """Read a list.

    Raises
    ------
    DataError
        If it cannot be read, a row ends before it begins, or IPv6 lies outside 2000::/3.
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
        data = "\n".join([*rows, ""]).encode()
        return GivenList(".csv", data, periods, feed.notes, *of_polls)
    if columns.met:
        lines = [f"# {path.name}, by the columns chosen", *(one for each in texts for one in each)]
        return GivenList(".txt", "\n".join([*lines, ""]).encode(), (), feed.notes)
    return GivenList(ending, path.read_bytes(), (), feed.notes)


def _of_table(path: Path) -> GivenList:
    """A table of orders in the language of scenarios, taken as it is."""
    rows = read_table(path.name, path, GivenOrderRow).rows
    periods = [
        Period(record, _seconds(one.from_), _seconds(one.to), " ".join(one.operators or ()))
        for record, one in enumerate(rows)
        if one.every is None  # Sessions have no first day.
    ]
    return GivenList(".csv", read_bytes(path), periods or [Period(0, None, None)], ())


def _seconds(at: datetime | time | None) -> int | None:
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
