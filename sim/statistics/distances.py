"""How far two samples of one quantity lie apart, and how far they do by chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def kolmogorov_distance(values: Floats, reference: Floats) -> float:
    """Greatest distance between two distribution functions, in [0, 1].

    Parameters
    ----------
    values, reference : shape (n,), (m,)
        Values of equal weight.
    """
    at = np.unique(np.concatenate([values, reference]))
    ours, theirs = (
        np.searchsorted(np.sort(one), at, side="right") / one.size for one in (values, reference)
    )
    return float(np.abs(ours - theirs).max())


def distance_by_chance(n: int, n_compared: int, risk: float = 0.05) -> float:
    """Kolmogorov distance that draws of the reference itself stay below.

    Parameters
    ----------
    n
        Draws of equal weight.
    n_compared
        Distributions compared: with at most this risk, one or more of them lies above (Bonferroni).

    Notes
    -----
    The first term of Kolmogorov's distribution: sqrt(ln(2 k / risk) / (2 n)).
    """
    return float(np.sqrt(np.log(2 * n_compared / risk) / (2 * n)))
