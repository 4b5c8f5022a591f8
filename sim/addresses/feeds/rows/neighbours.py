"""Columns of a table that are not read, and may yet decide what its rows mean.

In: cells of columns without a role, beside those of the addresses. Out: nothing, or an error where
they are addresses, lengths, masks, verdicts or dates on which rows end: names do not say it, values
do. What is ignored in the end is named.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sim.addresses.feeds.cellbytes import CellBytes
from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.feeds.rows.choice import ColumnChoice, plain_name
from sim.addresses.feeds.rows.dates import holds_dates, is_epoch, may_be_date, role_of
from sim.addresses.feeds.rows.meaning import (
    are_verdicts,
    has_own_rule,
    may_be_verdicts,
    words_against,
)
from sim.addresses.feeds.rows.netmasks import LENGTH_OF, LENGTH_OF_WILDCARD, length_of
from sim.addresses.sets.notation import Entry, read_notation, shown
from sim.errors import DataError, Problem

_TOLD = 8
# Distinct values up to which a column may still be one of lengths, and cells that are tried.
_MOST_KINDS, _TRIED = 129, 500
_WHOLE = re.compile(r"/?\d{1,10}", re.ASCII)
_OF_LENGTHS = ("length", "len", "bits", "netbits", "plen", "masklen", "prefixlen", "cidr", "mask")
_OF_SIZES = ("size", "count", "n", "num", "number", "addresses", "hosts", "ips", "total", "value")
# One address in a column of such a name, or beside one word, is enough; in any other, half of them.
_OF_ADDRESSES = (
    *(
        "ip",
        "ip4",
        "ipv4",
        "ip6",
        "ipv6",
        "address",
        "addr",
        "prefix",
        "network",
        "subnet",
        "range",
    ),
    *("to", "end", "last", "stop", "broadcast", "upper", "high", "netmask", "wildcard"),
    *_OF_LENGTHS,
)
_OF_PORTS = frozenset(("port", "ports", "dport", "dpt", "protocol", "proto"))
_LEAST_NUMBER = 2**24
"""Numbers of addresses below this are of 0.0.0.0/8, which is nobody's."""
_LABELS = ("name", "service", "sector", "provider", "region")
"""Columns that are read as texts, and may hold nothing but verdicts."""


@dataclass
class _Met:
    """What was met of a column so far."""

    words: set[str] = field(default_factory=set)
    has_blanks: bool = False
    is_text: bool = False


class Neighbours:
    """Columns without a role beside the addresses of one table.

    Parameters
    ----------
    given
        All columns, by the user's names.
    chosen
        Those that are read, by ours.
    implied
        Those that say again what another says.
    """

    def __init__(
        self,
        gathering: Gathering,
        given: Iterable[str],
        chosen: Mapping[str, str],
        choice: ColumnChoice,
        implied: Sequence[str] = (),
    ) -> None:
        self._gathering = gathering
        self._chosen = chosen
        self._choice = choice
        self._implied = implied
        self._ignored: dict[str, None] = {}
        self._met: dict[str, _Met] = {}
        self.watch(given)
        self._of_labels = {theirs for ours, theirs in chosen.items() if ours in _LABELS}

    @property
    def columns(self) -> list[str]:
        """Columns whose cells are to be checked, by the user's names."""
        unread = [each for each in self._ignored if plain_name(each) not in self._choice.ignored]
        return [*unread, *self._of_labels]

    def watch(self, given: Iterable[str]) -> None:
        """Watch more columns."""
        read = {*self._chosen.values(), *self._implied}
        self._ignored |= dict.fromkeys(column for column in given if column not in read)

    def name_ignored(self) -> None:
        """Tell which columns are not read."""
        if self._ignored:
            self._gathering.note(f"columns ignored: {', '.join(self._ignored)}")

    def check(
        self,
        cells: Mapping[str, Sequence[str]],
        read: Mapping[str, Sequence[str]],
        line: Line,
    ) -> None:
        """Check rows.

        Parameters
        ----------
        cells
            Of `columns`, by the user's names.
        read
            Of the columns that are read, by ours.
        line : shape (n,), int64
            Line of each row.

        Raises
        ------
        DataError
            With every column that may decide, and what settles it.
        """
        problems = []
        for column, values in cells.items():
            met = self._met.setdefault(column, _Met())
            plain = plain_name(column)
            if met.is_text and not (has_own_rule(plain) or self._may_date(plain)):
                continue
            texts = values.texts() if isinstance(values, CellBytes) else values
            found = self._problem(column, texts, met, read)
            if found is not None:
                row, message = found
                problems.append(Problem(self._gathering.name, message, int(line[row]), 0, column))
        if problems:
            raise DataError(problems)

    def _problem(
        self, column: str, texts: Sequence[str], met: _Met, read: Mapping[str, Sequence[str]]
    ) -> tuple[int, str] | None:
        """Row and message of what a column says; None where it decides nothing."""
        count = Counter(texts)
        said = {text for text in count if text.strip()}
        met.has_blanks |= len(said) < len(count)
        plain = plain_name(column)
        if len(met.words) <= _MOST_KINDS:
            met.words |= said
        if column in self._of_labels:
            met.is_text = len(met.words) > _MOST_KINDS or not may_be_verdicts(met.words)
            verdicts = are_verdicts(met.words)
            return self._of_words(column, texts, count, said) if verdicts else None
        words = said if has_own_rule(plain) else met.words
        if against := words_against(plain, words, has_blanks=met.has_blanks):
            return self._of_words(column, texts, count, against)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if rows and not _OF_PORTS.isdisjoint(plain.split("_")):
            self._gathering.note(f"rows are counted as whole addresses, whatever their {column}")
        if self._may_date(plain) and any(map(may_be_date, said)):
            dated = next((row for row in rows if _is_dated(texts, read, row)), None)
            if dated is not None:
                return self._of_dates(column, dated, texts)
        tried = [texts[row].strip() for row in rows[:_TRIED]]
        if not tried or met.is_text:
            return None
        if holds_dates(tried):
            return self._of_dates(column, rows[0], texts)
        kind = _kind(plain, tried, rows, texts, read)
        if kind:
            message = f"expected a column that decides nothing, got {shown(texts[rows[0]])}"
            return rows[0], f"{message}: {self._ways(kind, plain)}"
        met.is_text = len(met.words) > _MOST_KINDS
        return None

    def _of_words(
        self, column: str, texts: Sequence[str], count: Counter[str], against: Iterable[str]
    ) -> tuple[int, str]:
        words = set(against)
        row = next((row for row, text in enumerate(texts) if text in words), 0)
        met = [f"{shown(cell)} {n:,}" for cell, n in count.most_common(_TOLD)]
        more = " and others" if len(count) > _TOLD else ""
        message = (
            f"expected rows that all list their address, got {', '.join(met)}{more}: keep the rows "
            f"that are meant, and leave the column {shown(column)} out"
        )
        return row, message + self._or_ignore(plain_name(column))

    def _of_dates(self, column: str, row: int, texts: Sequence[str]) -> tuple[int, str] | None:
        """An error for dates on which rows end; a note on any others."""
        plain = plain_name(column)
        if role_of(plain) == "until":
            message = (
                f"expected rows that are all in force, got dates on which they end, such as "
                f"{shown(texts[row])}: keep the rows that are meant, and leave the column out"
            )
            return row, message + self._or_ignore(plain)
        if self._choice.zone is None:
            self._gathering.note(f"all rows are counted, whatever their dates in {column}")
        elif self._may_date(plain):
            message = f"expected dates that are kept, got {shown(texts[row])} in a column that is"
            ways = f"--column from={plain}, or --ignore-column {plain}"
            return row, f"{message} not read: say {ways}"
        return None

    def _may_date(self, plain: str) -> bool:
        """Whether each date of a column is to be met: those of an end, and of a start if asked."""
        role = role_of(plain)
        has_start = not self._chosen.keys().isdisjoint(("from", "effective"))
        return role == "until" or (
            role == "from" and self._choice.zone is not None and not has_start
        )

    def _or_ignore(self, plain: str) -> str:
        return f", or say --ignore-column {plain}" if self._choice.has_options else ""

    def _ways(self, kind: str, plain: str) -> str:
        """What settles which role a column has."""
        if not self._choice.has_options:
            return f"{_NAMES[kind]}, or leave the column out"
        at = plain_name(self._chosen.get("address", "address"))
        both = f"--column address={at} --column address={plain}"
        ignore = f"--ignore-column {plain}"
        match kind:
            case "address":
                ends = f"--column last={plain} if ranges end there"
                return f"{ends}, {both} if both are listed, {ignore} if neither"
            case "number" | "size":
                return f"write prefixes or ranges if it bounds them, or say {ignore}"
            case _:
                return f"--column {kind}={plain} if these are lengths of prefixes, {ignore} if not"


_NAMES = {
    "address": "name it end_ip if ranges end there, or give each address a row of its own",
    "mask": "name it mask if these are lengths of prefixes",
    "wildcard": "write lengths or netmasks in a column mask if these are wildcards",
    "number": "write ranges if it bounds them",
    "size": "write prefixes or ranges if these are numbers of addresses",
}


def _is_dated(texts: Sequence[str], read: Mapping[str, Sequence[str]], row: int) -> bool:
    """Whether a cell says a date, and not in digits the bounds of its own row."""
    if not is_epoch(texts[row]):
        return may_be_date(texts[row])
    own = _own(read, row)
    return own is None or not ({texts[row].strip()} & {str(own.first), str(own.last)})


def _kind(
    plain: str,
    tried: Sequence[str],
    rows: Sequence[int],
    texts: Sequence[str],
    read: Mapping[str, Sequence[str]],
) -> str:
    """What some cells of a column are: address, mask, wildcard, number, size; empty for no such."""
    parts = {*plain.split("_")}
    said = {texts[row].strip() for row in rows}
    is_asked = not parts.isdisjoint(_OF_ADDRESSES)
    placed = set(filter(_holds_addresses, said)) if is_asked or len(said) <= _MOST_KINDS else set()
    if not is_asked and len(said - placed) > 1:
        placed = set()
    if placed or 2 * sum(map(_holds_addresses, tried)) >= len(tried):
        rows = [row for row in rows if not placed or texts[row].strip() in placed]
        said = placed or said
        for kind, lengths in (("mask", LENGTH_OF), ("wildcard", LENGTH_OF_WILDCARD)):
            if said <= lengths.keys():
                masks = [(int(lengths[texts[row].strip()]), _own(read, row)) for row in rows]
                return kind if _kind_of_lengths(masks, is_named=True) else ""
        return "" if all(_says_again(texts[row], _own(read, row)) for row in rows) else "address"
    is_named = not parts.isdisjoint((*_OF_LENGTHS, *_OF_SIZES))
    n_words = len({cell for cell in said if not _is_whole(cell)})
    if not is_named and n_words > 1 and 2 * sum(map(_is_whole, tried)) < len(tried):
        return ""
    numbers = [
        (int(texts[row].strip("/ ")), _own(read, row)) for row in rows if _is_whole(texts[row])
    ]
    if not numbers:
        return ""
    if all(number <= 128 for number, _ in numbers):
        return _kind_of_lengths(numbers, is_named=not parts.isdisjoint(_OF_LENGTHS))
    beside = [(number, own) for number, own in numbers if own is not None]
    if all(number >= _LEAST_NUMBER for number, _ in numbers) and beside:
        is_near = all(own.first <= number < own.first + _LEAST_NUMBER for number, own in beside)
        says_again = all(number in (own.first, own.last) for number, own in beside)
        return "number" if is_near and not says_again else ""
    is_size = not parts.isdisjoint(_OF_SIZES)
    return "size" if is_size and all(_is_size(number, own) for number, own in numbers) else ""


def _kind_of_lengths(numbers: Sequence[tuple[int, Entry | None]], *, is_named: bool) -> str:
    """``mask`` where small numbers make prefixes of their addresses, or are named so."""
    lengths = [(number, own) for number, own in numbers if own is not None]
    full = {4: 32, 6: 128}
    if not lengths:
        return ""
    is_single = all(own.first == own.last for _, own in lengths)
    if not is_single:
        says_again = all(
            own.last - own.first + 1 == 2 ** max(full[own.version] - number, 0)
            for number, own in lengths
        )
        return "mask" if is_named and not says_again else ""
    if all(number == full[own.version] for number, own in lengths):
        return ""
    is_prefix = all(
        number <= full[own.version] and not own.first % 2 ** (full[own.version] - number)
        for number, own in lengths
    )
    return "mask" if is_named or is_prefix else ""


def _is_size(number: int, own: Entry | None) -> bool:
    return own is not None and number.bit_count() == 1 and not own.first % number


def _is_whole(text: str) -> bool:
    return _WHOLE.fullmatch(text.strip()) is not None


def _own(read: Mapping[str, Sequence[str]], row: int) -> Entry | None:
    """What a row lists; None where it cannot be read."""
    address, last, mask = (
        str(read[column][row]).strip() if column in read else ""
        for column in ("address", "last", "mask")
    )
    text = f"{address}-{last}" if last else f"{address}/{length_of(mask)}" if mask else address
    try:
        return read_notation(text)
    except ValueError:
        return None


def _says_again(text: str, own: Entry | None) -> bool:
    """Whether a cell is empty, or the bounds or the whole of what its row lists."""
    if not text.strip() or own is None:
        return True
    try:
        found = read_notation(text.strip())
    except ValueError:
        return False
    is_edge = found.first == found.last and found.first in (own.first, own.last)
    return found.version == own.version and (is_edge or found == own)


@lru_cache(2**12)
def _holds_addresses(text: str) -> bool:
    """Whether a cell is one address, prefix or range, or several."""
    parts = [part for part in re.split(r"[\s,;|]+|-", text) if part]
    return bool(parts) and all(map(_is_address, parts))


def _is_address(part: str) -> bool:
    if part.count(".") != 3 and part.count(":") < 2:
        return False
    try:
        ipaddress.ip_interface(part)
    except ValueError:
        return False
    return True
