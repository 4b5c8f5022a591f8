"""Dated orders: what was blocked and unblocked, when, and by whom; from CSV or polls in JSON."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.delimited import read_headed
from sim.addresses.feeds.feed import Feed, Labels
from sim.addresses.feeds.gather import Coder, Gathering
from sim.addresses.feeds.inputs import plain_name
from sim.addresses.feeds.json_tables import items, read_document, text_of
from sim.addresses.feeds.neighbours import READ_IN, Neighbours, expected_date, read_date
from sim.addresses.sets.blocks import format_prefixes
from sim.addresses.sets.notation import parse_prefix, shown
from sim.addresses.text.source import Readable
from sim.errors import DataError, Problem, UsageError

NEEDED = ("effective", "action", "prefix")
_PARTIES = ("operators", "mechanism")
_TOLD = 4
"""Parties that a note lists."""
_OF_OURS = ("earliest", "latest", "owner", "confidence", "source")
"""Columns of a scenario's table of orders that say nothing of when it is in force."""
_OF_ADDRESSES = ("", "drop", "throttle")
"""Mechanisms by which an order lists its address."""
_BLOCK, _UNBLOCK = "block", "unblock"


@dataclass(frozen=True, eq=False)
class Orders:
    """A table of dated orders."""

    feed: Feed
    """One record per order."""
    epoch_s: NDArray[np.int64]
    """When each takes effect, in seconds since 1970 UTC; shape (n_records,), int64."""
    is_block: NDArray[np.bool_]
    """Whether it blocks or withdraws; shape (n_records,), bool."""
    parties: Labels
    """For each order the operators it is for, sorted and with blanks between them, and its
    mechanism where that is not ``drop``; nothing where it is for all and drops."""
    polls_s: tuple[int, int] | None = None
    """First and last second in which it was polled; None where these are orders."""
    polled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Addresses for which each operator was polled, whether it blocked them or not; none where
    these are orders."""

    def in_force(self, at: datetime) -> Feed:
        """Return the orders in force at a time.

        Orders count from their own second on. One that unblocks withdraws the oldest one in force
        that holds exactly the same prefix for the same operators, by the same mechanism;
        overlapping orders stay. A note counts the orders that do not drop at every operator.

        Raises
        ------
        UsageError
            If nobody had polled by then: what was blocked is not known.
        """
        if self.polls_s is not None and at.timestamp() < self.polls_s[0]:
            begin = datetime.fromtimestamp(self.polls_s[0], UTC).isoformat()
            message = f"expected a time from the first poll on, {begin}, got {at.isoformat()}"
            raise UsageError(f"--at: {message}: what was blocked before it is not known")
        kept = self._kept(int(at.timestamp()))
        feed = self.feed.of_records(kept)
        parties = Counter(self.parties.names[code] for code in self.parties.code[kept] if code >= 0)
        if not parties:
            return feed
        met = "; ".join(f"{party} {n:,}" for party, n in parties.most_common(_TOLD))
        more = "; others" if len(parties) > _TOLD else ""
        note = (
            f"{parties.total():,} of {feed.n_records:,} orders in force are for some operators "
            f"alone, or throttle ({met}{more}): counted as blocked for everyone"
        )
        return replace(feed, notes=(*feed.notes, note))

    def _kept(
        self, until_s: float = math.inf, ask: Callable[[int, NDArray[np.bool_]], None] | None = None
    ) -> NDArray[np.bool_]:
        """Return which orders are in force; ask about each that unblocks what none blocks."""
        kept = np.zeros(self.feed.n_records, np.bool_)
        holders: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        prefix, party = self.prefixes(), self.parties.code.tolist()
        for order in np.argsort(self.epoch_s, kind="stable").tolist():
            if self.epoch_s[order] > until_s:
                break
            if order not in prefix:
                continue
            holding = holders[(*prefix[order], party[order])]
            if self.is_block[order]:
                kept[order] = True
                holding.append(order)
            elif holding:
                kept[holding.pop(0)] = False
            elif ask is not None:
                ask(order, kept)
        return kept

    def prefixes(self) -> dict[int, tuple[int, int, int]]:
        """Return family and half-open bounds of the prefix of each order."""
        return {
            record: (family, start, stop)
            for family, rows, records in (
                (4, self.feed.v4, self.feed.record4),
                (6, self.feed.v6, self.feed.record6),
            )
            for record, start, stop in zip(
                records.tolist(), rows.start.tolist(), rows.stop.tolist(), strict=True
            )
        }


CASE_COLUMNS = {"addresses", "from", "to", "every", "except", "operators", "mechanism", "names"}
"""Columns of a scenario's table of orders that list addresses."""


def read_case_orders(source: Readable, gathering: Gathering) -> Feed:
    """Read the addresses of a scenario's table of orders, several in a cell, whatever its times."""
    for columns, line in read_headed(source, gathering, ("addresses",)):
        for row, cell in enumerate(columns.get("mechanism", ())):
            if cell.strip() not in _OF_ADDRESSES:
                message = f"expected drop or throttle, got {shown(cell)}: it lists no address"
                raise gathering.wrong(message, int(line[row]), "mechanism")
        cells = [re.split(r"[\s,;]+", cell.strip()) for cell in columns["addresses"]]
        record = gathering.add_records(sum(map(len, cells)))
        lines = np.repeat(line, [len(each) for each in cells])
        gathering.add_texts(
            [text for each in cells for text in each], record, lines, key="addresses"
        )
    gathering.note("all rows are counted, whatever their times and operators")
    return gathering.finish("case-orders")


def read_orders(source: Readable, gathering: Gathering) -> Orders:
    """Read a table of dated orders.

    Columns are found by name: ``effective`` (date and time with offset, or a date where a time zone
    is given), ``action`` (``block`` or ``unblock``) and ``prefix``; ``operators`` (ids with blanks,
    commas, semicolons or bars between them; all where empty) and ``mechanism`` (``drop`` where
    empty). Others are ignored, and named.

    Raises
    ------
    DataError
        If an order unblocks anything but what an earlier one blocks as it stands.
    """
    times: list[int] = []
    blocks: list[bool] = []
    parties = Coder()
    others: Neighbours | None = None
    for columns, line in read_headed(source, gathering, NEEDED):
        effective, action, prefix = (columns[each] for each in NEEDED)
        choice = gathering.columns
        choice.met.update(choice.ignored & columns.keys())
        said = [each for each in _PARTIES if each in columns.keys() - choice.ignored]
        if others is None:
            chosen = {each: each for each in (*NEEDED, *said)}
            others = Neighbours(gathering, columns, chosen, _OF_OURS)
            others.name_ignored()
        for row, cell in enumerate(columns.get("mechanism", ())):
            if cell.strip() not in _OF_ADDRESSES:
                message = f"expected drop or throttle, got {shown(cell)}: it lists no address"
                raise gathering.wrong(message, int(line[row]), "mechanism")
        others.check({each: columns[each] for each in others.unread}, {"address": prefix}, line)
        good = []
        for row, (when, what) in enumerate(zip(effective, action, strict=True)):
            moment = read_date(when, choice.zone)
            if moment is None:
                message = expected_date(when, choice.zone)
                gathering.refuse(message, int(line[row]), "effective")
            elif moment.tzinfo is choice.zone:
                gathering.note(f"effective: {READ_IN} {choice.zone}")
            if what not in (_BLOCK, _UNBLOCK):
                message = f"expected block or unblock, got {what[:60]!r}"
                gathering.refuse(message, int(line[row]), "action")
            elif moment is not None:
                good.append(row)
                times.append(int(moment.timestamp()))
                blocks.append(what == _BLOCK)
        record, at = gathering.add_records(len(good)), np.array(good, np.int64)
        gathering.add_texts([prefix[row] for row in good], record, line[at], key="prefix")
        empty = [""] * line.size
        named, mechanism = (columns[each] if each in said else empty for each in _PARTIES)
        parties.add([party_of(named[row], mechanism[row]) for row in good])
    feed = gathering.finish("orders")
    orders = orders_of(feed, times, blocks, parties.finish())
    if n_idle := _count_idle(orders, gathering.limits.max_problems):
        note = f"{n_idle:,} orders unblock what no order before them blocks: ignored"
        orders = replace(orders, feed=replace(feed, notes=(*feed.notes, note)))
    return orders


def _count_idle(orders: Orders, max_problems: int) -> int:
    """Count orders that unblock what no order in force touches."""
    feed, prefix, party = orders.feed, orders.prefixes(), orders.parties.code.tolist()
    line = np.zeros(feed.n_records, np.int64)
    line[feed.record4], line[feed.record6] = feed.v4.line, feed.v6.line
    idle: list[int] = []
    problems: list[Problem] = []

    def ask(order: int, kept: NDArray[np.bool_]) -> None:
        other = _touched(orders, kept, prefix[order], party[order])
        if other is None:
            idle.append(order)
        elif len(problems) < max_problems:
            message = (
                "expected an order that unblocks a prefix as an earlier order blocks it, for the "
                f"same operators and mechanism, got a part of the order in line {line[other]}, "
                "more than it, or others: write what is left of it as orders"
            )
            problems.append(Problem(feed.origin.file, message, int(line[order]), 0, "prefix"))

    orders._kept(ask=ask)
    if problems:
        raise DataError(problems)
    return len(idle)


def _touched(
    orders: Orders, kept: NDArray[np.bool_], bounds: tuple[int, int, int], party: int
) -> int | None:
    """An order in force for some of the same addresses and operators; None where there is none."""
    feed = orders.feed
    family, start, stop = bounds
    rows, record = (feed.v4, feed.record4) if family == 4 else (feed.v6, feed.record6)
    found = record[kept[record] & (rows.start < stop) & (rows.stop > start)].tolist()

    def operators(code: int) -> set[str]:
        return set((orders.parties.names[code] if code >= 0 else "").partition("(")[0].split())

    mine = operators(party)
    for other in found:
        theirs = operators(int(orders.parties.code[other]))
        if not mine or not theirs or mine & theirs:
            return int(other)
    return None


def party_of(operators: str, mechanism: str = "") -> str:
    """Return the operators of a cell in one spelling, and a mechanism other than ``drop``."""
    named = sorted(set(filter(None, re.split(r"[\s,;|]+", operators))))
    other = mechanism.strip() if mechanism.strip() != "drop" else ""
    return " ".join([*named, *([f"({other})"] if other else [])])


def orders_of(feed: Feed, times: list[int], blocks: list[bool], parties: Labels) -> Orders:
    """Return orders as columns; one whose prefix was refused never takes effect."""
    epoch_s, is_block = np.array(times, np.int64), np.array(blocks, np.bool_)
    epoch_s[~feed.is_placed] = np.iinfo(np.int64).max
    return Orders(feed, epoch_s, is_block, parties)


def read_polls(source: Readable, gathering: Gathering) -> Orders:
    """Read a record of polls that tested addresses at several providers, as dated orders.

    The document is ``{"lastUpdate": …, "data": [{"ip", "isp", "description", "stateChanges":
    [{"timestamp", "state"}]}]}``; entries of ``data`` are counted from 1 as lines are. A change has
    a time with its offset and a state, true where blocked. An order blocks or unblocks where the
    state differs from the one before, for that provider alone. An address is free before its first
    state. Operators are the providers' names in small letters, with ``_`` between words.

    Raises
    ------
    DataError
        If the document is no such record; for entries without provider, changes, times or states.
    """
    document = read_document(source, gathering, "polls of providers", "data")
    # Changes of one address and provider may stand in several entries.
    polled: defaultdict[tuple[str, str], list[_State]] = defaultdict(list)
    for number, (_, entry) in enumerate(items(document, "data", gathering), 1):
        gathering.n_lines += 1
        party = party_of(plain_name(text_of(entry, "isp")))
        if not party:
            gathering.refuse("expected the name of a provider, got none", number, "isp")
        polled[text_of(entry, "ip").strip().lower(), party] += _states(entry, number, gathering)
    turns = [
        (*turn, address, party)
        for (address, party), states in polled.items()
        for turn in _turns(states, gathering)
    ]
    times, blocks = [turn[0] for turn in turns], [turn[1] for turn in turns]
    line = np.array([turn[2] for turn in turns], np.int64)
    record = gathering.add_records(len(turns))
    gathering.add_labels("provider", [turn[3] for turn in turns])
    gathering.add_texts([turn[4] for turn in turns], record, line, key="ip")
    parties = Coder()
    parties.add([turn[5] for turn in turns])
    seen = [state[0] for states in polled.values() for state in states]
    named = defaultdict[str, list[str]](list)
    for (address, party), states in sorted(polled.items()):
        if states:
            named[party].append(address)
        if states and not any(state[1] for state in states):
            try:
                parse_prefix(address, version=0)
            except ValueError as error:
                gathering.refuse(str(error), states[0][2], "ip")
    if silent := sorted({party for _, party in polled} - {*named}):
        gathering.note(f"no state of {', '.join(silent)}: what they blocked is not known")
    n_pairs = len({address for address, _ in polled}) * len(named)
    n_states = sum(bool(states) for states in polled.values())
    gathering.note(
        f"counted as free where no state is given, which is not known: {n_pairs - n_states:,} of "
        f"{n_pairs:,} pairs of an address and an operator, and each address that is not in it"
    )
    begin = datetime.fromtimestamp(min(seen, default=0), UTC).isoformat()
    gathering.note(
        f"times are those of polls, from {begin} on: what was blocked before, or between two "
        "polls, is not known, and the last state of an address is kept after the record ends"
    )
    text = text_of(document, "lastUpdate")
    updated = read_date(text, _UTC)
    updated_s = -1 if updated is None else int(updated.timestamp())
    if text and updated_s < max(seen, default=0):
        gathering.note(
            f"lastUpdate {shown(text)} is no time, or one before the last state: it is ignored, so "
            "that the record ends with the last poll"
        )
    elif updated != read_date(text, _ELSEWHERE):
        gathering.note(f"lastUpdate {shown(text)} has no offset: taken as UTC")
    gathering.note(ON_TOP)
    feed = gathering.finish("polls", text_of(document, "lastUpdate"))
    found = orders_of(feed, times, blocks, parties.finish())
    polls_s = (min(seen), max(*seen, updated_s)) if seen else None
    return replace(found, polls_s=polls_s, polled=named)


ON_TOP = (
    "in a scenario its operators' lags and compliance come on top, unless its table of operators "
    "says otherwise, as that of init does"
)
"""Note on polls of whoever does not play them back as they were seen."""
_UTC, _ELSEWHERE = ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")
"""Clock of ``lastUpdate``, which has no offset; that of all other times of the record."""
_State: TypeAlias = tuple[int, bool, int, str]
"""When an address was polled, whether it was blocked, the entry, and its description."""


def _states(entry: dict[str, Any], number: int, gathering: Gathering) -> list[_State]:
    """States of one entry, in its sequence."""
    changes = entry.get("stateChanges")
    if not isinstance(changes, list):
        got = type(changes).__name__
        gathering.refuse(f"expected a list of changes, got {got}", number, "stateChanges")
        return []
    states: list[_State] = []
    for change in changes:
        found = change if isinstance(change, dict) else {}
        at, state = read_date(text_of(found, "timestamp"), None), found.get("state")
        if at is None or not isinstance(state, bool):
            message = f"expected a time with offset and a state, got {shown(str(change))}"
            gathering.refuse(message, number, "stateChanges")
        else:
            states.append((int(at.timestamp()), state, number, text_of(entry, "description")))
    return states


def _turns(states: list[_State], gathering: Gathering) -> list[_State]:
    """The states that differ from the one before, by time; an address is free before its first."""
    states.sort(key=lambda each: each[0])
    for (at_s, state, *_), (next_s, other, number, _) in pairwise(states):
        if at_s == next_s and state != other:
            when = datetime.fromtimestamp(at_s, UTC).isoformat()
            message = f"expected one state at one time, got true and false at {when}"
            gathering.refuse(message, number, "stateChanges")
            return []
    before = [False, *(state for _, state, *_ in states)]
    return [each for each, last in zip(states, before, strict=False) if each[1] != last]


COLUMNS = ("effective", "action", "prefix", "mechanism", "operators", "owner", "source")


def order_rows(orders: Orders) -> list[list[str]]:
    """Return the rows of the table, their cells as ``COLUMNS``.

    Rows are sorted by time; at the same second in the sequence of the file. Orders without a usable
    prefix have none.
    """
    feed = orders.feed
    (row4, *prefixes4), (row6, *prefixes6) = feed.v4.to_prefixes(), feed.v6.to_prefixes()
    record = np.concatenate((feed.record4[row4], feed.record6[row6]))
    text = format_prefixes(*prefixes4) + format_prefixes(*prefixes6)
    sequence = np.lexsort((record, orders.epoch_s[record]))
    times, blocks = orders.epoch_s.tolist(), orders.is_block.tolist()
    parties = orders.parties.texts
    owners = feed.labels["provider"].texts if "provider" in feed.labels else [""] * len(times)
    rows = []
    for at in sequence.tolist():
        order = int(record[at])
        effective = datetime.fromtimestamp(times[order], UTC).isoformat()
        action = "block" if blocks[order] else "unblock"
        operators, _, mechanism = parties[order].partition("(")
        rows.append(
            [
                effective,
                action,
                text[at],
                mechanism.removesuffix(")") or "drop",
                operators.strip(),
                owners[order],
                feed.origin.file,
            ]
        )
    return rows
