"""One entry more or less over the pieces and the hosts it covers, compiled; needs numba.

In and out: the counts of ``Segments`` and ``Exposure``, changed in place as their own methods do.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_compiled = njit(cache=True, nogil=True)
Rows = NDArray[np.int64]
EXEMPT = 2


@_compiled
def cut_pieces(
    piece: Rows,
    is_targets: NDArray[np.bool_],
    slot: Rows,
    n_entries: NDArray[np.int32],
    edge: Rows,
    end: int,
) -> tuple[Rows, NDArray[np.bool_], Rows, Rows]:
    """Cut the space at some addresses; the parts of a piece are held by what held the whole.

    Parameters
    ----------
    piece, is_targets, slot : shape (n_pieces,)
        Where each begins, ascending from 0, whether it is the target's own, and the row of its
        counts. Slots 0 to n_pieces - 1 are taken.
    n_entries : shape (n_slots, n_operators, 3)
        Entries over each piece, by mechanism; with room for as many more pieces as there are
        edges, which is filled in place.
    edge : shape (n,)
        Where to cut, in any sequence.
    end
        Where the space ends.

    Returns
    -------
    The first three after the cut, and the addresses of each piece outside the target's own, and
    all.
    """
    edge = np.sort(edge)
    n_before, n_most = piece.size, piece.size + edge.size
    begin, of_target = np.empty(n_most, np.int64), np.empty(n_most, np.bool_)
    held = np.empty(n_most, np.int64)
    n = row = place = 0
    n_slots = n_before
    while row < n_before or place < edge.size:
        if row < n_before and (place == edge.size or piece[row] <= edge[place]):
            begin[n], of_target[n], held[n] = piece[row], is_targets[row], slot[row]
            row += 1
            n += 1
        else:
            if edge[place] < end and edge[place] != begin[n - 1]:
                begin[n], of_target[n], held[n] = edge[place], is_targets[row - 1], n_slots
                n_entries[n_slots] = n_entries[slot[row - 1]]
                n_slots += 1
                n += 1
            place += 1
    size = np.empty((n, 2), np.int64)
    for part in range(n):
        stop = begin[part + 1] if part + 1 < n else end
        size[part, 1] = stop - begin[part]
        size[part, 0] = 0 if of_target[part] else size[part, 1]
    return begin[:n].copy(), of_target[:n].copy(), held[:n].copy(), size


@_compiled
def _n_below(ascending: Rows, bound: int) -> int:
    """How many of some ascending numbers lie below a bound."""
    low, high = 0, ascending.size
    while low < high:
        middle = (low + high) >> 1
        if ascending[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def count_pieces(
    piece: Rows,
    size: Rows,
    slot: Rows,
    n_entries: NDArray[np.int32],
    mechanism: int,
    start: Rows,
    stop: Rows,
    operator: int,
    step: int,
    n_blocked: Rows,
) -> None:
    """Count entries over the pieces they hold, and what is blocked by that.

    Parameters
    ----------
    piece : shape (n_pieces,)
        Where each begins.
    size : shape (n_pieces, 2)
        Addresses of each outside the target's own, and all.
    slot : shape (n_pieces,)
        Row of the counts of each.
    n_entries : shape (n_slots, n_operators, 3)
        Entries over each piece that drop, throttle, exempt.
    mechanism
        Which of the three the entries belong to, by number.
    start, stop : shape (n,)
        Ranges of the entries, one entry after the other; the space is cut at their bounds.
    n_blocked : shape (n_operators, 2)
    """
    for interval in range(start.size):
        row = _n_below(piece, start[interval])
        while row < piece.size and piece[row] < stop[interval]:
            one = slot[row]
            n_blocking = n_entries[one, operator, 0] + n_entries[one, operator, 1]
            before = n_blocking > 0 and n_entries[one, operator, EXEMPT] == 0
            n_entries[one, operator, mechanism] += step
            n_blocking = n_entries[one, operator, 0] + n_entries[one, operator, 1]
            after = n_blocking > 0 and n_entries[one, operator, EXEMPT] == 0
            turned = int(after) - int(before)
            n_blocked[operator, 0] += turned * size[row, 0]
            n_blocked[operator, 1] += turned * size[row, 1]
            row += 1


@_compiled
def count_hosts(
    address: Rows,
    component_row: Rows,
    n_entries: NDArray[np.int16],
    start: Rows,
    stop: Rows,
    operator: int,
    step: int,
) -> Rows:
    """Count entries over the hosts they hold.

    Parameters
    ----------
    address, component_row : shape (n_hosts,)
        Address of each host, ascending, and whose it is.
    n_entries : shape (n_hosts, n_operators)
        Entries of the mechanism over each host.
    start, stop : shape (n,)
        Ranges of the entries, one entry after the other.

    Returns
    -------
    Components of the hosts that came under, or from under, their only entry, with repetitions.
    """
    turning = 1 if step > 0 else 0
    n_held = 0
    for interval in range(start.size):
        n_held += _n_below(address, stop[interval]) - _n_below(address, start[interval])
    turned = np.empty(n_held, np.int64)
    n_turned = 0
    for interval in range(start.size):
        host = _n_below(address, start[interval])
        while host < address.size and address[host] < stop[interval]:
            n_entries[host, operator] += step
            if n_entries[host, operator] == turning:
                turned[n_turned] = component_row[host]
                n_turned += 1
            host += 1
    return turned[:n_turned]


@_compiled
def count_entries(
    piece: Rows,
    size: Rows,
    slot: Rows,
    on_pieces: NDArray[np.int32],
    n_blocked: Rows,
    address: Rows,
    component_row: Rows,
    on_hosts: NDArray[np.int16],
    mechanism: int,
    start: Rows,
    stop: Rows,
    operator: int,
    step: int,
) -> Rows:
    """Count entries over pieces and over hosts, as the two above do: one call is half of both."""
    count_pieces(piece, size, slot, on_pieces, mechanism, start, stop, operator, step, n_blocked)
    return count_hosts(address, component_row, on_hosts, start, stop, operator, step)
