"""Which changes of a picture become frames, where there are more changes than frames.

In: how large each change is. Out: which changes are frames. It draws nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet


def frame_rows(
    size: NDArray[np.float64] | NDArray[np.int64], n: int, shown: Collection[int] = ()
) -> NDArray[np.int64]:
    """Changes between which about as much moves each time, at most n of them.

    The first and the last are among them, and every change that is large enough to be seen alone;
    then the largest of the others.

    Parameters
    ----------
    size : shape (n_changes,)
        How much moves at each change, in the sequence of time.
    shown
        Rows that are frames in any case; there may be more of them than n.

    Returns
    -------
    rows : shape (n_frames,)
        Rows of the changes kept, ascending.
    """
    if size.size <= n:
        return np.arange(size.size)
    always = {0, size.size - 1, *shown}
    moved = np.cumsum(size)
    wanted = np.linspace(0, moved[-1], max(n - len(always) + 2, 2))[:-1]
    rows = {*always, *np.searchsorted(moved, wanted).tolist()}
    # Where few changes move almost all, frames are left: they show the largest of the others.
    rest = [row for row in np.argsort(-size, kind="stable").tolist() if row not in rows]
    rows |= {row for row in rest[: max(n - len(rows), 0)] if size[row] > 0}
    return np.array(sorted(rows), np.int64)


def sizes_of(listed: Sequence[IntervalSet]) -> NDArray[np.int64]:
    """Addresses that come and go at each change, from those listed after it."""
    return np.array(
        [
            after.symmetric_difference(before).n_addresses
            for before, after in zip([IntervalSet.empty(), *listed], listed, strict=False)
        ],
        np.int64,
    )


def frame_times(
    listed: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]], n: int
) -> NDArray[np.int64]:
    """Times of the frames of several curves: also the peak and the last change of each.

    Parameters
    ----------
    listed
        Times and numbers of addresses listed, for each strategy; each counts alike.
    n
        At most so many frames, if there are fewer strategies than that.
    """
    times = np.unique(np.concatenate([[0], *(t_s for t_s, _ in listed)]).astype(np.int64))
    size = np.zeros(times.size)
    shown: set[int] = set()
    for t_s, value in listed:
        row = np.searchsorted(times, t_s)
        top = float(value.max())
        np.add.at(size, row, np.abs(np.diff(value, prepend=0.0)) / (top if top > 0 else 1.0))
        shown |= {int(row[np.argmax(value)]), int(row[-1])}
    return np.asarray(times[frame_rows(size, n, shown)])
