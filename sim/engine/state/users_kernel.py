"""Users between two changes of the fronts, and over a tick, compiled; needs numba.

In and out: the columns of ``UserCrowd``, brought up to date in place by the same operations in the
same sequence as by its own methods. The exponential between ``rates`` and ``relax`` is NumPy's.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_compiled = njit(cache=True, nogil=True)


@_compiled
def book(
    crowd: Floats, unreached_s: Floats, elapsed_s: float, totals_s: Floats, missed_s: Floats
) -> None:
    """Book a piece in which the reach of the target was as it is.

    Parameters
    ----------
    crowd : shape (3, n_operators)
        Users who have neither left nor a VPN, who are on one, who have left.
    unreached_s : shape (n_operators,)
        Integral of the share not reached over the piece.
    totals_s : shape (3, n_operators)
        User-seconds cut off, on a VPN, and of those who had left.
    missed_s : shape (n_operators,)
        Integral of the share not reached since the last tick.
    """
    for operator in range(unreached_s.size):
        totals_s[0, operator] += crowd[0, operator] * unreached_s[operator]
        totals_s[1, operator] += crowd[1, operator] * elapsed_s
        totals_s[2, operator] += crowd[2, operator] * elapsed_s
        missed_s[operator] += unreached_s[operator]


@_compiled
def rates(
    share: Floats,
    unreached_s: Floats,
    demand_lost_s: Floats,
    tick_s: float,
    share_target_users: float,
    per_d: Floats,
    bound: Floats,
    days: float,
    rest: Floats,
    exponent: Floats,
) -> None:
    """Where the shares of users tend, and the exponent of how fast.

    Parameters
    ----------
    share : shape (2, n_operators)
        On a VPN, and left.
    per_d : shape (4,)
        Rates of taking a VPN up and of giving it up, of leaving and of returning.
    bound : shape (4,)
        Top and bottom of the one, top and bottom of the other.
    rest, exponent : shape (2, n_operators)
        Filled.
    """
    for operator in range(unreached_s.size):
        unreached = unreached_s[operator] / tick_s
        missed = share_target_users * unreached
        missed += (1.0 - share_target_users) * demand_lost_s[operator] / tick_s
        without = (1.0 - share[0, operator]) * unreached
        for which in range(2):
            x = missed if which == 0 else without
            up = per_d[2 * which] * x
            down = per_d[2 * which + 1] * (1.0 - x)
            rate = up + down
            rest[which, operator] = share[which, operator]
            if rate > 0:
                toward = up * bound[2 * which] + down * bound[2 * which + 1]
                rest[which, operator] = toward / rate
            exponent[which, operator] = -rate * days


@_compiled
def relax(
    share: Floats, rest: Floats, fallen: Floats, n_users: Floats, moved: Floats, crowd: Floats
) -> None:
    """Shares after the tick, and how many users that is.

    Parameters
    ----------
    share, rest, fallen : shape (2, n_operators)
        Before, where they tend, and the part of the distance that is left.
    moved, crowd : shapes (2, n_operators), (3, n_operators)
        Filled: shares after, and users without, on a VPN, left.
    """
    for operator in range(n_users.size):
        for which in range(2):
            distance = share[which, operator] - rest[which, operator]
            moved[which, operator] = rest[which, operator] + distance * fallen[which, operator]
        staying = n_users[operator] * (1.0 - moved[1, operator])
        crowd[0, operator] = staying * (1.0 - moved[0, operator])
        crowd[1, operator] = staying * moved[0, operator]
        crowd[2, operator] = n_users[operator] * moved[1, operator]
