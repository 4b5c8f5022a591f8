"""The polynomial of clients who know no front, multiplied out; compiled, needs numba.

In and out: the columns of ``Ignorance``, as its own method fills them; exponentials are taken
before.
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
