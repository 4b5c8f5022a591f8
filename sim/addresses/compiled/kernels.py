"""Compiled versions of the loops that carry most of the time; needs numba.

In and out: the same arrays as the NumPy versions, with the same answers. Nothing imports this
module but `backend` beside it. No kernel starts threads of its own, since those would not survive a
fork; all let go of the interpreter's lock, so that the caller can spread them.

Loops that speak to the processor more directly have files of their own and are named here too, so
that one import tells whether the compiled path is there.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.addresses.compiled.lines_kernel import count_lines
from sim.addresses.compiled.runs_kernel import match_runs
from sim.addresses.compiled.text4_kernel import parse_lines4

__all__ = [
    "combine",
    "contains_pages",
    "count_by_owner",
    "count_lines",
    "flatten",
    "match_runs",
    "merge_sorted",
    "parse_lines4",
    "sort_high_half",
]

_compiled = njit(cache=True, nogil=True)


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
def count_by_owner(
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    edge: NDArray[np.int64],
    owner: NDArray[np.int64],
    n_addresses: NDArray[np.int64],
) -> None:
    """Count the addresses of intervals by the owner of the piece of the line they lie in.

    Piece p is ``[edge[p], edge[p + 1])``, and the last edge is the end of the line.
    """
    piece = 0
    for row in range(start.size):
        first = start[row]
        while first < stop[row]:
            while edge[piece + 1] <= first:
                piece += 1
            until = min(stop[row], edge[piece + 1])
            n_addresses[owner[piece]] += until - first
            first = until


@_compiled
def contains_pages(
    page: NDArray[np.int32],
    bits: NDArray[np.uint8],
    address: NDArray[np.int64],
    found: NDArray[np.bool_],
) -> None:
    """Look addresses up in a table of /24 pages; see `sim.addresses.sets.pages`."""
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
