"""Outlines of a region of a pixel map, and where inside it a name fits.

In: a mask of pixels. Out: line segments along the edges of pixels, and points. Pure numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def outline(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Edges between pixels inside and outside, neighbouring edges in one line as one segment.

    Parameters
    ----------
    inside : shape (n_rows, n_columns)

    Returns
    -------
    segments : shape (n, 2, 2)
        Ends as (x, y); the pixel in row r and column c covers [c, c + 1) × [r, r + 1).
    """
    across = _runs(np.pad(inside, ((1, 1), (0, 0))))
    down = _runs(np.pad(inside.T, ((1, 1), (0, 0))))[:, :, ::-1]
    return np.concatenate((across, down))


def _runs(padded: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Edges between a row and the next one, as (x, y) of both ends."""
    is_edge = padded[1:] != padded[:-1]
    framed = np.pad(is_edge, ((0, 0), (1, 1)))
    row, column = np.nonzero(framed[:, 1:] != framed[:, :-1])
    # Changes of a row come in order: each beginning of a run is followed by its end.
    start, stop, y = column[0::2], column[1::2], row[0::2]
    ends = np.stack([np.stack([start, y], axis=1), np.stack([stop, y], axis=1)], axis=1)
    return ends.astype(np.float64)


def name_places(inside: NDArray[np.bool_], least_pixels: int) -> list[tuple[float, float, int]]:
    """Middle of each connected part of a region that is large enough, the largest first.

    Parameters
    ----------
    least_pixels
        Pixels that a part must have.

    Returns
    -------
    places
        (x, y, pixels): the innermost point of the part, and its size.
    """
    part, n_parts = ndimage.label(inside)
    size = np.bincount(part.ravel(), minlength=n_parts + 1)
    wanted = [one for one in range(1, n_parts + 1) if size[one] >= least_pixels]
    places = []
    for one in sorted(wanted, key=lambda one: (-size[one], one)):
        rows, columns = ndimage.find_objects(part, max_label=one)[one - 1]
        own = np.pad(part[rows, columns] == one, 1)
        depth = ndimage.distance_transform_cdt(own, metric="chessboard")
        deepest = np.argwhere(depth == depth.max())
        # Of several equally deep pixels the one nearest to their middle.
        at = deepest[np.argmin(((deepest - deepest.mean(axis=0)) ** 2).sum(axis=1))]
        y, x = at - 0.5 + np.array([rows.start, columns.start])
        places.append((float(x), float(y), int(size[one])))
    return places
