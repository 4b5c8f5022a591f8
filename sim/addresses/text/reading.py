"""Blocks of lines turned into rows, with an account of the lines refused.

Plain IPv4 addresses and prefixes are read by NumPy, others one by one.

The reader explains refused lines one by one, up to the limit, and compares numbers of entries that
comments state with what was read: a download that broke off reads well up to its end.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.sets.notation import find_notation, read_notation, shown
from sim.addresses.text.entries import (
    Entries,
    Entries4,
    Entries6,
    Growing,
    Rows,
    Tally,
    joined_numbers,
)
from sim.addresses.text.source import Block, Limits, Readable, read_blocks
from sim.addresses.threads import in_order
from sim.errors import BadLinesError, DataError, Problem

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_UNIT = r"(?:entries|records|prefixes|networks|subnets|ranges|cidrs|ips|(?:ip[ -]?)?addresses)"
_KIND = r"(?:(?:unique|distinct|listed|ipv4|ipv6|ip|blocked)[ ])*"
# "Entries : 2 subnets, 512 unique IPs", as FireHOL writes; "Total entries: 2"; "END 2 entries".
_COMMENT = re.compile(
    rf"(?P<label>(?:total|number|count|of|the|[ ])*{_KIND}(?:{_UNIT}|total|count)"
    rf"(?:[ ](?:count|total|listed))?)[ ]?[:=][ ]?(?P<first>{_NUMBER}(?:[ ]{_KIND}{_UNIT})?)"
    rf"(?:,[ ](?P<second>{_NUMBER}[ ]{_KIND}{_UNIT}))?"
    rf"|(?:end|total)?[ :]*\(?(?P<bare>{_NUMBER}\)?[ ]{_KIND}{_UNIT})\)?"
)
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Stated:
    """A number of entries that a comment states.

    Attributes
    ----------
    line
        Of the comment.
    number
        As it stands there.
    what
        What it counts, in words.
    """

    line: int
    number: str
    what: str


def differs(stated: object, n_read: int, what: str) -> str:
    """Return what is wrong with a number that a file states; empty where as many were read."""
    digits = str(stated).replace(",", "")
    if isinstance(stated, bool) or not (digits.isascii() and digits.isdecimal()):
        return f"expected a number of {what}, got {shown(str(stated))}"
    # Not converted: Python converts no text of thousands of digits.
    digits, read = digits.lstrip("0") or "0", str(n_read)
    if digits == read:
        return ""
    is_short = (len(digits), digits) > (len(read), read)
    why = "the file is not whole" if is_short else "it holds more than that"
    return f"expected {stated!s:.20} {what}, as this line says, got {n_read:,}: {why}"


def find_stated(text: bytes, first_line: int) -> list[Stated]:
    """Return what the comments of some lines state, those alone on their line."""
    found = []
    for start in _comments(text):
        end = text.find(b"\n", start)
        said = text[start : min(end, start + _MOST_CHARACTERS)].strip(b"#; \t\r-=.").lower()
        match = _COMMENT.fullmatch(" ".join(said.decode("utf-8", "replace").split()))
        if match is None:
            continue
        line = first_line + text.count(b"\n", 0, start)
        for part in filter(None, match.group("first", "second", "bare")):
            number, _, what = part.replace(")", "").partition(" ")
            found.append(Stated(line, number, what or match["label"]))
    return sorted(found, key=lambda stated: stated.line)


def _comments(text: bytes) -> Iterator[int]:
    """Where the lines begin that are comments, of text that ends with a line end."""
    if text.startswith((b"#", b";")):
        yield 0
    for mark in (b"\n#", b"\n;"):
        at = text.find(mark)
        while at >= 0:
            yield at + 1
            at = text.find(mark, at + 1)


def wrong_counts(found: Sequence[Stated], v4: Entries4, v6: Entries6) -> list[tuple[int, str]]:
    """Return the line of each comment that states another number than there is, and what is wrong.

    Where several state a number of the same, as in files that were joined, each speaks of the rows
    from it to the next, or from the one before where rows stand before the first.
    """
    alike: defaultdict[str, list[Stated]] = defaultdict(list)
    for each in found:
        alike[each.what].append(each)
    first_row = min([*v4.line[:1].tolist(), *v6.line[:1].tolist()], default=0)
    wrong = []
    for stated in alike.values():
        lines = [each.line for each in stated]
        begins = [0, *lines[1:]]
        ends: list[float] = [*lines[1:], np.inf]
        if first_row < lines[0]:
            begins, ends = [0, *lines[:-1]], [*lines[:-1], np.inf]
        for each, begin, end in zip(stated, begins, ends, strict=True):
            in4, in6 = ((rows.line > begin) & (rows.line < end) for rows in (v4, v6))
            counts = _counts(each.what, v4.take(in4), v6.take(in6))
            told = [differs(each.number, n, each.what) for n in counts]
            if all(told):
                wrong.append((each.line, told[0]))
    return wrong


def _counts(what: str, v4: Entries4, v6: Entries6) -> list[int]:
    """Counts that a stated number may mean: rows, ranges, or addresses."""
    if "ipv6" in what:
        v4 = Entries4.empty()
    if "ipv4" in what:
        v6 = Entries6.empty()
    addresses = AddressSet(v4.to_set(), v6.to_set())
    n_addresses = addresses.v4.n_addresses + addresses.v6.n_addresses
    n_rows = len(v4) + len(v6)
    if what.endswith(("total", "count")):
        return [n_rows, addresses.n_intervals, n_addresses]
    if not what.endswith(("ips", "addresses")):
        return [n_rows, addresses.n_intervals]
    return [n_addresses] if re.search("unique|distinct", what) else [n_rows, n_addresses]


# What may be an address, prefix or range, between a semicolon and the next mark or end of line.
_BEHIND = re.compile(rb";([0-9a-fA-F.:/ \t-]{2,100})(?=[;#\r\n])")

# The shortest address and its newline; and rows that room is made for before they come. Room that
# is never written to takes no memory.
_LEAST_BYTES, _MOST_EXPECTED = 8, 2**24

# What lets an address through, before or behind it.
_WORD = (
    rb"(?:not?|except|exclude[sd]?|allow(?:ed)?|accept|permit|pass|whitelist(?:ed)?|un(?:block|ban)"
    rb"|remove[sd]?|del(?:ete[sd]?)?)"
)
_END = rb"(?:/\d+)?[\^ \t]*\r?(?:[#;].*)?$"
_OPPOSITE = re.compile(
    rb"(?im)^[ \t]*(?:(?:[!~]|-(?=\S)|@@)\|{0,2}|"
    + _WORD
    + rb"[ \t,:]+)[ \t]*(?P<before>[\da-f.:]+)"
    + _END
    + rb"|^[ \t]*(?P<behind>[\da-f.:]+)(?:/\d+)?[ \t,]+(?:nomatch|!|"
    + _WORD
    + rb")"
    + _END
)


class Reading:
    """The reading of one file.

    Parameters
    ----------
    name
        What to call the file in messages.
    limits
        How much is read and described.

    Attributes
    ----------
    opposite
        The first line that lets an address through; None where there is none.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._problems: list[Problem] = []
        self._n_lines = 0
        self._n_entries = 0
        self._n_bad = 0
        self._n_behind, self._behind = 0, ("", 0)
        self._stated: list[Stated] = []
        self.opposite: Problem | None = None

    def parts(self, stream: Readable) -> Iterator[Rows]:
        """Yield the rows of a stream, block by block."""
        _keep_what_is_freed()
        blocks = read_blocks(stream, self._limits.max_line_bytes, self._name)
        for block, rows, bad in in_order(_read_block, blocks):
            self._account(block, rows, bad)
            yield rows

    def entries(self, stream: Readable, *, skip_bad: bool) -> tuple[Entries4, Entries6, Tally]:
        """Return all rows of a stream, and the tally.

        Raises
        ------
        DataError
            As for `finish`, or if the rows take more memory than the limits allow.
        """
        n_expected = min(getattr(stream, "size", 0) // _LEAST_BYTES, _MOST_EXPECTED)
        start, stop = (Growing[np.int64](np.int64, n_expected) for _ in range(2))
        numbers: list[NDArray[np.int64] | range] = []
        parts6: list[Entries6] = []
        n_bytes = 0
        for v4, v6 in self.parts(stream):
            start.append(v4.start)
            stop.append(v4.stop)
            numbers.append(v4.numbers)
            parts6.append(v6)
            n_bytes += v4.n_bytes + v6.n_bytes
            self._limits.check_held(n_bytes, self._name)
        v4 = Entries4(start.finish(), stop.finish(), joined_numbers(numbers))
        v6 = Entries6.concatenate(parts6)
        for line, message in wrong_counts(self._stated, v4, v6):
            self._n_bad += 1
            self._problems.append(Problem(self._name, message, line))
        return v4, v6, self.finish(skip_bad)

    def finish(self, skip_bad: bool) -> Tally:
        """Return the tally of the whole reading.

        Raises
        ------
        BadLinesError
            If lines were refused, unless ``skip_bad``.
        DataError
            If one lets an address through: without it the list would say more than is blocked.
        """
        if self._n_bad and not skip_bad:
            raise BadLinesError(
                self._name, self._problems, self._n_bad, self._n_entries, "bad lines"
            )
        if self.opposite is not None:
            raise DataError([self.opposite])
        return self.tally()

    def tally(self) -> Tally:
        """Return the tally, whatever was refused."""
        return Tally(
            self._n_lines,
            self._n_entries,
            self._n_bad,
            tuple(self._problems),
            self._n_behind,
            self._behind,
        )

    def _account(self, block: Block, rows: Rows, bad: NDArray[np.int64]) -> None:
        """Count what a block held, and describe the first of its bad lines."""
        self._n_lines += block.n_lines
        self._n_entries += len(rows[0]) + len(rows[1])
        self._n_bad += bad.size + len(block.overlong)
        if b";" in block.text:
            self._count_behind(block)
        if b";" in block.text or b"#" in block.text:
            self._stated += find_stated(block.text, block.first_line)
        if bad.size and self.opposite is None:
            self._find_opposite(block)
        room = self._limits.max_problems - len(self._problems)
        if room <= 0 or not (bad.size or block.overlong):
            return
        limit = f"at most {self._limits.max_line_bytes:,} bytes in a line"
        found = dict.fromkeys(block.overlong, f"expected {limit}, got more")
        lines = block.text.split(b"\n")
        for line in bad[:room].tolist():
            entry = lines[line - block.first_line]
            found[line] = _reason(entry.split(b"#")[0].split(b";")[0])
        for line in sorted(found)[:room]:
            self._problems.append(Problem(self._name, found[line], line=line))

    def _find_opposite(self, block: Block) -> None:
        """Keep the first line of a block that lets an address through."""
        for found in _OPPOSITE.finditer(block.text):
            if find_notation((found["before"] or found["behind"]).decode().strip()):
                text = shown(found[0].decode("utf-8", "backslashreplace").strip())
                message = f"expected addresses that are blocked, got one that is not: {text}"
                line = block.first_line + block.text.count(b"\n", 0, found.start())
                self.opposite = Problem(self._name, message, line=line)
                return

    def _count_behind(self, block: Block) -> None:
        """Count the lines of a block that have an address before and another behind a semicolon."""
        last = -1
        for found in _BEHIND.finditer(block.text):
            start = block.text.rfind(b"\n", 0, found.start()) + 1
            if start == last or find_notation(found[1].decode().strip()) is None:
                continue
            last = start
            before, _, after = block.text[start : found.end()].partition(b";")
            if b"#" in after or find_notation(before.decode("utf-8", "replace").strip()) is None:
                continue
            self._n_behind += 1
            if self._n_behind == 1:
                text = block.text[start : block.text.find(b"\n", start)]
                line = block.first_line + block.text.count(b"\n", 0, start)
                self._behind = text.decode("utf-8", "backslashreplace").strip(), line


def parse_entries(
    text: str | bytes,
    name: str = "<text>",
    *,
    skip_bad: bool = False,
    limits: Limits | None = None,
) -> Entries:
    """Read a list from text in memory, line by line.

    Parameters
    ----------
    text
        On each line a prefix, a plain address or a range ``first-last``; ``#`` and ``;`` start a
        comment. IPv4-mapped addresses (``::ffff:192.0.2.1``) are bad lines.
    name
        Name of the text in messages.
    skip_bad
        Ignore bad lines and count them, instead of refusing the text.
    limits
        How much is read before the text is refused.

    Returns
    -------
    entries
        Rows by family in the order of the text, with line numbers; and the tally.

    Raises
    ------
    DataError
        If the text exceeds a limit; and, unless ``skip_bad``, with every bad line (the first
        ``limits.max_problems`` described, the rest counted).
    """
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return Entries(*Reading(name, limits or Limits()).entries(BytesIO(data), skip_bad=skip_bad))


@cache
def _keep_what_is_freed() -> None:
    """Let the process keep the memory of one block for the next, from the first call on.

    The allocator of Linux gives freed memory back once there is twice as much of it as the largest
    piece ever freed, up to 32 MiB; each block would then wait for the system to clear its pages
    anew. A piece of that size that is never written to costs nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


def _reason(entry: bytes) -> str:
    """Say what is wrong with an entry that was refused."""
    try:
        text = entry.decode("utf-8")
    except UnicodeDecodeError:
        return f"expected UTF-8 text, got {shown(entry.decode('utf-8', 'backslashreplace'))}"
    try:
        read_notation(text.strip(" \t\r"))
    except ValueError as error:
        return str(error)
    raise AssertionError(f"refused in bulk, read alone: {text!r}")


NEWLINE, DOT, SLASH, ZERO = 10, 46, 47, 48
_PLAIN = re.compile(rb"[\d./]+")


def _read_block(block: Block) -> tuple[Block, Rows, NDArray[np.int64]]:
    """Read the rows of a block, and the numbers of its bad lines."""
    first_line, n_lines = block.first_line, block.n_lines
    text = block.text.replace(b"\r\n", b"\n")
    parsed = parse_lines4(np.frombuffer(text, np.uint8), n_lines)
    if parsed is not None:
        v4, bad = _good_rows(parsed, range(first_line, first_line + n_lines))
        return block, (v4, Entries6.empty()), bad
    plain: list[bytes] = []
    plain_lines: list[int] = []
    others: dict[int, list[tuple[int, int, int]]] = {4: [], 6: []}
    refused: list[int] = []
    for number, line in enumerate(text.split(b"\n")[:-1], first_line):
        entry = line.partition(b"#")[0].partition(b";")[0].strip(b" \t\r")
        if _PLAIN.fullmatch(entry):
            plain.append(entry)
            plain_lines.append(number)
        elif entry:
            try:
                found = read_notation(entry.decode())
            except ValueError:
                refused.append(number)
            else:
                others[found.version].append((number, found.first, found.last))
    parsed = parse_lines4(np.frombuffer(b"\n".join([*plain, b""]), np.uint8), len(plain))
    assert parsed is not None
    v4, bad = _good_rows(parsed, np.array(plain_lines, np.int64))
    if others[4]:
        number, first, last = np.array(others[4], np.int64).T
        v4 = Entries4.concatenate([v4, Entries4(first, last + 1, number)])
        v4 = v4.take(np.argsort(v4.line, kind="stable"))
    v6 = Entries6(
        Addresses6.from_ints(first for _, first, _ in others[6]),
        Addresses6.from_ints(last for *_, last in others[6]),
        np.array([number for number, *_ in others[6]], np.int64),
    )
    return block, (v4, v6), np.sort(np.append(bad, np.array(refused, np.int64)))


# Addresses of a prefix less one, by length. Three digits reach 999: lengths over 32 have a place
# here because their lines are refused only after the look-up.
_HOST_BITS = np.zeros(1_000, np.int64)
_HOST_BITS[:33] = 2 ** (32 - np.arange(33, dtype=np.int64)) - 1

Parsed4 = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


def parse_lines4(block: NDArray[np.uint8], n_lines: int) -> Parsed4 | None:
    """Read prefixes and plain addresses, one a line, all at once.

    Parameters
    ----------
    block : shape (n_bytes,), uint8
        Whole lines; the last byte is a newline.
    n_lines
        How many.

    Returns
    -------
    None
        If a line is empty, or holds anything but digits, dots and slashes.
    start, stop : shape (n_lines,), int64
        Half-open bounds; without meaning where the line is bad.
    is_bad : shape (n_lines,), bool
        Lines that are no canonical prefix or address: a number too large, missing or with a
        leading zero, a length over 32, host bits set, too few or too many parts.
    """
    if not block.size:
        none = np.empty(0, np.int64)
        return none, none, np.empty(0, np.bool_)
    if not _is_plain(block):
        return None
    start, stop = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
    return start, stop, _parse(block, start, stop)


def _is_plain(block: NDArray[np.uint8]) -> bool:
    """Return whether a block is all digits, dots and slashes, with no empty line."""
    newline = block == NEWLINE
    # The digits, the dot and the slash are neighbours in ASCII, from 46 to 57.
    return (
        bool(((block - np.uint8(DOT) < 12) | newline).all())
        and not newline[0]
        and not (newline[1:] & newline[:-1]).any()
    )


def _parse(
    block: NDArray[np.uint8], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Read plain lines into columns; return which are bad."""
    digit = block - np.uint8(ZERO)
    is_digit = digit < 10
    is_end = ~is_digit
    part_end = np.flatnonzero(is_end)
    number = _numbers_before(digit * is_digit, is_digit)[part_end]
    ended_by = block[part_end]
    line_end = np.flatnonzero(ended_by == NEWLINE)
    first = np.empty_like(line_end)
    first[0], first[1:] = 0, line_end[:-1] + 1
    n_parts = line_end - first + 1

    is_cidr = n_parts == 5
    if is_cidr.all():
        part, end = number.reshape(-1, 5), ended_by.reshape(-1, 5)
        a, b, c, d, length = (part[:, k] for k in range(5))
        well_formed = (end[:, 0] == DOT) & (end[:, 1] == DOT) & (end[:, 2] == DOT)
        is_bad = ~(well_formed & (end[:, 3] == SLASH))
    else:
        # Room for reading past a line that is too short; such lines are bad anyway.
        number, ended_by = (
            np.append(number, [0] * 4).astype(np.uint16),
            np.append(ended_by, [0] * 4),
        )
        a, b, c, d = (number[first + k] for k in range(4))
        length = np.where(is_cidr, number[first + 4], np.uint16(32))
        well_formed = (ended_by[first] == DOT) & (ended_by[first + 1] == DOT)
        well_formed &= ended_by[first + 2] == DOT
        well_formed &= (n_parts == 4) | (is_cidr & (ended_by[first + 3] == SLASH))
        is_bad = ~well_formed
    is_bad |= ((a | b | c | d) > 255) | (length > 32)
    host_bits = _HOST_BITS[length]
    np.left_shift((a << np.uint16(8)) | b, 16, out=start, dtype=np.int64)
    start |= (c << np.uint16(8)) | d
    np.add(start, host_bits, out=stop)
    stop += 1
    is_bad |= (start & host_bits) != 0
    _mark_misspelt(digit, is_digit, is_end, part_end, line_end, is_bad)
    return np.asarray(is_bad, dtype=np.bool_)


def _numbers_before(digit: NDArray[np.uint8], is_digit: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Value of the up to three digits that end just before each byte."""
    number = np.zeros(digit.size, np.uint16)
    number[1:] = digit[:-1]
    number[2:] += digit[:-2] * np.uint8(10)
    number[3:] += (digit[:-3] * is_digit[1:-2]) * np.uint16(100)
    return number


def _mark_misspelt(
    digit: NDArray[np.uint8],
    is_digit: NDArray[np.bool_],
    is_end: NDArray[np.bool_],
    part_end: NDArray[np.int64],
    line_end: NDArray[np.int64],
    is_bad: NDArray[np.bool_],
) -> None:
    """Mark lines with an empty number, one of four digits or more, or a leading zero."""
    pair = is_digit[1:] & is_digit[:-1]
    misspelt = np.zeros(digit.size, np.bool_)
    misspelt[0] = is_end[0]
    misspelt[1:] = is_end[1:] & is_end[:-1]
    misspelt[3:] |= pair[2:] & pair[:-2]
    misspelt[1:-1] |= (digit[1:-1] == 0) & is_end[:-2] & is_digit[2:]
    if digit.size > 1:
        misspelt[0] |= (digit[0] == 0) & is_digit[1]
    if misspelt.any():
        place = np.flatnonzero(misspelt)
        is_bad[np.searchsorted(part_end[line_end], place)] = True


def _good_rows(
    parsed: Parsed4, number: NDArray[np.int64] | range
) -> tuple[Entries4, NDArray[np.int64]]:
    """Rows of the lines that were read, and the numbers of those that were refused."""
    start, stop, is_bad = parsed
    if not is_bad.any():
        return Entries4(start, stop, number), np.empty(0, np.int64)
    good, line = ~is_bad, np.asarray(number, np.int64)
    return Entries4(start[good], stop[good], line[good]), line[is_bad]
