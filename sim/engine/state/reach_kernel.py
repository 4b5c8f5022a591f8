"""The polynomial of clients who know no front, multiplied out and integrated; needs numba.

In and out: the columns of ``Ignorance`` and ``Unreached``, as their own methods fill them, by the
same operations in the same sequence; exponentials are taken before.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def multiply_out(
    coefficient: NDArray[np.float64],
    counts: NDArray[np.bool_],
    fading: NDArray[np.float64],
    untold: float,
) -> None:
    """Multiply each row by ``untold + fading x`` for every front that counts, in place.

    Parameters
    ----------
    coefficient : shape (n, n_fronts + 1)
        From the power 0 on; at first only that one differs from zero.
    counts : shape (n, n_fronts)
    fading : shape (n_fronts,)
    """
    for row in range(counts.shape[0]):
        for front in range(counts.shape[1]):
            if counts[row, front]:
                for power in range(front + 1, 0, -1):
                    raised = coefficient[row, power - 1] * fading[front]
                    coefficient[row, power] = coefficient[row, power] * untold + raised
                coefficient[row, 0] *= untold


@njit(cache=True, nogil=True)
def integrate(
    coefficient: NDArray[np.float64],
    gone: NDArray[np.float64],
    left: NDArray[np.float64],
    tau_s: float,
    elapsed_s: float,
    throttle_severity: float,
    is_named: NDArray[np.bool_],
    name_evasion: float,
    unreached_s: NDArray[np.float64],
) -> None:
    """Integrate the share of each operator's users who do not reach the target.

    Parameters
    ----------
    coefficient : shape (2, n_operators, n + 1)
        Of clients who know no clean front, and none that is not dropped.
    gone, left : shape (n,)
        As ``Ignorance.falling`` returns them.
    unreached_s : shape (n_operators,)
        Filled.
    """
    n = gone.size
    fall = np.empty(n)
    for power in range(n):
        fall[power] = -gone[power] * tau_s / (power + 1) * left[power]
    for operator in range(unreached_s.size):
        clean = coefficient[0, operator, 1] * fall[0]
        either = coefficient[1, operator, 1] * fall[0]
        for power in range(1, n):
            clean += coefficient[0, operator, power + 1] * fall[power]
            either += coefficient[1, operator, power + 1] * fall[power]
        clean = coefficient[0, operator, 0] * elapsed_s + clean
        either = coefficient[1, operator, 0] * elapsed_s + either
        unreached = clean - (1.0 - throttle_severity) * (clean - either)
        if is_named[operator]:
            unreached = elapsed_s - name_evasion * (elapsed_s - unreached)
        unreached_s[operator] = unreached


@njit(cache=True, nogil=True)
def evaluate(
    coefficient: NDArray[np.float64],
    fallen: NDArray[np.float64],
    throttle_severity: float,
    is_named: NDArray[np.bool_],
    name_evasion: float,
    unreached: NDArray[np.float64],
) -> None:
    """Share of each operator's users who do not reach the target, at some times.

    Parameters
    ----------
    coefficient : shape (2, n_operators, n + 1)
        As in ``integrate``.
    fallen : shape (n_times, n + 1)
        As ``Ignorance.fallen`` returns it.
    unreached : shape (n_times, n_operators)
        Filled.
    """
    for time in range(fallen.shape[0]):
        for operator in range(unreached.shape[1]):
            clean = coefficient[0, operator, 0] * fallen[time, 0]
            either = coefficient[1, operator, 0] * fallen[time, 0]
            for power in range(1, fallen.shape[1]):
                clean += coefficient[0, operator, power] * fallen[time, power]
                either += coefficient[1, operator, power] * fallen[time, power]
            share = clean - (1.0 - throttle_severity) * (clean - either)
            if is_named[operator]:
                share = 1.0 - name_evasion * (1.0 - share)
            unreached[time, operator] = share
