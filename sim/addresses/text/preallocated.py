"""Columns that several threads fill, each its own rows.

Fresh memory is dear (the system clears it page by page), and long columns get it in large pages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.addresses.text.cuts import Block

Piece = tuple[NDArray[np.int64], NDArray[np.int64]]

# The shortest address and its newline. Without this bound a file of blank lines would be given 16
# times its size.
_LEAST_BYTES = 8
# Rows of one column at most, 128 MiB: a guess may be far too high.
_MOST_ROWS = 2**24
# Large pages hold 2 MiB. What lies in one only in part gets pages of 4 KiB, each a fault of some
# microseconds: columns of a page or more begin where a large page does.
_LARGE_PAGE = 2**21


class Room:
    """Room for rows whose number is guessed from those met so far.

    Parameters
    ----------
    n_bytes
        Size of the whole text; 0 where it is not known.
    """

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._n_rows_met = 0
        self._n_bytes_met = 0
        self._columns = _columns(0)
        self._used = 0

    def take(self, block: Block) -> Piece | None:
        """Return a piece for the rows of a block; None where its lines are too short to be rows.

        Nothing has been written to the piece.
        """
        n_rows, n_bytes = block.n_lines, len(block.content)
        if n_rows * _LEAST_BYTES > n_bytes:
            return None
        self._n_rows_met += n_rows
        self._n_bytes_met += n_bytes
        if self._used + n_rows > self._columns[0].size:
            # Memory that is never written to is never handed out by the system.
            to_come = n_rows + min(self._expected(), _MOST_ROWS)
            self._columns = _columns(to_come)
            self._used = 0
        rows = slice(self._used, self._used + n_rows)
        self._used += n_rows
        start, stop = self._columns
        return start[rows], stop[rows]

    def _expected(self) -> int:
        """Rows to come, by the length of the lines so far and some more; else as many again."""
        if self._n_bytes == 0:
            return self._n_rows_met
        n_left = max(self._n_bytes - self._n_bytes_met, 0)
        return (n_left * self._n_rows_met * 17) // (max(self._n_bytes_met, 1) * 16)


def joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return columns as one; those that already stand one after the other are not copied."""
    filled = [part for part in parts if part.size] or list(parts[:1])
    whole = filled[0].base
    if not isinstance(whole, np.ndarray) or not whole.flags.c_contiguous:
        return np.concatenate(parts)
    begin = place = _place(filled[0])
    for part in filled:
        if part.base is not whole or _place(part) != place or part.strides != whole.strides:
            return np.concatenate(parts)
        place += part.nbytes
    first = (begin - _place(whole)) // whole.itemsize
    column: NDArray[np.int64] = whole[first : first + sum(part.size for part in filled)]
    return column


def _columns(n_rows: int) -> Piece:
    """Two columns not yet written to."""
    n_cells = n_rows
    skipped = 0
    if n_rows * 8 >= _LARGE_PAGE:
        n_cells = -(-n_rows * 8 // _LARGE_PAGE) * _LARGE_PAGE // 8
        skipped = _LARGE_PAGE // 8
    whole = np.empty(skipped + 2 * n_cells, np.int64)
    if skipped:
        skipped = -_place(whole) % _LARGE_PAGE // 8
    first = [skipped + turn * n_cells for turn in range(2)]
    start, stop = (whole[at : at + n_rows] for at in first)
    return start, stop


def _place(column: NDArray[np.int64]) -> int:
    """Where in memory a column begins."""
    return int(column.__array_interface__["data"][0])
