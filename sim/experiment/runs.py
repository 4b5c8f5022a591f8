"""Runs and comparisons: one scenario as it is given, every run kept with its tables.

In: a plan, then runs that are finished. Out: the folder with the tables of all runs and what
follows from them, which depend on what was finished and not on where or in which sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.experiment.comparison import Measured
from sim.experiment.execution import Ask, Batch, Result, carry_out
from sim.experiment.findings import Findings, columns_of, derive, derived_manifest
from sim.experiment.outputs import Outputs, describe, failures_of, metadata_of
from sim.experiment.plan import Plan
from sim.measure.facts import RunFacts, fact_columns
from sim.results.columns import KEYS, TABLES
from sim.results.folder import COMPLETE
from sim.results.package import pandas_types
from sim.results.parquet import PartWriter, merge_parts
from sim.scenario.resolve import Resolved

MoreReplicates = Callable[[Mapping[str, Measured]], int]
"""From the measures so far to the number of further replicates; 0 when there are enough."""


@dataclass(frozen=True)
class RunsResult(Findings, Result):
    """What runs or a comparison came to, and where it lies."""


@dataclass(frozen=True)
class Runs:
    """A run or a comparison.

    Attributes
    ----------
    plan
        What is run.
    more
        Asked after all runs how many more replicates are wanted; none when None.
    """

    plan: Plan
    more: MoreReplicates | None = None

    @classmethod
    def again(cls, resolved: Resolved, root_seed: int, n_replicates: int, **asked: Any) -> Runs:
        """Ask again what a question says; see `Plan.as_described`."""
        return cls(Plan.as_described(resolved, asked, root_seed, n_replicates))

    def answer(self, ask: Ask) -> Batch:
        """Run all replicates, and further ones until there are enough."""
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
        """Write the tables of all runs and what follows from them."""
        plan = found.plan
        outputs = _write_tables(folder, found) | _write_facts(folder, found)
        derived = derive(folder, folder, plan, found.checkpoints.scratch)
        outputs |= derived.outputs | describe(folder, plan, columns_of(plan), KEYS)
        is_whole = derived.n_whole(plan) == plan.n_replicates
        manifest = derived_manifest(
            plan,
            derived,
            outputs,
            status=COMPLETE if is_whole else found.status,
            failures=failures_of(plan, found.failures),
        )
        findings = vars(derived.findings)
        return RunsResult(folder, plan, manifest, found.failures, **findings)


def run_experiment(
    resolved: Resolved,
    *,
    root_seed: int,
    n_replicates: int,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    on_replicate: Callable[[int], None] = lambda n_done: None,
) -> RunsResult:
    """Simulate every replicate of a scenario here, and write the run folder; see `carry_out`."""
    return carry_out(
        Runs(Plan.of_run(resolved, root_seed, n_replicates)),
        folder=folder,
        force=force,
        argv=argv,
        on_progress=lambda n_done, n_total: on_replicate(n_done),
    )


def _write_tables(folder: Path, batch: Batch) -> Outputs:
    """Merge the parts of each table, strategy by strategy and replicate by replicate."""
    checkpoints, names = batch.checkpoints, list(batch.names.values())
    return {
        f"{table}.parquet": (
            path := folder / f"{table}.parquet",
            merge_parts(
                checkpoints.parts(table, names),
                path,
                metadata_of(batch.plan) | pandas_types(TABLES[path.name]),
            ),
        )
        for table in checkpoints.tables
    }


def _write_facts(folder: Path, batch: Batch) -> Outputs:
    """Write what every run came to; facts of one strategy are in memory at a time."""
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
    return {
        f"{table}.parquet": (
            path := folder / f"{table}.parquet",
            merge_parts(found, path, metadata_of(batch.plan)),
        )
        for table, found in parts.items()
    }
