"""What each operator began and ceased to enforce in one replicate, read back.

In: a run folder, a strategy, a replicate. Out: columns in the order of the events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.parquet import read_columns
from sim.results.read import RunFolder


@dataclass(frozen=True, eq=False)
class Enforcement:
    """Beginnings and ends of enforcement.

    Attributes
    ----------
    t_s, entry : shape (n,)
        When, and which entry of the register.
    operator : shape (n,)
        Name of the operator group.
    is_begin : shape (n,)
        Whether enforcement begins; else it ends.
    """

    t_s: NDArray[np.int64]
    entry: NDArray[np.int64]
    operator: NDArray[np.str_]
    is_begin: NDArray[np.bool_]


def read_enforcement(
    run: RunFolder, strategy: str | None = None, replicate: int = 0
) -> Enforcement:
    """Read the events of one replicate.

    Raises
    ------
    UsageError
        If the folder has no such strategy or replicate.
    DataError
        If the file cannot be read.
    """
    run.check_replicate(replicate)
    columns = read_columns(
        run.path / "events.parquet",
        "SELECT t_s, entry, operator, kind FROM data WHERE strategy = ? AND replicate = ? "
        "AND kind IN ('enforced', 'released') ORDER BY file_row_number",
        [run.strategy(strategy), replicate],
    )
    return Enforcement(
        t_s=np.asarray(columns["t_s"], np.int64),
        entry=np.asarray(columns["entry"], np.int64),
        operator=np.asarray(columns["operator"], np.str_),
        is_begin=np.asarray(columns["kind"], np.str_) == "enforced",
    )
