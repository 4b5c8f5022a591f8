"""The region of inputs in which something is the case: PRIM, the patient rule induction method.

In: weighted draws of inputs, and in which of them it is the case. Out: a box of at most some
conditions, with its coverage and density. What the inputs are is not known here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PEELED = 0.05
"""Share of the weight in the box that one peel takes off at most, but at least one draw."""
LEAST_MASS = 0.05
"""Share of all weight that a box keeps at least."""


@dataclass(frozen=True)
class Condition:
    """One side of a box: an input between two of its values.

    Attributes
    ----------
    row
        Which input.
    low, high
        Least and greatest value in the box; infinite where that side is open.
    """

    row: int
    low: float
    high: float


@dataclass(frozen=True)
class Box:
    """A region of the inputs.

    Attributes
    ----------
    conditions
        In the sequence of inputs; none where no box is denser than all draws.
    coverage
        Share of the weight of all cases that lies in it.
    density
        Share of its weight that are cases.
    mass
        Share of all weight that lies in it.
    """

    conditions: tuple[Condition, ...]
    coverage: float
    density: float
    mass: float


def peel(
    inputs: Floats, is_case: NDArray[np.bool_], weight: Floats, most_conditions: int = 3
) -> Box:
    """Find the box that holds cases and little else.

    Parameters
    ----------
    inputs : shape (n_draws, n_inputs)
    is_case : shape (n_draws,)
    weight : shape (n_draws,)
        Not negative; any sum.
    most_conditions
        Most inputs that bound the box.

    Returns
    -------
    box
        Of all boxes on the way, the one with the greatest harmonic mean of coverage and density,
        without the conditions whose removal does not lower it.

    Notes
    -----
    From all draws on, the side of one input is peeled off whose removal leaves the densest box, a
    small share at a time; once so many inputs bound the box as may, only these are peeled.

    References
    ----------
    Friedman and Fisher, Bump hunting in high-dimensional data, Statistics and Computing 9 (1999);
    Bryant and Lempert, Technological Forecasting and Social Change 77 (2010), for coverage,
    density and few conditions.
    """
    counts = weight > 0
    inputs, is_case, weight = inputs[counts], is_case[counts], weight[counts] / weight.sum()
    cases = np.where(is_case, weight, 0.0)
    n_cases = float(cases.sum())
    whole = Box((), 1.0 if n_cases > 0 else math.nan, n_cases, 1.0)
    if n_cases <= 0 or n_cases >= 1 - 1e-12 or not inputs.shape[1]:
        return whole
    low, high = np.full((2, inputs.shape[1]), np.inf) * np.array([[-1], [1]])
    inside = np.ones(weight.size, np.bool_)
    best, best_score = whole, _score(whole)
    while True:
        bounded = np.flatnonzero(np.isfinite(low) | np.isfinite(high))
        rows = bounded if bounded.size >= most_conditions else np.arange(inputs.shape[1])
        found = _densest(inputs[inside], cases[inside], weight[inside], rows)
        if found is None:
            break
        row, is_low, bound = found
        (low if is_low else high)[row] = bound
        inside &= inputs[:, row] >= bound if is_low else inputs[:, row] <= bound
        if weight[inside].sum() < LEAST_MASS:
            break
        box = _box(low, high, inside, cases, weight)
        if _score(box) > best_score + 1e-12:
            best, best_score = box, _score(box)
    return _without_idle(best, inputs, cases, weight)


def _densest(
    inputs: Floats, cases: Floats, weight: Floats, rows: NDArray[np.int64]
) -> tuple[int, bool, float] | None:
    """The peel that leaves the densest box: input, whether its low side, and the new bound."""
    best: tuple[float, int, bool, float] | None = None
    total, n_cases = weight.sum(), cases.sum()
    for row in rows.tolist():
        column = inputs[:, row]
        order = np.argsort(column, kind="stable")
        for is_low in (True, False):
            line = order if is_low else order[::-1]
            taken = np.cumsum(weight[line])
            n = max(int(np.searchsorted(taken, PEELED * total * (1 + 1e-9), side="right")), 1)
            if n >= line.size:
                continue
            bound = float(column[line[n]])
            # Draws with the same value stay together: as many as lie beyond the bound go.
            goes = column < bound if is_low else column > bound
            if not goes.any():
                # The value at the end weighs more than a peel: all of it goes, if any is left.
                goes = column == bound
                rest = column[~goes]
                if not rest.size:
                    continue
                bound = float(rest.min() if is_low else rest.max())
            left = total - weight[goes].sum()
            density = (n_cases - cases[goes].sum()) / left
            if best is None or density > best[0] + 1e-12:
                best = density, row, is_low, bound
    return None if best is None else best[1:]


def _box(
    low: Floats, high: Floats, inside: NDArray[np.bool_], cases: Floats, weight: Floats
) -> Box:
    mass, held = float(weight[inside].sum()), float(cases[inside].sum())
    rows = np.flatnonzero(np.isfinite(low) | np.isfinite(high)).tolist()
    conditions = tuple(Condition(row, float(low[row]), float(high[row])) for row in rows)
    coverage = min(held / float(cases.sum()), 1.0)
    return Box(conditions, coverage, min(held / mass, 1.0) if mass > 0 else 0.0, mass)


def _score(box: Box) -> float:
    both = box.coverage + box.density
    return 2 * box.coverage * box.density / both if both > 0 else 0.0


def _without_idle(box: Box, inputs: Floats, cases: Floats, weight: Floats) -> Box:
    """Leave out conditions one by one as long as that does not lower the score."""
    while box.conditions:
        fewer = []
        for out in box.conditions:
            low, high = np.full((2, inputs.shape[1]), np.inf) * np.array([[-1], [1]])
            inside = np.ones(weight.size, np.bool_)
            for one in box.conditions:
                if one is not out:
                    low[one.row], high[one.row] = one.low, one.high
                    inside &= (inputs[:, one.row] >= one.low) & (inputs[:, one.row] <= one.high)
            fewer.append(_box(low, high, inside, cases, weight))
        best = max(fewer, key=_score)
        if _score(best) < _score(box) - 1e-12:
            break
        box = best
    return box
