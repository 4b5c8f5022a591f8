"""Intervals of a share that was counted in a sample.

In: how many of a sample are so. Out: an interval of the share in what was sampled.
"""

from __future__ import annotations

import math

from scipy.special import ndtri


def wilson(n: int, of: int, level: float) -> tuple[float, float]:
    """Return the ends of Wilson's score interval of a share.

    Parameters
    ----------
    n, of
        How many are so, of how many drawn at random.
    level
        Share of samples whose interval holds the truth, in (0, 1).

    Returns
    -------
    low, high
        In [0, 1]; (0, 1) out of nothing.

    Raises
    ------
    ValueError
        If ``n`` is not from 0 to ``of``.

    Notes
    -----
    With ``z`` the normal quantile of ``(1 + level) / 2`` and ``p = n / of``,
    ``(p + z^2 / 2of -+ z sqrt(p (1 - p) / of + z^2 / 4of^2)) / (1 + z^2 / of)``. Drawn without
    putting back from little more than the sample, it is wider than it need be.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not 0 <= n <= of:
        raise ValueError(f"expected a number from 0 to {of}, got {n}")
    if of == 0:
        return 0.0, 1.0
    z2 = float(ndtri((1 + level) / 2)) ** 2
    share = n / of
    middle = share + z2 / (2 * of)
    half = math.sqrt(z2) * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    low, high = (middle - half) / (1 + z2 / of), (middle + half) / (1 + z2 / of)
    # Rounding must not leave what is counted outside.
    return max(min(low, share), 0.0), min(max(high, share), 1.0)
