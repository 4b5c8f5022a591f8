"""Runs and comparisons: one scenario under one or more strategies, with the tables of every run.

The folder depends on which simulations finished, not on where or in which order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment.execution import Batch, Execution
from sim.experiment.findings import Findings, columns_of, derive, derived_manifest
from sim.experiment.outputs import Outputs, describe, failures_of, metadata_of
from sim.experiment.pipeline import Result
from sim.experiment.plan import Plan
from sim.measure.facts import RunFacts, fact_columns
from sim.results.folder import COMPLETE
from sim.results.manifest import pandas_types
from sim.results.parquet import PartWriter, merge_parts
from sim.results.schema import ALL_TABLES, KEYS
from sim.scenario.resolve import Resolved


@dataclass(frozen=True)
class RunsResult(Findings, Result):
    """Result of a run or a comparison, and its folder."""


@dataclass(frozen=True)
class Runs:
    """A run or a comparison.

    Attributes
    ----------
    plan
        What is run.
    """

    plan: Plan

    @classmethod
    def again(cls, resolved: Resolved, root_seed: int, n_replicates: int, **asked: Any) -> Runs:
        """Plan a run or comparison again, to resume it; see `Plan.as_described`."""
        return cls(Plan.as_described(resolved, asked, root_seed, n_replicates))

    def answer(self, ask: Execution) -> Batch:
        """Run all simulations."""
        return ask(self.plan)

    def write(self, folder: Path, found: Batch) -> RunsResult:
        """Write the tables of all runs and those over replicates."""
        plan = found.plan
        outputs = _write_tables(folder, found)
        derived = derive(folder, folder, plan, found.checkpoints.scratch)
        tables = columns_of(plan)
        outputs |= derived.outputs | describe(folder, plan, tables, KEYS)
        manifest = derived_manifest(
            plan,
            derived,
            outputs,
            status=COMPLETE if derived.is_whole(plan) else found.status,
            failures=failures_of(plan, found.failures),
        )
        findings = vars(derived.findings)
        return RunsResult(folder, plan, manifest, found.failures, **findings)


def _write_tables(folder: Path, batch: Batch) -> Outputs:
    """Merge the parts of each table, ordered by strategy and replicate."""
    checkpoints = batch.checkpoints
    names = list(batch.names.values())
    parts = {table: checkpoints.parts(table, names) for table in batch.plan.run_tables}
    parts |= _fact_parts(batch)
    outputs: Outputs = {}
    for table, files in parts.items():
        path = folder / f"{table}.parquet"
        metadata = metadata_of(batch.plan) | pandas_types(ALL_TABLES[path.name])
        outputs[path.name] = path, merge_parts(files, path, metadata)
    return outputs


def _fact_parts(batch: Batch) -> dict[str, list[Path]]:
    """Write the facts of all runs, a part for each strategy; one is in memory at a time."""
    parts: dict[str, list[Path]] = {}
    writer, checkpoints = PartWriter(), batch.checkpoints
    for row, label in enumerate(batch.labels):
        runs = {
            (label, int(replicate)): RunFacts.of(checkpoints.facts(name))
            for (_, own, replicate), name in batch.names.items()
            if own == label
        }
        for table, columns in fact_columns(runs).items():
            part = checkpoints.scratch / f"{table}-{row}"
            writer.write(part, columns)
            parts.setdefault(table, []).append(part)
    writer.close()
    return parts
