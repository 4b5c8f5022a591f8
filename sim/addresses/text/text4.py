"""IPv4 text in bulk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEWLINE, DOT, SLASH, ZERO = 10, 46, 47, 48
# Addresses of a prefix less one, by length. Three digits reach 999: lengths over 32 have a place
# here because their lines are refused only after the look-up.
_HOST_BITS = np.zeros(1_000, np.int64)
_HOST_BITS[:33] = 2 ** (32 - np.arange(33, dtype=np.int64)) - 1

Bounds4 = tuple[NDArray[np.int64], NDArray[np.int64]]
Parsed4 = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


def parse_lines4(
    block: NDArray[np.uint8], n_lines: int, bounds: Bounds4 | None = None
) -> Parsed4 | None:
    """Read prefixes and plain addresses, one a line, all at once.

    Parameters
    ----------
    block : shape (n_bytes,), uint8
        Whole lines; the last byte is a newline.
    n_lines
        How many.
    bounds : shape (n_lines,), int64
        Where to write start and stop; fresh columns if not given.

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
    start, stop = bounds or (np.empty(n_lines, np.int64), np.empty(n_lines, np.int64))
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
