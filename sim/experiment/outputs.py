"""Files of every folder of results: scenario, tables, data package and manifest.

They depend on which runs finished, not on where or in which order.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sim.experiment.executors.task import Failure, Key
from sim.experiment.pipeline import Answers, Result
from sim.experiment.plan import Plan
from sim.measure.money.pricing import warnings_of_revenue
from sim.results.csvtext import csv_text
from sim.results.folder import MANIFEST_SCHEMA, RESOLVED, SCENARIO
from sim.results.manifest import (
    PACKAGES,
    STREAM_RULE,
    all_tables,
    build_package,
    canonical_json,
    describe_input,
    once,
    package_version,
    scenario_hash,
    write_inputs,
)
from sim.results.parquet import Coded, merge_parts, write_part
from sim.results.schema import COMPARISON, KEYS, MEASURES, Column
from sim.results.store import write_json
from sim.scenario.schema import scenario_tree
from sim.scenario.sources import list_sources, list_warnings
from sim.version import __version__
from sim.world.placement import warnings_of_leaving

Outputs: TypeAlias = "dict[str, tuple[Path, int | None]]"
"""Path and number of rows (None for what is no table) by name in the folder."""

PACKAGE = "datapackage.json"


def describe(
    folder: Path,
    plan: Plan,
    tables: Mapping[str, tuple[Column, ...]],
    keys: Mapping[str, Sequence[str]],
) -> Outputs:
    """Write the scenario, the tables it rests on, and a data package of the tables of results.

    Parameters
    ----------
    tables, keys
        Columns of each table in the folder, and those that name a row.
    """
    resolved = plan.resolved
    (folder / SCENARIO).write_bytes(resolved.loaded.source)
    tree = canonical_json(scenario_tree(resolved.scenario))
    (folder / RESOLVED).write_text(tree, encoding="utf-8")
    package = build_package(plan.name, resolved.scenario.title, tables, keys, folder)
    write_json(folder / PACKAGE, package)
    written: Outputs = {file: (folder / file, None) for file in (SCENARIO, RESOLVED, PACKAGE)}
    written |= write_inputs(folder, all_tables(plan.scenarios))
    return written


def manifest_of(
    plan: Plan,
    outputs: Outputs,
    *,
    n_replicates: int,
    status: str,
    warnings: Sequence[str],
    failures: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the manifest of a folder.

    Parameters
    ----------
    outputs
        Every file in it.
    n_replicates
        How many replicates are finished under every strategy that has any.
    status
        ``complete``, ``interrupted`` or ``partial`` (runs failed).
    warnings
        To be added to those of the scenario.
    failures
        Runs that have no result, and why.
    """
    scenario, loaded = plan.resolved.scenario, plan.resolved.loaded
    # A run has its scenario twice among them, and listing sources takes a while.
    distinct = list({id(resolved): resolved for resolved in plan.scenarios}.values())
    # A comparison may leave the scenario's own strategy out, and so its orders.
    run = list({id(one.resolved): one.resolved for one in plan.variants}.values()) or distinct
    return {
        "schema": MANIFEST_SCHEMA,
        "kind": plan.kind,
        "result_id": plan.result_id,
        "status": status,
        "tool": {"name": "overblock", "version": __version__},
        "python": platform.python_version(),
        "packages": {name: package_version(name) for name in PACKAGES},
        "scenario": {
            "name": scenario.name,
            "title": scenario.title,
            "file": Path(loaded.document.file).name,
            "sha256": hashlib.sha256(loaded.source).hexdigest(),
            "resolved_sha256": scenario_hash(plan.resolved),
            "overrides": list(loaded.overrides),
        },
        **plan.described(),
        "root_seed": plan.root_seed,
        "streams": STREAM_RULE,
        "n_replicates_asked": plan.n_replicates,
        "n_replicates": n_replicates,
        "inputs": [describe_input(table) for table in all_tables(plan.scenarios)],
        "sources": once(one.as_dict() for each in distinct for one in list_sources(each)),
        "warnings": [
            *once(
                one
                for each in run
                for warnings_of in (list_warnings, warnings_of_leaving, warnings_of_revenue)
                for one in warnings_of(each)
            ),
            *warnings,
        ],
        **({"failures": list(failures)} if failures else {}),
        "outputs": [
            {
                "file": name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                **({} if n_rows is None else {"n_rows": n_rows}),
            }
            for name, (path, n_rows) in sorted(outputs.items())
        ],
    }


def failures_of(plan: Plan, failures: Mapping[Key, Failure]) -> list[dict[str, Any]]:
    """What failed, for the manifest."""
    return [{**plan.where(key), "error": str(failure)} for key, failure in failures.items()]


def metadata_of(plan: Plan) -> dict[str, str]:
    """Metadata of the Parquet files in the folder."""
    return {"result_id": plan.result_id, "scenario_sha256": scenario_hash(plan.resolved)}


POINT = Column("point", "integer", "", "Number of the point, from 0; see points.csv")


@dataclass(frozen=True)
class Sheet:
    """A table of a study."""

    file: str
    """Name in the folder, ending in ``.csv``."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    """Cells in the order of the columns; NaN and None are empty cells."""
    key: tuple[str, ...]
    """Names of the columns that identify a row."""

    def records(self) -> list[dict[str, object]]:
        """Rows as mappings from column name to cell."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Study(Result):
    """Result of a sweep, a sensitivity analysis or conditioning."""

    sheets: Mapping[str, Sheet]
    """Tables, by file name."""


def write_sheets(
    folder: Path, plan: Plan, sheets: Sequence[Sheet], others: Sequence[Sheet] = ()
) -> Outputs:
    """Write the tables of a study as CSV, and describe the folder.

    Parameters
    ----------
    others
        Tables that are there already.
    """
    for sheet in sheets:
        text = csv_text((column.name for column in sheet.columns), sheet.rows)
        (folder / sheet.file).write_text(text, encoding="utf-8", newline="")
    tables = (*sheets, *others)
    columns = {one.file: one.columns for one in tables}
    outputs = describe(folder, plan, columns, {one.file: one.key for one in tables})
    return outputs | {sheet.file: (folder / sheet.file, len(sheet.rows)) for sheet in sheets}


def write_study(folder: Path, plan: Plan, answers: Answers, sheets: Sequence[Sheet]) -> Study:
    """Write the folder of a study."""
    path = folder / "measures.parquet"
    n_rows = _write_measures(path, plan, answers)
    measures = Sheet(path.name, (POINT, *MEASURES), (), (POINT.name, *KEYS[path.name]))
    outputs = write_sheets(folder, plan, sheets, [measures]) | {path.name: (path, n_rows)}
    manifest = manifest_of(
        plan,
        outputs,
        n_replicates=plan.n_replicates,
        status=answers.status,
        warnings=(),
        failures=failures_of(plan, answers.failures),
    )
    return Study(folder, plan, manifest, answers.failures, {one.file: one for one in sheets})


def _write_measures(path: Path, plan: Plan, answers: Answers) -> int:
    """Write every measure of every run that has a result; return the number of rows."""
    is_run = ~np.isnan(answers.value).all(axis=-1)
    point, replicate = np.nonzero(is_run)
    n = len(answers.measures)
    value = answers.value[point, replicate].ravel()
    denominator = answers.denominator[point, replicate].ravel()
    row = np.tile(np.arange(n), point.size)
    texts = {
        name: [getattr(measure, name) for measure in answers.measures]
        for name in ("metric", "unit", "denominator_unit")
    }
    part = path.with_suffix(".part")
    write_part(
        part,
        {
            "point": np.repeat(point, n),
            "strategy": Coded(np.zeros(value.size, np.int64), [answers.label]),
            "replicate": np.repeat(replicate, n),
            "metric": Coded(row, texts["metric"]),
            "unit": Coded(row, texts["unit"]),
            "value": value,
            "denominator": denominator,
            "denominator_unit": Coded(row, texts["denominator_unit"]),
        },
    )
    n_rows = merge_parts([part], path, {"result_id": plan.result_id})
    part.unlink()
    return n_rows


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
