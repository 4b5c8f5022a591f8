"""Runs and comparisons: one scenario under one or more strategies, with the tables of every run.

In: a plan, then its finished runs. Out: a folder with the tables of all runs and those over
replicates. It depends on which runs finished, not on where or in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.experiment.comparison import Measured
from sim.experiment.ensemble import DRAW_MEASURES
from sim.experiment.execution import Batch, Execution
from sim.experiment.findings import Findings, columns_of, derive, derived_manifest
from sim.experiment.outputs import Outputs, describe, failures_of, metadata_of
from sim.experiment.pipeline import Result
from sim.experiment.plan import Plan
from sim.measure.facts import RunFacts, draw_measure_columns, fact_columns, measures_of
from sim.results.columns import ALL_TABLES, KEYS
from sim.results.folder import COMPLETE
from sim.results.package import pandas_types
from sim.results.parquet import PartWriter, merge_parts
from sim.scenario.resolve import Resolved

AT_ONCE = 4000
"""Runs of draws whose measures are in memory at a time."""

MoreReplicates = Callable[[Mapping[str, Measured]], int]
"""From the measures so far to the number of replicates to add; 0 when there are enough."""


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
    more
        Called after all runs: how many replicates to add; none are added when it is None.
    """

    plan: Plan
    more: MoreReplicates | None = None

    @classmethod
    def again(cls, resolved: Resolved, root_seed: int, n_replicates: int, **asked: Any) -> Runs:
        """Plan a run or comparison again, to resume it; see `Plan.as_described`."""
        return cls(Plan.as_described(resolved, asked, root_seed, n_replicates))

    def answer(self, ask: Execution) -> Batch:
        """Run all replicates, and more until there are enough."""
        batch = ask(self.plan)
        try:
            while self.more is not None and batch.status == COMPLETE:
                found = batch.answers()
                rows = enumerate(found.labels)
                n_more = self.more({label: found.measured(0, row) for row, label in rows})
                if n_more <= 0:
                    break
                n_replicates = batch.plan.n_replicates + n_more
                batch = ask(replace(batch.plan, n_replicates=n_replicates))
        except KeyboardInterrupt:
            batch = replace(batch, is_interrupted=True)
        return batch

    def write(self, folder: Path, found: Batch) -> RunsResult:
        """Write the tables of all runs and those over replicates."""
        plan = found.plan
        outputs = _write_tables(folder, found)
        derived = derive(folder, folder, plan, found.checkpoints.scratch)
        tables = columns_of(plan, has_draws=derived.has_draws)
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
    names = [name for key, name in batch.names.items() if key[0] == 0]
    drawn = [name for key, name in batch.names.items() if key[0] != 0]
    parts = {table: checkpoints.parts(table, names) for table in batch.plan.run_tables}
    parts |= _fact_parts(batch)
    if drawn:
        parts |= {table: checkpoints.parts(table, drawn) for table in batch.plan.draw_tables}
        parts[DRAW_MEASURES] = _draw_parts(batch)
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
            for (point, own, replicate), name in batch.names.items()
            if own == label and point == 0
        }
        for table, columns in fact_columns(runs).items():
            part = checkpoints.scratch / f"{table}-{row}"
            writer.write(part, columns)
            parts.setdefault(table, []).append(part)
    writer.close()
    return parts


def _draw_parts(batch: Batch) -> list[Path]:
    """Write the measures of all draws, some thousand runs at a time."""
    parts: list[Path] = []
    writer, checkpoints = PartWriter(), batch.checkpoints
    drawn = [(key, name) for key, name in batch.names.items() if key[0] != 0]
    for start in range(0, len(drawn), AT_ONCE):
        runs = {
            (int(point) - 1, str(label), int(replicate)): measures_of(checkpoints.facts(name))
            for (point, label, replicate), name in drawn[start : start + AT_ONCE]
        }
        part = checkpoints.scratch / f"{DRAW_MEASURES}-{start}"
        writer.write(part, draw_measure_columns(runs))
        parts.append(part)
    writer.close()
    return parts
