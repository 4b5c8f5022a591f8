"""Tidied lines turned into rows: IPv4 or IPv6, prefixes or ranges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.sets.notation import MAPPED_FIRST, MAPPED_LAST
from sim.addresses.text.entries import Entries4, Entries6, Rows
from sim.addresses.text.lines import (
    COLON,
    DASH,
    DASHED,
    HEX,
    NEWLINE,
    PLAIN,
    SLASHED,
    Lines,
)
from sim.addresses.text.text4 import Parsed4, parse_lines4
from sim.addresses.text.text6 import parse_lines6

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
    if plain4.any():
        v4, refused = _plain4(lines.select(plain4))
        parts4.append(v4)
        bad.append(refused)
    if range4.any():
        v4, refused = _ranges4(lines.select(range4))
        parts4.append(v4)
        bad.append(refused)
    if plain6.any():
        v6, refused = _plain6(lines.select(plain6))
        parts6.append(v6)
        bad.append(refused)
    if range6.any():
        v6, refused = _ranges6(lines.select(range6))
        parts6.append(v6)
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
