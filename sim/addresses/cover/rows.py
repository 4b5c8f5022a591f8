"""Rows of least costs by number of rules, and the row of two halves of a prefix from theirs.

In: for each half of a prefix, the least cost with 0, 1, 2 … rules. Out: the same for both halves
together. A row has several columns that are added up alike: the cost; where asked for, a breadth
that decides among equal costs; where asked for, a number that is only carried along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.targets import Number
from sim.addresses.cover.weights import INT64_LIMIT

Columns = tuple[NDArray[Any], ...]
"""Columns of equal shape: cost, then breadth if there is one, then what is carried along."""


def unreachable(dtype: np.dtype[Any]) -> Number:
    """Return the cost that stands for what is not allowed; sums of two stay representable."""
    # Python integers may be larger than any stated number: infinity compares with all of them.
    return INT64_LIMIT if dtype == np.int64 else float("inf")


def merge(lower: Columns, upper: Columns, size: int, n_keys: int) -> Columns:
    """Least sums of two rows for every number of rules.

    Parameters
    ----------
    lower : shape (m, a)
        Rows of the lower halves.
    upper : shape (m, b)
        Rows of the upper halves.
    size
        Length of the result, at most a + b - 1.
    n_keys
        Columns that are compared, 1 or 2; of equal sums the one with the most rules in the lower
        half is taken.

    Returns
    -------
    rows : shape (m, size)
    """
    if len(lower) == 1:
        return (_least_sums(lower[0], upper[0], size),)
    n_lower, n_upper = lower[0].shape[1], upper[0].shape[1]
    shape = (lower[0].shape[0], size)
    rows = (
        np.full(shape, unreachable(lower[0].dtype), lower[0].dtype),
        *(
            np.zeros(shape, np.result_type(one.dtype, two.dtype))
            for one, two in zip(lower[1:], upper[1:], strict=True)
        ),
    )
    # In either loop the number of rules in the lower half falls from step to step.
    if n_lower <= n_upper:
        few, many, steps = lower, upper, range(min(n_lower, size) - 1, -1, -1)
    else:
        few, many, steps = upper, lower, range(min(n_upper, size))
    for n_rules in steps:
        parts = [row[:, n_rules : n_rules + many[0].shape[1]] for row in rows]
        width = parts[0].shape[1]
        sums = [
            column[:, :width] + other[:, n_rules : n_rules + 1]
            for column, other in zip(many, few, strict=True)
        ]
        is_less = sums[0] < parts[0]
        if n_keys == 2:
            is_less |= (sums[0] == parts[0]) & (sums[1] < parts[1])
        for part, column in zip(parts, sums, strict=True):
            np.copyto(part, column, where=is_less)
    return rows


def _least_sums(lower: NDArray[Any], upper: NDArray[Any], size: int) -> NDArray[Any]:
    """Least sums where nothing but the cost counts."""
    if lower.shape[1] > upper.shape[1]:
        lower, upper = upper, lower
    row = np.full((lower.shape[0], size), unreachable(lower.dtype), lower.dtype)
    for n_rules in range(min(lower.shape[1], size)):
        part = row[:, n_rules : n_rules + upper.shape[1]]
        np.minimum(part, upper[:, : part.shape[1]] + lower[:, n_rules : n_rules + 1], out=part)
    return row


def split(lower: Columns, upper: Columns, n_rules: int, wanted: tuple[Number, ...]) -> int:
    """Rules in the lower half: the most that give the wanted sums.

    Parameters
    ----------
    lower, upper : shape (a,), shape (b,)
        Rows of the halves, the columns that are compared.
    n_rules
        Rules in both halves.
    wanted
        The least sums.
    """
    most = min(n_rules, lower[0].size - 1)
    least = max(0, n_rules - upper[0].size + 1)
    fits = np.ones(most - least + 1, np.bool_)
    for one, other, sum_ in zip(lower, upper, wanted, strict=True):
        fits &= one[least : most + 1] + other[n_rules - most : n_rules - least + 1][::-1] == sum_
    return least + int(np.flatnonzero(fits)[-1])


def fewest_rules(keys: Columns, tolerance: float) -> NDArray[np.int64]:
    """Fewest rules that are as good as each number of rules.

    Parameters
    ----------
    keys : shape (m,)
        A row, the columns that are compared.
    tolerance
        Part of a float cost by which another may exceed it and still count as equal.
    """
    cost = keys[0]
    limit = cost * (1 + tolerance) if cost.dtype == np.float64 else cost
    # The cost never increases, so that its negative is ascending.
    first = np.searchsorted(-cost, -limit, side="left").astype(np.int64)
    if len(keys) == 1:
        return first
    fewest = first.tolist()
    breadth = keys[1].tolist()
    for n_rules, start in enumerate(fewest):
        # The answer for one rule less is a safe place to begin, within one stretch of equal cost.
        row = max(start, fewest[n_rules - 1] if n_rules else 0)
        while breadth[row] > breadth[n_rules]:
            row += 1
        fewest[n_rules] = row
    return np.array(fewest, np.int64)
