"""How far rows of a list lie inside a set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.text.entries import Entries4, Entries6

Claims = NDArray[np.bool_]


def row_overlap(
    v4: Entries4, v6: Entries6, addresses: AddressSet
) -> tuple[Claims, Claims, Claims, Claims]:
    """Return for IPv4 rows, then for IPv6 rows, whether all and whether any of each is held."""
    return *_overlap4(v4, addresses.v4), *_overlap6(v6, addresses.v6)


def first_held4(entries: Entries4, addresses: IntervalSet) -> NDArray[np.int64]:
    """First address of each row that a set holds; without meaning where it holds none."""
    first = entries.start.copy()
    later = np.flatnonzero(~addresses.contains(first))
    later = later[entries.stop[later] - first[later] > 1]
    place = np.searchsorted(addresses.start, first[later], side="left")
    first[later] = np.append(addresses.start, -1)[place]
    return first


def first_held6(entries: Entries6, addresses: IntervalSet6) -> Addresses6:
    """First address of each row that a set holds; without meaning where it holds none."""
    held = addresses.contains(entries.first)
    place = addresses.first.search(entries.first, "left")
    both = Addresses6.concatenate((addresses.first, Addresses6.from_ints([0]), entries.first))
    n_before = addresses.n_intervals + 1
    return both.take(np.where(held, n_before + np.arange(len(entries)), place))


def _overlap4(entries: Entries4, addresses: IntervalSet) -> tuple[Claims, Claims]:
    is_any = addresses.contains(entries.start)
    wide = np.flatnonzero(entries.stop - entries.start > 1)
    if not wide.size:
        return is_any, is_any
    is_whole = is_any.copy()
    start, stop = entries.start[wide], entries.stop[wide]
    if addresses:
        row = np.searchsorted(addresses.start, start, side="right") - 1
        reach = np.where(row >= 0, addresses.stop[row], 0)
        is_whole[wide] = reach >= stop
        # Held where an interval reaches into the row from before, or starts inside it.
        inside = np.searchsorted(addresses.start, stop, side="left") > row + 1
        is_any[wide] = (reach > start) | inside
    return is_whole, is_any


def _overlap6(entries: Entries6, addresses: IntervalSet6) -> tuple[Claims, Claims]:
    n_rows = len(entries)
    if not addresses or not n_rows:
        return np.zeros(n_rows, np.bool_), np.zeros(n_rows, np.bool_)
    row = addresses.first.search(entries.first, "right") - 1
    reach = addresses.last.take(np.maximum(row, 0))
    starts_before = row >= 0
    is_whole = starts_before & ~reach.less(entries.last)
    inside = addresses.first.search(entries.last, "right") > row + 1
    is_any = (starts_before & ~reach.less(entries.first)) | inside
    return is_whole, is_any
