"""What every folder of results has: the scenario, its tables, a description, and a manifest.

In: a plan, and the tables that were written. Out: files that say from what they were made, which
depend on what was finished and not on where or in which sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sim.experiment.executors.task import Failure, Key
from sim.experiment.plan import Plan
from sim.results.columns import Column
from sim.results.manifest import (
    all_tables,
    build_manifest,
    canonical_json,
    scenario_hash,
    write_inputs,
)
from sim.results.package import build_package
from sim.results.store import write_json
from sim.scenario.dump import scenario_tree

Outputs: TypeAlias = "dict[str, tuple[Path, int | None]]"
"""Path and number of rows (None for what is no table) by name in the folder."""

PACKAGE = "datapackage.json"


def write_asked(folder: Path, plan: Plan) -> Outputs:
    """Write what was asked: the scenario and its tables.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    resolved = plan.resolved
    tree = scenario_tree(resolved.scenario)
    (folder / "scenario.yaml").write_bytes(resolved.loaded.source)
    (folder / "scenario.resolved.json").write_text(canonical_json(tree), encoding="utf-8")
    outputs: Outputs = {
        file: (folder / file, None) for file in ("scenario.yaml", "scenario.resolved.json")
    }
    return outputs | write_inputs(folder, all_tables(plan.scenarios))


def write_package(
    folder: Path,
    plan: Plan,
    tables: Mapping[str, tuple[Column, ...]],
    keys: Mapping[str, Sequence[str]],
) -> Outputs:
    """Write what the tables are.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    write_json(folder / PACKAGE, package_of(folder, plan, tables, keys))
    return {PACKAGE: (folder / PACKAGE, None)}


def package_of(
    folder: Path,
    plan: Plan,
    tables: Mapping[str, tuple[Column, ...]],
    keys: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Return what the tables of a folder are: their columns, keys and hashes.

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
        How many replicates are whole.
    """
    return build_manifest(
        plan.scenarios,
        identity=plan.result_id,
        kind=plan.kind,
        comparison=plan.described(labels),
        root_seed=plan.root_seed,
        n_replicates_asked=plan.n_replicates,
        n_replicates=n_replicates,
        status=status,
        warnings=warnings,
        failures=failures,
        outputs=outputs,
    )


def failures_of(plan: Plan, failures: Mapping[Key, Failure]) -> list[dict[str, Any]]:
    """What failed, for the manifest."""
    return [{**plan.where(key), "error": str(failure)} for key, failure in failures.items()]


def metadata_of(plan: Plan) -> dict[str, str]:
    """What a Parquet file of the folder says of itself."""
    return {"result_id": plan.result_id, "scenario_sha256": scenario_hash(plan.resolved)}
