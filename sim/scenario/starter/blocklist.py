"""The blocklist of a new case, with its dates."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.addresses.feeds.delimited import cut_header
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_file
from sim.addresses.feeds.inputs import OF_ORDERS, PERIODS, ColumnChoice, Input
from sim.addresses.feeds.orders import Orders, party_of
from sim.errors import DataError, Problem
from sim.scenario.calendars import GivenOrderRow
from sim.scenario.lists import list_prefixes
from sim.scenario.quantities import format_instant
from sim.scenario.tables.seeds import read_table

_ADDRESSES_A_ROW = 200
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
    """

    ending: str
    data: bytes
    periods: Sequence[Period]
    notes: tuple[str, ...]

    @property
    def is_dated(self) -> bool:
        """Whether any of its records has a date."""
        return any((one.from_s, one.until_s) != (None, None) for one in self.periods)

    @property
    def first_s(self) -> int | None:
        """When the first of its rows that has a date begins; None where none has."""
        return min((one.from_s for one in self.periods if one.from_s is not None), default=None)


def read_given(path: Path, columns: ColumnChoice) -> GivenList:
    """Read a list.

    Raises
    ------
    DataError
        If it cannot be read, a row ends before it begins, or IPv6 lies outside 2000::/3.
    """
    if (own := _own_orders(path)) is not None:
        return own
    given = Input(path, str(path), columns)
    found = read_file(given)
    feed = found if isinstance(found, Feed) else found.feed
    periods = _of_rows(found) if isinstance(found, Feed) else _of_orders(found)
    texts: list[list[str]] = [[] for _ in range(feed.n_records)]
    for record, _, prefix in list_prefixes(feed, str(path)):
        texts[record].append(str(prefix))
    ending = "".join(path.suffixes[-2:]) or ".txt"
    if periods:
        rows = [",".join(row) for row in (_COLUMNS, *_rows(periods, texts, columns))]
        return GivenList(".csv", "\n".join([*rows, ""]).encode(), periods, feed.notes)
    if columns.met:
        lines = [f"# {path.name}, by the columns chosen", *(one for each in texts for one in each)]
        return GivenList(".txt", "\n".join([*lines, ""]).encode(), (), feed.notes)
    return GivenList(ending, path.read_bytes(), (), feed.notes)


def _own_orders(path: Path) -> GivenList | None:
    """A table of orders as a case has it, which is taken as it is; None of any other file."""
    with path.open("rb") as file:
        header = file.readline(1000).decode("utf-8-sig", "replace").strip().split(",")
    if path.suffix != ".csv" or "addresses" not in header:
        return None
    table = read_table(str(path), path, GivenOrderRow)
    has_dates = not any(row.every for row in table.rows)

    def epoch_s(edge: datetime | time | None) -> int | None:
        return int(edge.timestamp()) if has_dates and isinstance(edge, datetime) else None

    periods = [
        Period(at, epoch_s(row.from_), epoch_s(row.to), " ".join(row.operators or ()))
        for at, row in enumerate(table.rows)
    ]
    return GivenList(".csv", table.data, periods, ())


def renamed(data: bytes, name: str, columns: ColumnChoice) -> bytes:
    """Return a table with its columns named by their roles, and without those to be ignored."""
    first, _, rest = data.partition(b"\n")
    header, delimiter = cut_header(first, name)
    if not {*header} & {*columns.roles, *columns.ignored}:
        return data
    kept = [at for at, plain in enumerate(header) if plain not in columns.ignored]
    rows = csv.reader(io.StringIO(rest.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow([columns.roles.get(header[at], header[at]) for at in kept])
    writer.writerows([row[at] for at in kept] if row else row for row in rows)
    return file.getvalue().encode()


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
    if problems:
        raise DataError(problems)
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
        for first in range(0, len(prefixes), _ADDRESSES_A_ROW):
            some = " ".join(prefixes[first : first + _ADDRESSES_A_ROW])
            yield [some, *edges, *parties]
