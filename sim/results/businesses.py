"""What became of each business, read back as columns.

In: a run folder and names of columns. Out: arrays with one row per business and replicate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.results.parquet import read_columns
from sim.results.read import RunFolder


def read_businesses(
    run: RunFolder, names: Sequence[str], strategy: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """Columns of numbers by name, and ``replicate``; NaN where a cell is missing.

    Raises
    ------
    UsageError
        If the folder has no such strategy.
    DataError
        If the file cannot be read.
    """
    wanted = ", ".join(("replicate", *names))
    columns = read_columns(
        run.path / "businesses.parquet",
        f"SELECT {wanted} FROM data WHERE strategy = ? ORDER BY file_row_number",
        [run.strategy(strategy)],
    )
    return {
        name: np.ma.filled(np.ma.asarray(columns[name]).astype(np.float64), np.nan)
        for name in ("replicate", *names)
    }
