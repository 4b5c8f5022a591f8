"""The folder of a study of many points: a sweep or a sensitivity analysis.

In: a plan, the answers at its points, and the tables made of them. Out: a folder with these tables
and the measures of all runs. How the points were chosen is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.experiment.answers import Answers
from sim.experiment.outputs import Outputs, describe, failures_of, manifest_of
from sim.experiment.pipeline import Result
from sim.experiment.plan import Plan
from sim.results.parquet import Coded, PartWriter, merge_parts
from sim.results.schema import KEYS, MEASURES, Column
from sim.results.tables import csv_text

POINT = Column("point", "integer", "", "Number of the point, from 0; see points.csv")


@dataclass(frozen=True)
class Sheet:
    """A table of a study.

    Attributes
    ----------
    file
        Name in the folder, ending in ``.csv``.
    rows
        Cells in the order of the columns; NaN and None are empty cells.
    key
        Names of the columns that identify a row.
    """

    file: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    key: tuple[str, ...]

    def records(self) -> list[dict[str, object]]:
        """Rows as mappings from column name to cell."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Study(Result):
    """Result of a study.

    Attributes
    ----------
    sheets
        Tables, by file name.
    answers
        Measures of all runs.
    """

    sheets: Mapping[str, Sheet]
    answers: Answers


def write_study(folder: Path, plan: Plan, answers: Answers, sheets: Sequence[Sheet]) -> Study:
    """Write the folder of a study.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    outputs: Outputs = {}
    for sheet in sheets:
        text = csv_text((column.name for column in sheet.columns), sheet.rows)
        (folder / sheet.file).write_text(text, encoding="utf-8", newline="")
        outputs[sheet.file] = folder / sheet.file, len(sheet.rows)
    path = folder / "measures.parquet"
    outputs[path.name] = path, _write_measures(path, plan, answers)
    columns = {sheet.file: sheet.columns for sheet in sheets}
    keys = {sheet.file: sheet.key for sheet in sheets}
    columns[path.name], keys[path.name] = (POINT, *MEASURES), (POINT.name, *KEYS[path.name])
    outputs |= describe(folder, plan, columns, keys)
    manifest = manifest_of(
        plan,
        outputs,
        labels=answers.labels,
        n_replicates=plan.n_replicates,
        status=answers.status,
        warnings=plan.warnings,
        failures=failures_of(plan, answers.failures),
    )
    by_file = {sheet.file: sheet for sheet in sheets}
    return Study(folder, plan, manifest, answers.failures, by_file, answers)


def _write_measures(path: Path, plan: Plan, answers: Answers) -> int:
    """Write every measure of every run that has a result; return the number of rows."""
    is_run = ~np.isnan(answers.value).all(axis=-1)
    point, strategy, replicate = np.nonzero(is_run)
    n = len(answers.measures)
    value = answers.value[point, strategy, replicate].ravel()
    denominator = answers.denominator[point, strategy, replicate].ravel()
    row = np.tile(np.arange(n), point.size)
    texts = {
        name: [getattr(measure, name) for measure in answers.measures]
        for name in ("metric", "unit", "denominator_unit")
    }
    part = path.with_suffix(".part")
    writer = PartWriter()
    writer.write(
        part,
        {
            "point": np.repeat(point, n),
            "strategy": Coded(np.repeat(strategy, n), answers.labels),
            "replicate": np.repeat(replicate, n),
            "metric": Coded(row, texts["metric"]),
            "unit": Coded(row, texts["unit"]),
            "value": value,
            "denominator": denominator,
            "denominator_unit": Coded(row, texts["denominator_unit"]),
        },
    )
    writer.close()
    n_rows = merge_parts([part], path, {"result_id": plan.result_id})
    part.unlink()
    return n_rows
