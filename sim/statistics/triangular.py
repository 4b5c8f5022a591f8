"""The triangular distribution, for a range with a best guess in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def triangular_quantile(
    u: NDArray[np.float64], low: float, mode: float, high: float
) -> NDArray[np.float64]:
    """Quantile of the triangular distribution; ``low`` where the range is a point.

    Parameters
    ----------
    u
        Probabilities in [0, 1].

    References
    ----------
    Inverse of F(x) = (x - low)^2 / ((high - low)(mode - low)) below the mode and
    1 - (high - x)^2 / ((high - low)(high - mode)) above it. It rises with each of low, mode, high,
    so that parameters ordered in all three are ordered in every draw that shares ``u``.
    """
    width = high - low
    if width == 0:
        return np.full(u.shape, low)
    below = low + np.sqrt(u * width * (mode - low))
    above = high - np.sqrt((1 - u) * width * (high - mode))
    return np.where(u * width < mode - low, below, above)


def triangular_share(value: float, low: float, mode: float, high: float) -> float:
    """Probability that the triangular distribution gives to values up to one: F(x) above."""
    if value >= high:
        return 1.0
    if value <= low:
        return 0.0
    if value <= mode:
        return (value - low) ** 2 / ((high - low) * (mode - low))
    return 1 - (high - value) ** 2 / ((high - low) * (high - mode))
