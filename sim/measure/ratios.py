"""Ratios of two measures, such as names hit per user-hour denied."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def over(above: ArrayLike, below: ArrayLike, per: float) -> NDArray[np.float64]:
    """Elementwise ratio; NaN where the denominator is not above zero.

    Parameters
    ----------
    above, below : equal shapes
    per
        Number of units of the denominator that the ratio is for.
    """
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    unknown = np.full(below.shape, np.nan)
    ratio: NDArray[np.float64] = np.divide(above, below / per, where=below > 0, out=unknown)
    return ratio
