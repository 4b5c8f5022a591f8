"""Columns of bounds in ``.npy`` files, checked when read.

Files are ``numpy.save`` arrays of shape (n_columns, n_intervals), so that each column can be
mapped into several processes without a copy.
"""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem
from sim.files import new_file


def save_columns(path: str | PathLike[str], columns: NDArray[Any]) -> None:
    """Write columns of bounds as one array."""
    # An open file: numpy would add its suffix to a path that lacks it.
    with new_file(Path(path), force=True) as partial, partial.open("wb") as file:
        np.save(file, columns, allow_pickle=False)


def load_columns(
    path: str | PathLike[str], n_columns: int, dtype: np.dtype[Any], *, mapped: bool
) -> NDArray[Any]:
    """Read columns of bounds; ``mapped`` leaves them on disk until they are touched.

    Raises
    ------
    DataError
        If the file is missing, no ``.npy`` array, or of another shape or type.
    """
    name = fspath(path)
    try:
        columns = np.load(name, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError([Problem(name, f"expected a saved address set, got {error}")]) from None
    expected = f"an array of shape ({n_columns}, n) and type {dtype}"
    if not isinstance(columns, np.ndarray):
        raise DataError([Problem(name, f"expected {expected}, got an archive of arrays")])
    if columns.ndim != 2 or columns.shape[0] != n_columns or columns.dtype != dtype:
        got = f"shape {columns.shape} and type {columns.dtype}"
        raise DataError([Problem(name, f"expected {expected}, got {got}")])
    return columns


def refuse(path: str | PathLike[str], got: str) -> DataError:
    """Return the error for bounds that are no set."""
    message = f"expected intervals in order, disjoint and not adjacent, got {got}"
    return DataError([Problem(fspath(path), message)])
