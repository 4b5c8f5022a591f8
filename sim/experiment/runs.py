"""Runs and comparisons: one scenario under one or more strategies, with the tables of every run.

The folder depends on which simulations finished, not on where or in which order. Tables over
simulations are computed from the finished runs of a folder, so that `verify` computes them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment import comparison
from sim.experiment.outputs import Outputs, describe, failures_of, manifest_of, metadata_of
from sim.experiment.pipeline import Batch, Execution, Result
from sim.experiment.plan import RUN, Plan
from sim.measure.facts import HITS, read_groups, read_kinds, read_measures, why_nothing
from sim.measure.groups import find_unpolled, summarise_groups
from sim.measure.money.accounts import BY_METHOD, method_lines
from sim.measure.names import expected_names
from sim.measure.sites import compare_sites, find_missed, summarise_sessions, summarise_sites
from sim.measure.summary import Measured, summarise
from sim.results import schema
from sim.results.csvtext import lines_text
from sim.results.folder import COMPLETE
from sim.results.manifest import pandas_types
from sim.results.parquet import merge_parts, write_part
from sim.results.store import RUN_TABLES, SITE_RUNS, SITE_SESSION_RUNS
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import NoBlocking
from sim.scenario.tables.seeds import table_rows


@dataclass(frozen=True)
class Derived:
    """Tables over simulations that were written."""

    runs: Mapping[str, tuple[int, ...]]
    """Finished simulations, by strategy."""
    typical: Mapping[str, int]
    """The typical simulation of each strategy."""
    nothing: tuple[str, ...]
    """What no simulation of a strategy did, and why: one sentence each."""
    outputs: Outputs
    """Path and number of rows of each table, by its name."""
    lines: Mapping[str, Sequence[Any]]
    """The lines of each CSV table, by its name without the ending; none where the folder has no
    such table."""

    def n_whole(self, plan: Plan) -> int:
        """How many simulations are finished under every strategy."""
        return len(_shared(self.runs.get(label, ()) for label in plan.labels))

    @property
    def n_compared(self) -> int:
        """How many simulations are finished under every strategy that has any."""
        return len(_shared(filter(None, self.runs.values())))


def _shared(runs: Iterable[Iterable[int]]) -> set[int]:
    return set.intersection(*map(set, runs))


def derive(
    folder: Path,
    into: Path,
    plan: Plan,
    scratch: Path,
    await_table: Callable[[str], object] = lambda table: None,
    parts: Mapping[str, Sequence[Path]] | None = None,
) -> Derived:
    """Compute the tables over simulations, and write them.

    Parameters
    ----------
    folder
        Where the tables of the runs are.
    into
        Where the tables over simulations go.
    scratch
        Folder for temporary files.
    await_table
        Called with the name of a table of the runs before it is read.
    parts
        Parts that tables are merged from meanwhile; the largest tables are read from these.
    """
    for table in ("measures", "hits"):
        await_table(table)
    measures = read_measures(folder)
    runs_of = {label: tuple(found) for label, found in measures.items()}
    # A comparison is of the simulations that all strategies have; without any, each has its own.
    if plan.kind != RUN and (shared := _shared(filter(None, runs_of.values()))):
        measures = {
            label: {number: one for number, one in found.items() if number in shared}
            for label, found in measures.items()
        }
    outputs: Outputs = {}
    inputs = None
    if plan.draws is not None:
        inputs = comparison.Inputs(plan)
        part, path = scratch / "inputs.part", into / "inputs.parquet"
        write_part(part, inputs.tabulate())
        outputs[path.name] = path, merge_parts([part], path, metadata_of(plan))
    measured = {label: Measured.of(runs) for label, runs in measures.items() if runs}
    lines: dict[str, list[Any]] = {
        Path(file).stem: [] for file in schema.ALL_TABLES if file.endswith(".csv")
    }
    for variant in plan.variants:
        label, resolved = variant.label, variant.resolved
        if not (runs := measures.get(label, {})):
            continue
        if resolved.inventory is not None:
            await_table(SITE_RUNS)
            missed, unpolled = find_missed(folder, label, resolved), find_unpolled(resolved)
            n_missed = sum(not unpolled.get(site) for site in missed)
            measured[label] = measured[label].with_missed(n_missed)
        sample = measured[label].sample()
        summary = summarise(label, measured[label], table_rows(resolved.figures), sample)
        if inputs is not None:
            summary = comparison.with_dependence(summary, measured, inputs)
        lines["summary"] += summary
        counts = read_groups(folder, label)
        members = [counts.get(number, []) for number in runs]
        by_group = summarise_groups(label, members, sample, resolved.amounts.currency)
        lines["groups"] += [line for line in by_group if line.by != BY_METHOD]
        lines["money"] += method_lines(resolved, by_group)
        if resolved.inventory is not None:
            lines["sites"] += summarise_sites(folder, resolved, label, tuple(runs))
            await_table(SITE_SESSION_RUNS)
            lines["site_sessions"] += summarise_sessions(folder, resolved, label, tuple(runs))
    entries, events = (
        [folder / f"{table}.parquet"] if parts is None else parts[table]
        for table in ("entries", "events")
    )
    for variant in plan.variants:
        if found := tuple(measures.get(variant.label, ())):
            label, resolved = variant.label, variant.resolved
            lines["expected_names"] += expected_names(entries, events, resolved, label, found)
    for table in RUN_TABLES:
        await_table(table)
    if plan.kind != RUN and plan.baseline is not None:
        n_drawn = plan.resolved.scenario.population.n_businesses
        lines["comparison"] += comparison.compare_strategies(
            measured, plan.baseline, plan.metrics, n_drawn
        )
        lines["tradeoff"] += comparison.weigh_strategies(plan, measured)
        lines["verdicts"] += comparison.judge_pairs(plan, measured, inputs)
        if plan.resolved.inventory is not None:
            cases = {one.label: one.resolved for one in plan.variants if one.label in measured}
            of_case = cases, plan.baseline, plan.resolved.amounts.currency
            lines["site_differences"] += compare_sites(folder, *of_case)
    for file, columns in columns_of(plan).items():
        if file.endswith(".csv"):
            rows = lines[Path(file).stem]
            (into / file).write_text(lines_text(columns, rows), encoding="utf-8", newline="")
            outputs[file] = into / file, len(rows)
    nothing = tuple(_say_nothing(plan, folder, measured))
    typical = {label: comparison.typical_of(part) for label, part in measured.items()}
    return Derived(runs_of, typical, nothing, outputs, lines)


def columns_of(plan: Plan) -> Mapping[str, tuple[schema.Column, ...]]:
    """Columns of the tables that the folder of a run or a comparison has."""
    absent = {
        *(() if plan.draws is not None else schema.ENSEMBLE_TABLES),
        *(() if plan.kind != RUN else schema.COMPARISON_TABLES),
        *(() if plan.resolved.inventory is not None else schema.SITE_TABLES),
    }
    return {file: columns for file, columns in schema.ALL_TABLES.items() if file not in absent}


def derived_manifest(
    plan: Plan,
    derived: Derived,
    outputs: Outputs,
    *,
    status: str,
    failures: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the manifest of a folder by what follows from its runs."""
    manifest = manifest_of(
        plan,
        outputs,
        n_replicates=derived.n_compared,
        status=status,
        warnings=[*_warnings(plan, derived), *derived.nothing],
        failures=failures,
    )
    return manifest | {"typical": dict(derived.typical)}


def _warnings(plan: Plan, derived: Derived) -> Iterator[str]:
    """Why simulations are not conditioned, and what an unfinished experiment lacks."""
    if why := plan.asked.get("ensemble", {}).get("not_conditioned", ""):
        yield (
            f"the simulations are not conditioned on the record: {why}; overblock condition keeps "
            "those that agree with it"
        )
    for label in plan.labels:
        if (n := len(derived.runs.get(label, ()))) < plan.n_replicates:
            yield f"{label}: {n} of {plan.n_replicates} simulations are finished"


def _say_nothing(plan: Plan, folder: Path, measured: Mapping[str, Measured]) -> Iterator[str]:
    """Explain what no run of a strategy did; for no blocking only where it is the only one."""
    for variant in plan.variants:
        resolved, part = variant.resolved, measured.get(variant.label)
        is_idle = plan.kind != RUN and isinstance(resolved.scenario.strategy, NoBlocking)
        if part is not None and not is_idle:
            label = "" if plan.kind == RUN else f"{variant.label} "
            found = why_nothing(resolved, read_kinds(folder, variant.label), part)
            if variant.what_if:
                found.pop(HITS, None)  # it is what was asked for, and the answer says it
            yield from (f"{label}{what}: {why}" for what, why in found.items())


@dataclass(frozen=True)
class RunsResult(Result):
    """Result of a run or a comparison, and its folder."""

    lines: Mapping[str, Sequence[Any]]
    """As for `Derived`."""


@dataclass(frozen=True)
class Runs:
    """A run or a comparison."""

    plan: Plan
    """What is run."""

    @classmethod
    def again(cls, resolved: Resolved, root_seed: int, n_replicates: int, **asked: Any) -> Runs:
        """Plan a run or comparison again, to resume it; see `Plan.as_described`."""
        return cls(Plan.as_described(resolved, asked, root_seed, n_replicates))

    def answer(self, ask: Execution) -> Batch:
        """Run all simulations."""
        return ask()

    def write(self, folder: Path, found: Batch) -> RunsResult:
        """Write the tables of all runs and those over replicates."""
        plan = found.plan
        checkpoints, names = found.checkpoints, list(found.names.values())
        parts = {table: checkpoints.parts(table, names) for table in plan.run_tables}
        with ThreadPoolExecutor() as threads:
            merging = _merge_tables(folder, plan, parts, threads)
            derived = derive(
                folder, folder, plan, checkpoints.scratch,
                lambda table: merging[table].result(), parts,
            )  # fmt: skip
        outputs: Outputs = {
            f"{table}.parquet": (folder / f"{table}.parquet", n_rows.result())
            for table, n_rows in merging.items()
        }
        outputs |= derived.outputs | describe(folder, plan, columns_of(plan), schema.KEYS)
        manifest = derived_manifest(
            plan,
            derived,
            outputs,
            status=COMPLETE if derived.n_whole(plan) == plan.n_replicates else found.status,
            failures=failures_of(plan, found.failures),
        )
        return RunsResult(folder, plan, manifest, found.failures, derived.lines)


def _merge_tables(
    folder: Path, plan: Plan, parts: Mapping[str, Sequence[Path]], threads: ThreadPoolExecutor
) -> dict[str, Future[int]]:
    """Begin to merge the parts of each table, ordered by strategy and replicate."""
    metadata = metadata_of(plan)
    return {
        table: threads.submit(
            merge_parts,
            of_runs,
            folder / f"{table}.parquet",
            metadata | pandas_types(schema.ALL_TABLES[f"{table}.parquet"]),
        )
        for table, of_runs in parts.items()
    }
