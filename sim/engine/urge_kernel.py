"""The urge to appeal to the hotline, compiled; needs numba.

In and out: the columns of ``ComplaintActor``, changed in place as its own method does.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.engine.patience import IMPAIRED_LEVEL


@njit(cache=True, nogil=True)
def urge_on(
    level: NDArray[np.int8],
    has_complained: NDArray[np.bool_],
    urge: NDArray[np.float64],
    threshold: NDArray[np.float64],
    more: float,
) -> tuple[int, NDArray[np.int64]]:
    """Let the urge of who is impaired and has not complained grow.

    Parameters
    ----------
    level, has_complained, urge, threshold : shape (n_businesses,)
    more
        By how much.

    Returns
    -------
    n_impaired
        Businesses that are impaired.
    appealing
        Rows of those whose urge has reached their threshold, ascending.
    """
    n_impaired = n_appealing = 0
    for row in range(level.size):
        if level[row] < IMPAIRED_LEVEL:
            continue
        n_impaired += 1
        if not has_complained[row]:
            urge[row] += more
            n_appealing += int(urge[row] >= threshold[row])
    appealing = np.empty(n_appealing, np.int64)
    n_appealing = 0
    if appealing.size:
        for row in range(level.size):
            waits = level[row] >= IMPAIRED_LEVEL and not has_complained[row]
            if waits and urge[row] >= threshold[row]:
                appealing[n_appealing] = row
                n_appealing += 1
        has_complained[appealing] = True
    return n_impaired, appealing
