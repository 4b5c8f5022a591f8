"""What every folder of results has: the scenario, its tables, a data package, and a manifest.

In: a plan, and the tables that were written. Out: files that say what the result was made from.
They depend on which runs finished, not on where or in which order.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sim.experiment.executors.task import Failure, Key
from sim.experiment.plan import Plan
from sim.measure.money.prices import warnings_of_revenue
from sim.results.folder import MANIFEST_SCHEMA, RESOLVED, SCENARIO
from sim.results.manifest import (
    PACKAGES,
    STREAM_RULE,
    all_tables,
    build_package,
    canonical_json,
    describe_input,
    list_assumptions,
    once,
    package_version,
    scenario_hash,
    write_inputs,
)
from sim.results.schema import Column
from sim.results.store import write_json
from sim.scenario.resolve import Resolved, list_warnings
from sim.scenario.schema import scenario_tree
from sim.scenario.sources import list_sources
from sim.version import __version__

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

    Raises
    ------
    OSError
        If a file cannot be written, or a table not be read.
    """
    resolved = plan.resolved
    (folder / SCENARIO).write_bytes(resolved.loaded.source)
    tree = canonical_json(scenario_tree(resolved.scenario))
    (folder / RESOLVED).write_text(tree, encoding="utf-8")
    write_json(folder / PACKAGE, package_of(folder, plan, tables, keys))
    written: Outputs = {file: (folder / file, None) for file in (SCENARIO, RESOLVED, PACKAGE)}
    written |= write_inputs(folder, all_tables(plan.scenarios))
    return written


def package_of(
    folder: Path,
    plan: Plan,
    tables: Mapping[str, tuple[Column, ...]],
    keys: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Return the data package of the tables in a folder.

    Raises
    ------
    OSError
        If a table cannot be read.
    """
    return build_package(plan.name, plan.resolved.scenario.title, tables, keys, folder)


def manifest_of(
    plan: Plan,
    outputs: Outputs,
    *,
    labels: Sequence[str],
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
    labels
        Labels of the strategies.
    n_replicates
        How many replicates are finished under every strategy.
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
    sources = [list_sources(resolved) for resolved in distinct]
    assumptions = [
        one
        for resolved, found in zip(distinct, sources, strict=True)
        for one in list_assumptions(resolved, found)
    ]
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
        **plan.described(labels),
        "root_seed": plan.root_seed,
        "streams": STREAM_RULE,
        "n_replicates_asked": plan.n_replicates,
        "n_replicates": n_replicates,
        "inputs": [describe_input(table) for table in all_tables(plan.scenarios)],
        "assumptions": once(assumptions),
        "sources": once(one.as_dict() for found in sources for one in found),
        "warnings": [*once(one for each in distinct for one in _warnings_of(each)), *warnings],
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


def _warnings_of(resolved: Resolved) -> list[str]:
    return [*list_warnings(resolved), *warnings_of_revenue(resolved)]
