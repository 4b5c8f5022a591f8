"""Persistence: a figure is predicted to be what the figure before it was.

In: a case that names the one before it. Out: equally likely numbers, on a logarithmic scale. What
a model predicted is not known here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.scenario.cases import PlacedCase


def persistence(placed: PlacedCase) -> NDArray[np.float64] | None:
    """Predict the figure of a case by those before it.

    Returns
    -------
    predicted : shape (n,)
        log10 of equally likely numbers; None where no figure before is named, or one of those
        before has no logarithm.

    Notes
    -----
    The middle is the figure before. The band is what figures of this quantity moved from one to
    the next until then, in log10, up and down: with figures ``v_0, ..., v_k`` before, it is
    ``log10 v_k - d_i`` and ``log10 v_k + d_i`` for each ``d_i = log10 v_i - log10 v_(i-1)``. With
    one figure before there was no move, and the prediction is that point. Figures below the
    ``floor`` of the case count as the floor.

    References
    ----------
    The baseline of Cramer et al., PNAS 119 (2022), e2113561119, one step ahead, on a logarithmic
    scale and without their interpolation between quantiles.
    """
    before = placed.before
    if not before:
        return None
    floor = placed.case.floor or 0.0
    values = [max(each.published.value, floor) for each in before]
    if min(values) <= 0:
        return None
    logs = np.array([math.log10(value) for value in values])
    moves = np.diff(logs)
    return logs[-1] + np.concatenate([moves, -moves]) if moves.size else logs[-1:]
