"""The algebra of intervals on one line of whole numbers.

In: bounds as int64 columns. Out: bounds of the union, the intersection or the differences,
sorted, disjoint and not adjacent. It does not know what the numbers stand for: IPv4 addresses,
or the ranks of IPv6 addresses among those in play.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[NDArray[np.int64], NDArray[np.int64]]


class Rule(IntEnum):
    """Which pieces to keep: bit ``in_first + 2 * in_second`` is set when a piece is kept."""

    UNION = 0b1110
    INTERSECTION = 0b1000
    DIFFERENCE = 0b0010
    SYMMETRIC_DIFFERENCE = 0b0110


def merge(start: NDArray[np.int64], stop: NDArray[np.int64]) -> Bounds:
    """Union of non-empty half-open intervals in any order, overlapping or not.

    Starts and stops are sorted apart from each other: a gap opens before the i-th start exactly
    when i intervals have begun and the i-th stop lies below it, whichever intervals those are.
    """
    if start.size == 0:
        return start, stop
    # Stable: input that is sorted, or made of sorted runs, is merged in linear time.
    first = np.sort(start, kind="stable")
    last = np.sort(stop, kind="stable")
    gap = first[1:] > last[:-1]
    if gap.all():
        return first, last
    opens = np.concatenate(([True], gap))
    closes = np.concatenate((gap, [True]))
    return first[opens], last[closes]


def combine(first: Bounds, second: Bounds, rule: Rule) -> Bounds:
    """Pieces of the line that a rule keeps, given two sets of sorted disjoint intervals."""
    n_first, n_second = 2 * first[0].size, 2 * second[0].size
    event = np.empty(n_first + n_second, np.int64)
    # One number holds a bound and, in its last bit, whose it is.
    event[0:n_first:2] = first[0] << 1
    event[1:n_first:2] = first[1] << 1
    event[n_first::2] = (second[0] << 1) | 1
    event[n_first + 1 :: 2] = (second[1] << 1) | 1
    # Two sorted runs: a stable (merging) sort is linear.
    event.sort(kind="stable")
    is_second = (event & 1).astype(np.uint8)
    bound = event >> 1
    # Within a set starts and stops alternate, so the parity of the bounds met says inside or
    # outside; a count that wraps at 256 keeps its parity.
    in_second = np.cumsum(is_second, dtype=np.uint8) & np.uint8(1)
    in_first = np.cumsum(is_second ^ np.uint8(1), dtype=np.uint8) & np.uint8(1)
    kept = _keep(in_first, in_second, rule)
    before = np.concatenate((np.zeros(1, np.uint8), kept[:-1]))
    flips = kept != before
    # Where both sets have a bound only the state after both counts.
    twin = np.flatnonzero(bound[1:] == bound[:-1]) + 1
    if twin.size:
        flips[twin - 1] = False
        earlier = np.where(twin > 1, kept[twin - 2], np.uint8(0))
        flips[twin] = kept[twin] != earlier
    found = bound[flips]
    return np.ascontiguousarray(found[0::2]), np.ascontiguousarray(found[1::2])


def _keep(
    in_first: NDArray[np.uint8], in_second: NDArray[np.uint8], rule: Rule
) -> NDArray[np.uint8]:
    """Apply the rule to the state after each bound."""
    match rule:
        case Rule.UNION:
            return in_first | in_second
        case Rule.INTERSECTION:
            return in_first & in_second
        case Rule.DIFFERENCE:
            return in_first & (in_second ^ np.uint8(1))
        case Rule.SYMMETRIC_DIFFERENCE:
            return in_first ^ in_second
