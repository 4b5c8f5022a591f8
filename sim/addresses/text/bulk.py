"""Lines of one kind each read in bulk: addresses, prefixes and ranges of both families.

NumPy reads IPv4; the C library reads IPv6 addresses, and lengths and host bits are columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from socket import AF_INET6, inet_pton
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.ipv6 import Addresses6, masked
from sim.addresses.sets.notation import MAPPED_FIRST, MAPPED_LAST
from sim.addresses.text.entries import Entries4, Entries6, Rows

NEWLINE, RETURN, SPACE, TAB, HASH, SEMICOLON, DASH = 10, 13, 32, 9, 35, 59, 45

# What a byte can be part of; a line is the union over its bytes.
PLAIN, SLASHED, COLON, DASHED, HEX, OTHER = 1, 2, 4, 8, 16, 32
_KIND = bytearray([OTHER] * 256)
for _bytes, _kind in (
    (b"0123456789.", PLAIN),
    (b"/", SLASHED),
    (b":", COLON),
    (b"-", DASHED),
    (b"abcdefABCDEF", HEX),
    (b"\n", 0),
):
    for _byte in _bytes:
        _KIND[_byte] = _kind
_KIND_OF_BYTE = bytes(_KIND)


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines that are neither blank nor comment.

    Attributes
    ----------
    block : shape (n_bytes,), uint8
        The lines, each ended by a newline.
    number : shape (n_lines,), int64
        Number of each line in its file.
    """

    block: NDArray[np.uint8]
    number: NDArray[np.int64]

    def kinds(self) -> NDArray[np.uint8]:
        """Return for each line the union of what its bytes can be part of."""
        if self.number.size == 0:
            return np.empty(0, np.uint8)
        kind = np.frombuffer(self.block.tobytes().translate(_KIND_OF_BYTE), np.uint8)
        return np.asarray(np.bitwise_or.reduceat(kind, self._starts()), dtype=np.uint8)

    def select(self, wanted: NDArray[np.bool_]) -> Lines:
        """Return some of the lines."""
        if wanted.all():
            return self
        end = np.flatnonzero(self.block == NEWLINE) + 1
        size = np.diff(end, prepend=0)
        return Lines(self.block[np.repeat(wanted, size)], self.number[wanted])

    def count(self, byte: int) -> NDArray[np.int64]:
        """Return how often a byte occurs in each line."""
        if self.number.size == 0:
            return np.empty(0, np.int64)
        return np.add.reduceat((self.block == byte).astype(np.int64), self._starts())

    def starts_or_ends_with(self, byte: int) -> NDArray[np.bool_]:
        """Return for each line whether a byte is its first or its last."""
        end = np.flatnonzero(self.block == NEWLINE)
        return np.asarray((self.block[self._starts()] == byte) | (self.block[end - 1] == byte))

    def _starts(self) -> NDArray[np.int64]:
        end = np.flatnonzero(self.block == NEWLINE)
        start = np.zeros(end.size, np.int64)
        start[1:] = end[:-1] + 1
        return start


def tidy(text: bytes, first_line: int) -> Lines:
    """Return the lines of a text that say something.

    Comments run from ``#`` or ``;`` to the end of the line. Blanks (space, tab, carriage return)
    are dropped at both ends of a line and around a dash; any others stay, and make the line bad.

    Parameters
    ----------
    text
        Whole lines, the last one ended by a newline too.
    first_line
        Number of the first line in its file.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    block = np.frombuffer(text, np.uint8)
    is_comment = _comments(block)
    is_blank = (block == SPACE) | (block == TAB) | (block == RETURN)
    if is_blank.any():
        block = _trimmed(block, is_comment, is_blank)
    elif is_comment.any():
        block = block[~is_comment]
    newline = block == NEWLINE
    is_empty = newline.copy()
    is_empty[1:] &= newline[:-1]
    # A line is empty when its newline follows another, or is the first byte.
    number = first_line + np.flatnonzero(~is_empty[newline])
    if number.size < np.count_nonzero(newline):
        block = block[~is_empty]
    return Lines(block, np.asarray(number, dtype=np.int64))


def _comments(block: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the bytes that belong to a comment, its mark included."""
    mark = np.flatnonzero((block == HASH) | (block == SEMICOLON))
    if mark.size == 0:
        return np.zeros(block.size, np.bool_)
    newline = np.flatnonzero(block == NEWLINE)
    line = np.searchsorted(newline, mark)
    opening = np.ones(mark.size, np.bool_)
    opening[1:] = line[1:] != line[:-1]
    edge = np.zeros(block.size, np.int8)
    edge[mark[opening]] = 1
    edge[newline[line[opening]]] = -1
    return np.cumsum(edge, dtype=np.int8).astype(np.bool_)


def _trimmed(
    block: NDArray[np.uint8], is_comment: NDArray[np.bool_], is_blank: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Copy of a block without comments and without blanks at line ends and around dashes."""
    is_kept = ~(is_comment | is_blank)
    place = np.flatnonzero(is_kept)
    byte = block[place]
    is_edge = (byte == NEWLINE) | (byte == DASH)
    # A gap between two bytes of content, neither of which is an edge, is a blank inside an entry.
    inside = (np.diff(place) > 1) & ~is_edge[:-1] & ~is_edge[1:]
    is_kept[place[:-1][inside] + 1] = True
    return block[is_kept]


DOT, SLASH, ZERO = 46, 47, 48
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


_NOTHING = bytes(16)
Parsed6 = tuple[Addresses6, Addresses6, NDArray[np.bool_]]


def parse_lines6(block: NDArray[np.uint8]) -> Parsed6:
    """Read prefixes and plain addresses, one a line, all at once.

    Parameters
    ----------
    block : shape (n_bytes,), uint8
        The last byte is a newline.

    Returns
    -------
    first, last : shape (n_lines,)
        Bounds, both inclusive; without meaning where the line is bad.
    is_bad : shape (n_lines,), bool
        Lines that are no prefix or address, have host bits set or a length over 128.

    References
    ----------
    RFC 4291, sections 2.2 and 2.3 (text of addresses and of prefixes).
    """
    line_end = np.flatnonzero(block == NEWLINE)
    length = np.full(line_end.size, 128, np.int64)
    is_bad = np.zeros(line_end.size, np.bool_)
    slash = np.flatnonzero(block == SLASH)
    if slash.size:
        line = np.searchsorted(line_end, slash)
        is_bad[line[1:][line[1:] == line[:-1]]] = True
        value, is_misspelt = _number_between(block, slash, line_end[line])
        length[line] = value
        is_bad[line] |= is_misspelt | (value > 128)
        block = _without(block, slash, line_end[line])
    length[is_bad] = 128
    first = _addresses(block, is_bad)
    network, last = masked(first, length)
    is_bad |= ~network.equal(first)
    return first, last, is_bad


def _addresses(block: NDArray[np.uint8], is_bad: NDArray[np.bool_]) -> Addresses6:
    """Read one address a line, marking the lines that hold none."""
    texts = block.tobytes().decode("ascii").split("\n")[:-1]
    try:
        return Addresses6.from_packed(b"".join(map(inet_pton, repeat(AF_INET6), texts)))
    except OSError:
        packed = []
        for row, text in enumerate(texts):
            try:
                packed.append(inet_pton(AF_INET6, text))
            except OSError:
                packed.append(_NOTHING)
                is_bad[row] = True
        return Addresses6.from_packed(b"".join(packed))


def _number_between(
    block: NDArray[np.uint8], before: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Values of the digits between two places, and which of them are misspelt."""
    n_digits = end - before - 1
    is_misspelt = (n_digits < 1) | (n_digits > 3)
    value = np.zeros(before.size, np.int64)
    for place, weight in enumerate((1, 10, 100)):
        at = np.maximum(end - 1 - place, 0)
        digit = block[at].astype(np.int64) - ZERO
        there = n_digits > place
        is_misspelt |= there & ((digit < 0) | (digit > 9))
        is_misspelt |= (n_digits == place + 1) & (place > 0) & (digit == 0)
        value += np.where(there, digit * weight, 0)
    return value, is_misspelt


def _without(
    block: NDArray[np.uint8], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Copy of a block without the bytes from each start up to its stop."""
    edge = np.zeros(block.size + 1, np.int32)
    np.add.at(edge, start, 1)
    np.add.at(edge, stop, -1)
    return np.asarray(block[np.cumsum(edge[:-1]) == 0], dtype=np.uint8)


_MAPPED_FIRST, _MAPPED_LAST = np.uint64(MAPPED_FIRST), np.uint64(MAPPED_LAST)


def read_kinds(lines: Lines) -> tuple[Rows, NDArray[np.int64]]:
    """Read tidied lines, each in the way of its kind."""
    kind = lines.kinds()
    is_range = (kind & DASHED) > 0
    is_v6 = (kind & COLON) > 0
    is_v4 = (kind & ~np.uint8(PLAIN | SLASHED | DASHED)) == 0
    is_v6 &= (kind & ~np.uint8(PLAIN | SLASHED | DASHED | COLON | HEX)) == 0
    is_slashed = (kind & SLASHED) > 0
    plain4 = is_v4 & ~is_range
    plain6 = is_v6 & ~is_range
    # A slash in a range, or letters without a colon, are nothing this reader knows.
    range4 = is_v4 & is_range & ~is_slashed
    range6 = is_v6 & is_range & ~is_slashed
    known = plain4 | plain6 | range4 | range6
    parts4: list[Entries4] = []
    parts6: list[Entries6] = []
    bad = [lines.number[~known]]
    kinds: Sequence[tuple[NDArray[np.bool_], Callable[[Lines], Any], list[Any]]] = (
        (plain4, _plain4, parts4),
        (range4, _ranges4, parts4),
        (plain6, _plain6, parts6),
        (range6, _ranges6, parts6),
    )
    for is_kind, read, parts in kinds:
        if is_kind.any():
            rows, refused = read(lines.select(is_kind))
            parts.append(rows)
            bad.append(refused)
    rows4, rows6 = Entries4.concatenate(parts4), Entries6.concatenate(parts6)
    return (
        rows4.in_file_order() if len(parts4) > 1 else rows4,
        rows6.in_file_order() if len(parts6) > 1 else rows6,
    ), np.sort(np.concatenate(bad))


def _plain4(lines: Lines) -> tuple[Entries4, NDArray[np.int64]]:
    """Read IPv4 prefixes and addresses."""
    return good_rows(_parsed4(lines.block, lines.number.size), lines.number)


def _parsed4(block: NDArray[np.uint8], n_lines: int) -> Parsed4:
    """Read lines known to be plain."""
    parsed = parse_lines4(block, n_lines)
    assert parsed is not None, "lines of another kind among the plain ones"
    return parsed


def _ranges4(lines: Lines) -> tuple[Entries4, NDArray[np.int64]]:
    """Read IPv4 ranges: two addresses a line."""
    whole, refused = _split_at_dash(lines)
    start, stop, is_bad = _parsed4(whole.block, 2 * whole.number.size)
    first, after = start[0::2], stop[1::2]
    bad = is_bad[0::2] | is_bad[1::2] | (after <= first)
    good = ~bad
    rows = Entries4(first[good], after[good], whole.number[good])
    return rows, np.concatenate((refused, whole.number[bad]))


def _plain6(lines: Lines) -> tuple[Entries6, NDArray[np.int64]]:
    """Read IPv6 prefixes and addresses."""
    first, last, is_bad = parse_lines6(lines.block)
    is_bad = is_bad | _part_of_mapped(first, last)
    good = ~is_bad
    return Entries6(first.take(good), last.take(good), lines.number[good]), lines.number[is_bad]


def _part_of_mapped(first: Addresses6, last: Addresses6) -> NDArray[np.bool_]:
    """Return which rows are IPv4-mapped addresses, or cut through their space."""
    low, high = first.low, last.low
    starts_inside = (first.high == 0) & (low > _MAPPED_FIRST) & (low <= _MAPPED_LAST)
    ends_inside = (last.high == 0) & (high >= _MAPPED_FIRST) & (high < _MAPPED_LAST)
    is_whole = (
        (first.high == 0) & (last.high == 0) & (low == _MAPPED_FIRST) & (high == _MAPPED_LAST)
    )
    return np.asarray(starts_inside | ends_inside | is_whole)


def _ranges6(lines: Lines) -> tuple[Entries6, NDArray[np.int64]]:
    """Read IPv6 ranges: two addresses a line."""
    whole, refused = _split_at_dash(lines)
    address, _, is_bad = parse_lines6(whole.block)
    first, last = address.take(slice(0, None, 2)), address.take(slice(1, None, 2))
    bad = is_bad[0::2] | is_bad[1::2] | last.less(first) | _part_of_mapped(first, last)
    good = ~bad
    rows = Entries6(first.take(good), last.take(good), whole.number[good])
    return rows, np.concatenate((refused, whole.number[bad]))


def _split_at_dash(lines: Lines) -> tuple[Lines, NDArray[np.int64]]:
    """Break lines with exactly one dash in two; the numbers of the others are refused.

    The numbers of the result count pairs of lines.
    """
    paired = (lines.count(DASH) == 1) & ~lines.starts_or_ends_with(DASH)
    chosen = lines.select(paired)
    return (
        Lines(np.where(chosen.block == DASH, np.uint8(NEWLINE), chosen.block), chosen.number),
        lines.number[~paired],
    )


def good_rows(
    parsed: Parsed4, number: NDArray[np.int64] | range
) -> tuple[Entries4, NDArray[np.int64]]:
    """Rows of the lines that were read, and the numbers of those that were refused."""
    start, stop, is_bad = parsed
    if not is_bad.any():
        return Entries4(start, stop, number), np.empty(0, np.int64)
    good, line = ~is_bad, np.asarray(number, np.int64)
    return Entries4(start[good], stop[good], line[good]), line[is_bad]
