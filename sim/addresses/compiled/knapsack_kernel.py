"""Compiled version of `sim.addresses.cover.knapsack`; needs numba.

In and out: the same rows as the NumPy version, with the same answers. Nothing imports this module
but `sim.addresses.cover.knapsack`, where `sim.addresses.compiled.backend` says that it pays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def fill(
    start: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    cost: NDArray[Any],
    whole: NDArray[Any],
    best: NDArray[Any],
    breadth: NDArray[Any],
    left_worth: NDArray[Any],
) -> None:
    """Fill in the forks, children first.

    Parameters
    ----------
    start, best, breadth, left_worth
        As in `sim.addresses.cover.knapsack.CostTable`; leaves are filled in, forks are unreachable.
    left, right : shape (n_forks,)
        Children of each fork.
    cost, whole : shape (n_forks,)
        Cost and breadth of blocking at each fork; ``whole`` is empty where ``breadth`` is.
    """
    n_leaves = start.size - 1 - left.size
    has_breadth, has_worth = breadth.size > 0, left_worth.size > 0
    for fork in range(left.size):
        own, size = start[n_leaves + fork], start[n_leaves + fork + 1] - start[n_leaves + fork]
        low, up = start[left[fork]], start[right[fork]]
        n_low, n_up = start[left[fork] + 1] - low, start[right[fork] + 1] - up
        if not has_breadth and not has_worth:
            for i in range(min(n_low, size)):
                base = best[low + i]
                for j in range(min(n_up, size - i)):
                    value = base + best[up + j]
                    if value < best[own + i + j]:
                        best[own + i + j] = value
        else:
            # From the most rules in the lower half down: the first of equal sums stays.
            for back in range(min(n_low, size)):
                i = min(n_low, size) - 1 - back
                for j in range(min(n_up, size - i)):
                    value, at = best[low + i] + best[up + j], own + i + j
                    if value > best[at]:
                        continue
                    if value == best[at] and (
                        not has_breadth or breadth[low + i] + breadth[up + j] >= breadth[at]
                    ):
                        continue
                    best[at] = value
                    if has_breadth:
                        breadth[at] = breadth[low + i] + breadth[up + j]
                    if has_worth:
                        left_worth[at] = left_worth[low + i] + left_worth[up + j]
        for at in range(own + 1, own + size):
            if cost[fork] > best[at]:
                continue
            if has_breadth and cost[fork] == best[at] and whole[fork] > breadth[at]:
                continue
            best[at] = cost[fork]
            if has_breadth:
                breadth[at] = whole[fork]
            if has_worth:
                left_worth[at] = 0
