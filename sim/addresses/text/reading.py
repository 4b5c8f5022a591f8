"""Blocks of lines turned into rows, with an account of the lines refused.

Blocks of nothing but IPv4 addresses and prefixes are read at once, others line by line. Numbers of
entries that comments state are compared with what was read: a cut download reads well to its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from socket import AF_INET, inet_pton
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.blocks import Numbers, split_ranges
from sim.addresses.sets.intervals import AddressSet, Intervals, IntervalSet, IntervalSet6, merge
from sim.addresses.sets.notation import find_notation, read_notation, shown
from sim.addresses.text.source import Block
from sim.files import not_utf8


@dataclass(frozen=True, eq=False)
class FamilyEntries:
    """Rows of a list that are of one family."""

    start: Numbers
    stop: Numbers
    """Half-open bounds of each row, in the order of the file; shape (n,), read-only."""
    line: NDArray[np.int64]
    """Number of the line, from 1; shape (n,), int64, read-only."""

    SET: ClassVar[type[Intervals]]

    def __post_init__(self) -> None:
        for column in (self.start, self.stop, self.line):
            column.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.start.size)

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns; a Python integer takes some 44."""
        n_of_integers = 2 * 44 * len(self) if self.start.dtype == object else 0
        return self.start.nbytes + self.stop.nbytes + self.line.nbytes + n_of_integers

    @classmethod
    def empty(cls) -> Self:
        """Return no row."""
        none = cls.SET.empty()
        return cls(none.start, none.stop, np.empty(0, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        columns = zip(*((part.start, part.stop, part.line) for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def take(self, row: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return some of the rows."""
        return type(self)(self.start[row], self.stop[row], self.line[row])

    def to_prefixes(self) -> tuple[NDArray[np.int64], Numbers, NDArray[np.int64]]:
        """Return row, network address and length of the prefixes each row stands for.

        A row that is a prefix or an address stands for itself; a range may take several.
        """
        return split_ranges(self.start, self.stop)


class Entries4(FamilyEntries):
    """IPv4 rows of a list; bounds are int64."""

    SET = IntervalSet

    def to_set(self) -> IntervalSet:
        """Return the union of the rows."""
        # Rows were checked when they were read.
        return IntervalSet(*merge(self.start, self.stop))


class Entries6(FamilyEntries):
    """IPv6 rows of a list; bounds are Python integers."""

    SET = IntervalSet6

    def to_set(self) -> IntervalSet6:
        """Return the union of the rows."""
        return IntervalSet6(*merge(self.start, self.stop))


# What lets an address through, before or behind it.
_WORD = (
    r"(?:not?|except|exclude[sd]?|allow(?:ed)?|accept|permit|pass|whitelist(?:ed)?|un(?:block|ban)"
    r"|remove[sd]?|del(?:ete[sd]?)?)"
)
_OPPOSITE = re.compile(
    rf"(?:(?:[!~]|-(?=\S)|@@)\|{{0,2}}|{_WORD}[ \t,:]+)[ \t]*"
    r"(?P<before>[\da-f.:]+)(?:/\d+)?[\^ \t]*"
    rf"|(?P<behind>[\da-f.:]+)(?:/\d+)?[ \t,]+(?:nomatch|!|{_WORD})",
    re.IGNORECASE,
)


class Bad(NamedTuple):
    """A text that was refused: its number, why, and whether it lets an address through."""

    number: int
    message: str
    is_opposite: bool = False


class Rows(NamedTuple):
    """Some texts as read: rows of both families, and the texts that were refused."""

    v4: Entries4
    v6: Entries6
    bad: Sequence[Bad]


def read_texts(texts: Sequence[str], numbers: NDArray[np.int64]) -> Rows:
    """Read texts, each an address, a prefix or a range; empty ones say nothing.

    Parameters
    ----------
    texts
        Without comments; blanks around them are allowed.
    numbers : shape (n_texts,)
        Number of each, which its row has for its line.
    """
    has_colon = [":" in text for text in texts]
    others = [text for text, has_one in zip(texts, has_colon, strict=True) if not has_one]
    bounds = _read_plain("\n".join([*others, ""]), len(others))
    if bounds is None:
        return _read_each(zip(numbers.tolist(), texts, strict=True))
    is_other = ~np.array(has_colon, np.bool_)
    rest = _read_each(zip(numbers[~is_other].tolist(), compress(texts, has_colon), strict=True))
    return Rows(Entries4(*bounds, numbers[is_other]), rest.v6, rest.bad)


def read_block(block: Block) -> Rows:
    """Read the lines of a block; `#` and `;` start comments."""
    text = block.text.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")
    bounds = _read_plain(text, block.n_lines)
    if bounds is not None:
        line = np.arange(block.first_line, block.first_line + block.n_lines, dtype=np.int64)
        return Rows(Entries4(*bounds, line), Entries6.empty(), ())
    # A hole in a comment may hide the lines that stood there.
    return _read_each(
        (number, line if "\0" in line else line.partition("#")[0].partition(";")[0])
        for number, line in enumerate(text.split("\n")[:-1], block.first_line)
    )


_BARE = re.compile(r"(?m)^[\d.]+$", re.ASCII)
_LENGTHS = {str(length): length for length in range(33)}


def _read_plain(text: str, n_lines: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Bounds of IPv4 addresses and prefixes, one a line; None where any line is something else."""
    addresses, lengths = text.split("\n")[:-1], ["32"] * n_lines
    if "/" in text:
        parts = _BARE.sub(r"\g<0>/32", text).replace("/", "\n").split("\n")[:-1]
        addresses, lengths = parts[::2], parts[1::2]
    if not len(addresses) == len(lengths) == n_lines:
        return None
    try:
        packed = b"".join(map(inet_pton, repeat(AF_INET), addresses))
        length = np.fromiter(map(_LENGTHS.__getitem__, lengths), np.int64, n_lines)
    except (OSError, ValueError, KeyError):
        return None
    start = np.frombuffer(packed, ">u4").astype(np.int64)
    size = np.int64(1) << (32 - length)
    return None if np.any(start & (size - 1)) else (start, start + size)


def _read_each(texts: Iterable[tuple[int, str]]) -> Rows:
    """Read numbered texts one by one."""
    found: dict[int, list[tuple[int, int, int]]] = {4: [], 6: []}
    bad: list[Bad] = []
    for number, padded in texts:
        text = padded.strip(" \t\r")
        if not text:
            continue
        try:
            entry = read_notation(text)
        except ValueError as error:
            bad.append(_refused(number, text, str(error)))
        else:
            found[entry.version].append((entry.first, entry.last + 1, number))
    v4 = Entries4(*np.array(found[4], np.int64).reshape(-1, 3).T.copy())
    start, stop, line = np.array(found[6], object).reshape(-1, 3).T.copy()
    return Rows(v4, Entries6(start, stop, line.astype(np.int64)), bad)


def _refused(number: int, text: str, message: str) -> Bad:
    """Say what is wrong with a text."""
    if not text.isascii() and any("\udc80" <= mark <= "\udcff" for mark in text):
        data = text.encode(errors="surrogateescape")
        return Bad(number, not_utf8(data, shown(text).replace(r"\udc", r"\x")))
    opposite = _OPPOSITE.fullmatch(text)
    if opposite and find_notation(opposite["before"] or opposite["behind"]):
        message = f"expected addresses that are blocked, got one that is not: {shown(text)}"
        return Bad(number, message, is_opposite=True)
    return Bad(number, message)


_COMMENT = re.compile(rb"(?m)^[#;]([^\n]{1,200})$")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_UNIT = (
    r"(?:(?:unique|distinct|listed|ipv4|ipv6|ip|blocked) )*"
    r"(?:entries|records|prefixes|networks|subnets|ranges|cidrs|ips|(?:ip[ -]?)?addresses)"
)
# "Entries : 2 subnets, 512 unique IPs", as FireHOL writes; "Total entries: 2"; "END 2 entries".
_STATED = re.compile(
    rf"(?P<label>(?:(?:total|number|count|of|the) )*(?:{_UNIT}|total|count)"
    rf"(?: (?:count|total|listed))?) ?[:=] ?(?P<first>{_NUMBER})(?P<unit> {_UNIT})?"
    rf"(?:, ?{_NUMBER} {_UNIT})?"
    rf"|(?:end|total)?[ :]*\(?(?P<bare>{_NUMBER})\)? (?P<of>{_UNIT})\)?"
)


def find_stated(block: Block, stated: dict[str, list[int]]) -> None:
    """Add the line and the number of each comment that states how many entries there are."""
    for comment in _COMMENT.finditer(block.text):
        text = comment[1].strip(b"#; \t\r-=.").decode("utf-8", "replace").lower()
        if found := _STATED.fullmatch(" ".join(text.split())):
            line = block.first_line + block.text.count(b"\n", 0, comment.start())
            what = (found["unit"] or found["label"] or found["of"]).strip()
            number = int((found["first"] or found["bare"]).replace(",", ""))
            at, so_far = stated.get(what, [line, 0])
            stated[what] = [at, so_far + number]


def wrong_counts(stated: dict[str, list[int]], v4: Entries4, v6: Entries6) -> Iterator[Bad]:
    """Yield numbers that are not those of rows, ranges or addresses; of joined files, the sums."""
    for what, (line, number) in stated.items():
        rows4 = Entries4.empty() if "ipv6" in what else v4
        rows6 = Entries6.empty() if "ipv4" in what else v6
        addresses = AddressSet(rows4.to_set(), rows6.to_set())
        n_rows = len(rows4) + len(rows6)
        n_addresses = addresses.v4.n_addresses + addresses.v6.n_addresses
        if number not in (n_rows, addresses.n_intervals, n_addresses):
            got = f"{n_rows:,} lines with {n_addresses:,} addresses"
            message = f"expected {number:,} {what}, as comments say, got {got}"
            yield Bad(line, f"{message}: the file was cut or changed")
