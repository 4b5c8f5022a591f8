"""Queries with none, one or many answers each, as pairs of a query and a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def expand_runs(first: NDArray[np.int64], last: NDArray[np.int64]) -> Pairs:
    """Write each run ``[first, last)`` out: the number of the run and the places in it."""
    run = np.maximum(last - first, 0)
    query = np.repeat(np.arange(run.size), run)
    return query, np.arange(query.size) - np.repeat(np.cumsum(run) - run - first, run)


def ordered_pairs(queries: list[NDArray[np.int64]], rows: list[NDArray[np.int64]]) -> Pairs:
    """Pairs of all lists by query, and within a query in the order of the lists."""
    if not queries:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    query, row = np.concatenate(queries), np.concatenate(rows)
    order = np.argsort(query, kind="stable")
    return query[order], row[order]
