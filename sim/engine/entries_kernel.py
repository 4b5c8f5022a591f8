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
def count_pieces(
    piece: Rows,
    size: Rows,
    n_entries: NDArray[np.int32],
    mechanism: int,
    start: Rows,
    stop: Rows,
    operator: int,
    step: int,
    n_blocked: Rows,
) -> None:
    """Count an entry over the pieces it holds, and what is blocked by that.

    Parameters
    ----------
    piece : shape (n_pieces,)
        Where each begins.
    size : shape (n_pieces, 2)
        Addresses of each outside the target's own, and all.
    n_entries : shape (3, n_operators, n_pieces)
        Entries over each piece that drop, throttle, exempt.
    mechanism
        Which of the three the entry belongs to, by number.
    start, stop : shape (n,)
        Ranges of the entry; the space is cut at their bounds.
    n_blocked : shape (n_operators, 2)
    """
    for interval in range(start.size):
        row = np.searchsorted(piece, start[interval])
        while row < piece.size and piece[row] < stop[interval]:
            n_blocking = n_entries[0, operator, row] + n_entries[1, operator, row]
            before = n_blocking > 0 and n_entries[EXEMPT, operator, row] == 0
            n_entries[mechanism, operator, row] += step
            n_blocking = n_entries[0, operator, row] + n_entries[1, operator, row]
            after = n_blocking > 0 and n_entries[EXEMPT, operator, row] == 0
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
    """Count an entry over the hosts it holds.

    Parameters
    ----------
    address, component_row : shape (n_hosts,)
        Address of each host, ascending, and whose it is.
    n_entries : shape (n_hosts, n_operators)
        Entries of the mechanism over each host.
    start, stop : shape (n,)
        Ranges of the entry.

    Returns
    -------
    Components of the hosts that came under, or from under, their only entry, with repetitions.
    """
    turning = 1 if step > 0 else 0
    n_turned = 0
    for interval in range(start.size):
        host = np.searchsorted(address, start[interval])
        while host < address.size and address[host] < stop[interval]:
            n_entries[host, operator] += step
            n_turned += int(n_entries[host, operator] == turning)
            host += 1
    turned = np.empty(n_turned, np.int64)
    n_turned = 0
    if turned.size:
        for interval in range(start.size):
            host = np.searchsorted(address, start[interval])
            while host < address.size and address[host] < stop[interval]:
                if n_entries[host, operator] == turning:
                    turned[n_turned] = component_row[host]
                    n_turned += 1
                host += 1
    return turned
