"""Columns that the tables of sweeps and sensitivity analyses share.

In: the columns of a comparison. Out: columns, and the table of points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.experiment.answers import Answers
from sim.experiment.study import POINT, Sheet
from sim.results.schema import COMPARISON, Column

COMPARED = {column.name: column for column in COMPARISON}
METRIC, UNIT = COMPARED["metric"], COMPARED["unit"]
FACTOR = Column.text("factor", "Scenario key, or table and column")
STATUS = (
    Column.text("status", "complete, failed (no run has a result) or partial"),
    Column.text("error", "Why not; missing where nothing failed"),
)


def points_sheet(
    columns: Sequence[Column], points: Sequence[Sequence[object]], answers: Answers
) -> Sheet:
    """Every point, with its status."""
    rows = []
    for row, cells in enumerate(points):
        has_run = ~np.isnan(answers.value[row]).all(axis=-1)
        status = "complete" if has_run.all() else "partial" if has_run.any() else "failed"
        rows.append((row, *cells, status, answers.reason(row)))
    return Sheet("points.csv", (POINT, *columns, *STATUS), tuple(rows), (POINT.name,))
