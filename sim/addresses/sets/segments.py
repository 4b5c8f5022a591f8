"""Nested prefixes flattened to segments, each owned by its most specific prefix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def flatten(
    start: NDArray[np.int64], stop: NDArray[np.int64], length: NDArray[np.int64], top: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut the line [0, top) wherever the most specific prefix changes.

    Parameters
    ----------
    start, stop : shape (n,), int64
        Distinct prefixes, ordered by start, then length.
    length : shape (n,), int64
        Prefix lengths in [0, 128].
    top
        End of the line.

    Returns
    -------
    cut : shape (n_segments,), int64
        Where each segment starts; the first is 0.
    owner : shape (n_segments,), int64
        Row of the most specific prefix; -1 where there is none.
    """
    # Prefixes of one length are disjoint, so by length their stops are sorted runs; a stable
    # (merging) sort of few runs is several times faster than one of unordered numbers.
    by_length = np.argsort(length.astype(np.uint16), kind="stable")
    cut = np.concatenate((np.zeros(1, np.int64), start, stop[by_length]))
    cut.sort(kind="stable")
    fresh = np.ones(cut.size, np.bool_)
    fresh[1:] = cut[1:] > cut[:-1]
    cut = cut[fresh & (cut < top)]
    first, last = np.searchsorted(cut, start), np.searchsorted(cut, stop)
    owner = np.full(cut.size, -1, np.int64)
    n_of_length = np.bincount(length, minlength=1)
    edge = np.concatenate(([0], np.cumsum(n_of_length)))
    for bits in np.flatnonzero(n_of_length).tolist():
        # From the shortest length to the longest, so that the more specific paints last.
        row = by_length[edge[bits] : edge[bits + 1]]
        run = last[row] - first[row]
        if int(run.max()) == 1:
            owner[first[row]] = row
            continue
        offset = np.arange(int(run.sum())) - np.repeat(np.cumsum(run) - run, run)
        owner[np.repeat(first[row], run) + offset] = np.repeat(row, run)
    return cut, owner


def distinct_rows(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the distinct keys in ascending order; of equal keys the first row."""
    row = np.argsort(key, kind="stable")
    ordered = key[row]
    fresh = np.ones(key.size, np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return row if fresh.all() else row[fresh]


def owners_to_rows(owner: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows in the caller's order of owners in sorted order; -1 stays -1."""
    return np.append(row, -1)[owner]
