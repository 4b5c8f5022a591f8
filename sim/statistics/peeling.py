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
RISK = 0.05
"""Probability that a condition without influence is told, over all inputs together."""


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
        without the conditions that are not told from chance.

    Notes
    -----
    From all draws on, the side of one input is peeled off that gains most density for the weight it
    takes off (values that many draws share go at once, and would seem to gain more), a small share
    at a time; once so many inputs bound the box as may, only these are peeled. A
    condition is told from chance where a box as large, drawn from the box without the condition,
    has as many cases with a probability of at most ``RISK`` over the number of inputs (binomial,
    by effective numbers): the quasi-p-value of Bryant and Lempert. Where inputs that are not told
    had taken all places, it is peeled again without them.

    References
    ----------
    Friedman and Fisher, Bump hunting in high-dimensional data, Statistics and Computing 9 (1999);
    Bryant and Lempert, Technological Forecasting and Social Change 77 (2010), for coverage,
    density and few conditions; Kwakkel and Jaxa-Rozen, Environmental Modelling & Software 79
    (2016), for the gain by weight.
    """
    counts = weight > 0
    inputs, is_case, weight = inputs[counts], is_case[counts], weight[counts] / weight.sum()
    cases = np.where(is_case, weight, 0.0)
    n_cases = float(cases.sum())
    whole = Box((), 1.0 if n_cases > 0 else math.nan, n_cases, 1.0)
    if n_cases <= 0 or n_cases >= 1 - 1e-12 or not inputs.shape[1]:
        return whole
    found, idle = whole, np.zeros(inputs.shape[1], np.bool_)
    while not idle.all():
        best = _peeled(inputs, cases, weight, np.flatnonzero(~idle), most_conditions)
        box = _without_idle(best, inputs, cases, weight)
        found = max(found, box, key=_score)
        kept = {one.row for one in box.conditions}
        left_out = [one.row for one in best.conditions if one.row not in kept]
        if not left_out or len(best.conditions) < most_conditions:
            break
        # They took a place that an input which decides may need.
        idle[left_out] = True
    return found


def _peeled(
    inputs: Floats,
    cases: Floats,
    weight: Floats,
    rows: NDArray[np.int64],
    most_conditions: int,
) -> Box:
    """The best box on the way, where some inputs may bound it."""
    low, high = _bounds(inputs.shape[1], ())
    inside = np.ones(weight.size, np.bool_)
    best = _box(low, high, inside, cases, weight)
    best_score = _score(best)
    while True:
        bounded = np.flatnonzero(np.isfinite(low) | np.isfinite(high))
        found = _densest(
            inputs[inside],
            cases[inside],
            weight[inside],
            bounded if bounded.size >= most_conditions else rows,
        )
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
    return best


def _densest(
    inputs: Floats, cases: Floats, weight: Floats, rows: NDArray[np.int64]
) -> tuple[int, bool, float] | None:
    """The peel that gains most density for what it takes off: input, low side or not, new bound."""
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
            gone = weight[goes].sum()
            density = (n_cases - cases[goes].sum()) / (total - gone)
            gain = (density - n_cases / total) / gone
            if best is None or gain > best[0] + 1e-12:
                best = gain, row, is_low, bound
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
    """Leave out, one by one, the condition that is told least from chance."""
    from scipy import stats  # slow to import, and a single run needs none of it

    size = weight.size
    while box.conditions:
        fewer = [
            _box(*_bounds(inputs.shape[1], rest), _inside(inputs, rest), cases, weight)
            for rest in (
                tuple(one for one in box.conditions if one is not out) for out in box.conditions
            )
        ]
        n, held = box.mass * size, box.mass * box.density * size
        chances = [
            float(stats.binom.sf(math.ceil(held) - 1, math.ceil(n), one.density)) for one in fewer
        ]
        worst = int(np.argmax(chances))
        if chances[worst] <= RISK / inputs.shape[1]:
            break
        box = fewer[worst]
    return box


def _bounds(n_inputs: int, conditions: tuple[Condition, ...]) -> tuple[Floats, Floats]:
    low, high = np.full(n_inputs, -np.inf), np.full(n_inputs, np.inf)
    for one in conditions:
        low[one.row], high[one.row] = one.low, one.high
    return low, high


def _inside(inputs: Floats, conditions: tuple[Condition, ...]) -> NDArray[np.bool_]:
    inside = np.ones(len(inputs), np.bool_)
    for one in conditions:
        inside &= (inputs[:, one.row] >= one.low) & (inputs[:, one.row] <= one.high)
    return inside
