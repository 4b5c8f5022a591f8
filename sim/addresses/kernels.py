"""Compiled versions of the loops that carry most of the time; needs numba.

In and out: the same arrays as the NumPy versions, with the same answers. Nothing imports this
module but `sim.addresses.backend`. No kernel starts threads of its own, since those would not
survive a fork; all let go of the interpreter's lock, so that the caller can spread them.

One file, though a long one: whatever needs numba stands here, so that one import tells whether the
compiled path is there.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_compiled = njit(cache=True, nogil=True)


@_compiled
def parse_lines4(
    block: NDArray[np.uint8],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    is_bad: NDArray[np.bool_],
) -> bool:
    """Read plain IPv4 lines into columns of their number; return whether all lines were plain.

    A line is plain if it is not empty and all its bytes are digits, dots and slashes.
    """
    at = np.uint64(0)
    size = np.uint64(block.size)
    # The short way looks at up to three bytes where one number may start: no line reaches
    # further than this before it is known to be none.
    safe = np.uint64(max(block.size - 24, 0))
    row = 0
    while at < size:
        good: np.bool_ = np.bool_(False)
        if at < safe:
            good, address, length, end = _read_canonical(block, at)
        bad: np.bool_ = np.bool_(False)
        if not good:
            is_plain, bad, address, length, end = _read_any(block, at)
            if not is_plain:
                return False
        host_bits = (np.uint64(1) << (np.uint64(32) - length)) - np.uint64(1)
        start[row] = np.int64(address)
        stop[row] = np.int64(address + host_bits) + 1
        is_bad[row] = bad or (address & host_bits) != 0
        row += 1
        at = end
    return True


@_compiled
def _read_canonical(
    block: NDArray[np.uint8], at: np.uint64
) -> tuple[np.bool_, np.uint64, np.uint64, np.uint64]:
    """Read a well-formed line with few branches; return whether it was one, and where it ends.

    How many digits a number has is as good as random, and a branch on it would be guessed wrong
    every other time: all three bytes are read, and what they mean is chosen afterwards.
    """
    good: np.bool_ = np.bool_(True)
    address = np.uint64(0)
    for part in range(4):
        one = np.uint64(block[at]) - np.uint64(48)
        two = np.uint64(block[at + np.uint64(1)]) - np.uint64(48)
        three = np.uint64(block[at + np.uint64(2)]) - np.uint64(48)
        # Numbers below zero wrap to large ones, so one comparison tells a digit.
        has_two = two < np.uint64(10)
        has_three = has_two & (three < np.uint64(10))
        pair = one * np.uint64(10) + two
        value = one
        if has_two:
            value = pair
        if has_three:
            value = pair * np.uint64(10) + three
        good &= (one < np.uint64(10)) & (value < np.uint64(256))
        good &= (one != np.uint64(0)) | (two > np.uint64(9))
        at = at + np.uint64(1) + np.uint64(has_two) + np.uint64(has_three)
        if part < 3:
            good &= block[at] == 46
            at = at + np.uint64(1)
        address = (address << np.uint64(8)) | value
    length = np.uint64(32)
    if block[at] == 47:
        one = np.uint64(block[at + np.uint64(1)]) - np.uint64(48)
        two = np.uint64(block[at + np.uint64(2)]) - np.uint64(48)
        has_two = two < np.uint64(10)
        length = one
        if has_two:
            length = one * np.uint64(10) + two
        good &= (one < np.uint64(10)) & (length < np.uint64(33))
        good &= (one != np.uint64(0)) | (two > np.uint64(9))
        at = at + np.uint64(2) + np.uint64(has_two)
    good &= block[at] == 10
    return good, address, length, at + np.uint64(1)


@_compiled
def _read_any(
    block: NDArray[np.uint8], at: np.uint64
) -> tuple[np.bool_, np.bool_, np.uint64, np.uint64, np.uint64]:
    """Read any line byte by byte; return whether it is plain, whether bad, and where it ends."""
    begin = at
    address = np.uint64(0)
    value = np.uint64(0)
    length = np.uint64(32)
    n_digits = 0
    n_dots = 0
    n_slashes = 0
    bad: np.bool_ = np.bool_(False)
    while True:
        byte = np.uint64(block[at])
        at = at + np.uint64(1)
        if np.uint64(48) <= byte <= np.uint64(57):
            bad |= n_digits > 0 and value == np.uint64(0)
            n_digits += 1
            bad |= n_digits > 3
            # A number of many digits must not overflow into a small one.
            value = np.uint64(1) if bad else value * np.uint64(10) + (byte - np.uint64(48))
            continue
        bad |= n_digits == 0
        if byte == np.uint64(46):
            bad |= n_slashes > 0 or value > np.uint64(255)
            n_dots += 1
        elif byte == np.uint64(47):
            bad |= n_slashes > 0 or n_dots != 3 or value > np.uint64(255)
            n_slashes += 1
        elif byte == np.uint64(10):
            break
        else:
            return np.bool_(False), bad, address, length, at
        address = ((address << np.uint64(8)) | value) & np.uint64(0xFFFFFFFF)
        value = np.uint64(0)
        n_digits = 0
    if n_slashes == 0:
        bad |= n_dots != 3 or value > np.uint64(255)
        address = ((address << np.uint64(8)) | value) & np.uint64(0xFFFFFFFF)
    else:
        length = value
        if value > np.uint64(32):
            bad = np.bool_(True)
            length = np.uint64(32)
    return at - begin > np.uint64(1), bad, address, length, at


@_compiled
def sort_high_half(packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sort numbers by their upper 32 bits: three counting passes of 11, 11 and 10 bits."""
    source = packed
    target = np.empty_like(packed)
    count = np.zeros((3, 2048), np.int64)
    for number in packed:
        count[0, (number >> np.uint64(32)) & np.uint64(2047)] += 1
        count[1, (number >> np.uint64(43)) & np.uint64(2047)] += 1
        count[2, number >> np.uint64(54)] += 1
    for turn in range(3):
        total = 0
        for digit in range(2048):
            here = count[turn, digit]
            count[turn, digit] = total
            total += here
        shift = np.uint64(32 + 11 * turn)
        for number in source:
            digit = (number >> shift) & np.uint64(2047)
            target[count[turn, digit]] = number
            count[turn, digit] += 1
        if turn == 0:
            source, target = target, np.empty_like(packed)
        else:
            source, target = target, source
    return source


@_compiled
def merge_sorted(
    packed: NDArray[np.uint64], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> int:
    """Union of intervals ``start << 32 | last`` sorted by start; return the number written."""
    row = -1
    reach = np.int64(-1)
    for number in packed:
        first = np.int64(number >> np.uint64(32))
        after = np.int64(number & np.uint64(0xFFFFFFFF)) + 1
        if first > reach:
            row += 1
            start[row] = first
            reach = after
        elif after > reach:
            reach = after
        stop[row] = reach
    return row + 1


@_compiled
def combine(
    start1: NDArray[np.int64],
    stop1: NDArray[np.int64],
    start2: NDArray[np.int64],
    stop2: NDArray[np.int64],
    rule: int,
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
) -> int:
    """Pieces of the line that a rule keeps; return the number of intervals written.

    Bit ``in_first + 2 * in_second`` of the rule says whether a piece is kept.
    """
    end = np.int64(2**62)
    n1, n2 = start1.size, start2.size
    at1, at2 = 0, 0
    state = 0
    row = 0
    next1 = start1[0] if n1 else end
    next2 = start2[0] if n2 else end
    was_kept = False
    while True:
        bound = min(next1, next2)
        if bound == end:
            return row
        if next1 == bound:
            if state & 1:
                at1 += 1
                next1 = start1[at1] if at1 < n1 else end
            else:
                next1 = stop1[at1]
            state ^= 1
        if next2 == bound:
            if state & 2:
                at2 += 1
                next2 = start2[at2] if at2 < n2 else end
            else:
                next2 = stop2[at2]
            state ^= 2
        is_kept = (rule >> state) & 1 == 1
        if is_kept != was_kept:
            if is_kept:
                start[row] = bound
            else:
                stop[row] = bound
                row += 1
            was_kept = is_kept


@_compiled
def contains_pages(
    page: NDArray[np.int32],
    bits: NDArray[np.uint8],
    address: NDArray[np.int64],
    found: NDArray[np.bool_],
) -> None:
    """Look addresses up in a table of /24 pages; see `sim.addresses.pages`."""
    for row in range(address.size):
        number = address[row]
        if number < 0 or number >= 4294967296:
            found[row] = False
            continue
        entry = page[number >> 8]
        if entry < 2:
            found[row] = entry == 1
        else:
            byte = bits[(np.int64(entry) << 5) | ((number >> 3) & 31)]
            found[row] = (byte >> (number & 7)) & 1 == 1


@_compiled
def match_pages(
    page: NDArray[np.int32],
    words: NDArray[np.uint64],
    base: NDArray[np.int32],
    segment_row: NDArray[np.int32],
    address: NDArray[np.int64],
    row: NDArray[np.int64],
) -> bool:
    """Owners of addresses by a table of /24 pages; return whether all were IPv4 addresses."""
    for query in range(address.size):
        number = address[query]
        if number < 0 or number >= 4294967296:
            return False
        entry = page[number >> 8]
        if entry >= -1:
            row[query] = entry
            continue
        at = np.int64(-2 - entry) * 4 + ((number >> 6) & 3)
        word = words[at] << np.uint64(63 - (number & 63))
        # The bits set, by the usual halving sums.
        word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
        word = (word & np.uint64(0x3333333333333333)) + (
            (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
        )
        word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        n_set = np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
        row[query] = segment_row[base[at] + n_set]
    return True


@_compiled
def flatten(
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    top: int,
    cut: NDArray[np.int64],
    owner: NDArray[np.int64],
) -> int:
    """Segments of nested prefixes ordered by start, then length; return how many there are."""
    stack = np.empty(130, np.int64)
    depth = 0
    cut[0] = 0
    owner[0] = -1
    n_cuts = 1
    for row in range(start.size + 1):
        begin = start[row] if row < start.size else top
        while depth > 0 and stop[stack[depth - 1]] <= begin:
            end = stop[stack[depth - 1]]
            depth -= 1
            if end < top:
                if cut[n_cuts - 1] != end:
                    n_cuts += 1
                cut[n_cuts - 1] = end
                owner[n_cuts - 1] = stack[depth - 1] if depth > 0 else -1
        if row < start.size:
            if cut[n_cuts - 1] != begin:
                n_cuts += 1
            cut[n_cuts - 1] = begin
            owner[n_cuts - 1] = row
            stack[depth] = row
            depth += 1
    return n_cuts
