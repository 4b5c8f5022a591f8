"""Finished runs to the files of a run folder.

In: a plan, the parts of the runs that are finished, and what became of the others. Out: tables,
summaries and the manifest, which depend on what was finished and not on where or in which
sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sim.experiment.comparison import ComparisonLine, Measured, compare_strategies
from sim.experiment.executors.task import Failure, Key
from sim.experiment.plan import RUN, Plan
from sim.experiment.simulation import facts_of
from sim.experiment.summaries import count_groups_of, summarise_runs
from sim.experiment.weighing import TradeoffLine, weigh_strategies
from sim.measure.even_bands import even_bands
from sim.measure.facts import FactTables, fact_columns
from sim.measure.measures import Measure
from sim.measure.money.accounts import MethodLine
from sim.measure.money.providers import ProviderLine
from sim.measure.nothing import say_nothing
from sim.measure.summary import SummaryLine, write_summary
from sim.results.checkpoints import Checkpoints
from sim.results.columns import (
    COMPARISON,
    COMPARISON_TABLES,
    GROUPS,
    KEYS,
    MONEY,
    PROVIDERS,
    TABLES,
    TRADEOFF,
    Column,
)
from sim.results.csvtext import lines_text
from sim.results.folder import COMPLETE, INTERRUPTED, MANIFEST, PARTIAL
from sim.results.manifest import (
    all_tables,
    build_manifest,
    canonical_json,
    scenario_hash,
    write_inputs,
)
from sim.results.package import build_package, pandas_types
from sim.results.parquet import PartWriter, merge_parts
from sim.results.read import RunFolder
from sim.results.store import write_json
from sim.scenario.dump import scenario_tree
from sim.scenario.strategies import NoBlocking
from sim.statistics.paired import warn_of_few

Outputs: TypeAlias = "dict[str, tuple[Path, int | None]]"
PACKAGE = "datapackage.json"


@dataclass(frozen=True)
class Findings:
    """What an experiment found, as it stands in its folder."""

    manifest: dict[str, Any]
    summary: tuple[SummaryLine, ...]
    methods: tuple[MethodLine, ...]
    providers: tuple[ProviderLine, ...]
    comparison: tuple[ComparisonLine, ...]
    tradeoff: tuple[TradeoffLine, ...]


def write_outputs(
    folder: Path,
    plan: Plan,
    checkpoints: Checkpoints,
    failures: Mapping[Key, Failure],
    *,
    is_interrupted: bool,
) -> Findings:
    """Write everything but the timing, the manifest last.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    names = _finished(plan, checkpoints)
    outputs = _write_tables(folder, plan, checkpoints, names)
    outputs |= _write_facts(folder, plan, checkpoints, names)
    derived = derive(folder, folder, plan, checkpoints.scratch)
    outputs |= derived.outputs | _write_question(folder, plan)
    write_json(folder / PACKAGE, package_of(plan, folder))
    outputs[PACKAGE] = folder / PACKAGE, None
    is_whole = len(_whole(plan, derived.runs)) == plan.n_replicates
    manifest = manifest_of(
        plan,
        derived,
        outputs,
        status=COMPLETE if is_whole else INTERRUPTED if is_interrupted else PARTIAL,
        failures=[
            {"strategy": key[0], "replicate": key[1], "error": str(failure)}
            for key, failure in sorted(failures.items(), key=lambda item: plan.part_name(item[0]))
        ],
    )
    write_json(folder / MANIFEST, manifest)
    return Findings(
        manifest,
        derived.summary,
        derived.methods,
        derived.providers,
        derived.comparison,
        derived.tradeoff,
    )


@dataclass(frozen=True)
class Derived:
    """What follows from the runs of a folder.

    Attributes
    ----------
    runs
        Replicates that are finished, by strategy.
    outputs
        Path and number of rows of each table written, by its name.
    nothing
        What no run of a strategy did, and why: one sentence each.
    """

    runs: Mapping[str, tuple[int, ...]]
    nothing: tuple[str, ...]
    outputs: Outputs
    summary: tuple[SummaryLine, ...]
    methods: tuple[MethodLine, ...]
    providers: tuple[ProviderLine, ...]
    comparison: tuple[ComparisonLine, ...]
    tradeoff: tuple[TradeoffLine, ...]


def derive(folder: Path, into: Path, plan: Plan, scratch: Path) -> Derived:
    """Write the tables over replicates, which follow from the runs.

    Parameters
    ----------
    folder
        Where the tables of the runs are.
    into
        Where the tables over replicates go.
    scratch
        Where a file may lie for a moment.

    Raises
    ------
    DataError
        If the tables of the runs cannot be read.
    OSError
        If a file cannot be written.
    """
    facts = FactTables(folder)
    measures = facts.measures()
    outputs: Outputs = {"bands.parquet": _write_bands(folder, into, plan, list(measures), scratch)}
    summary, methods, providers = summarise_runs(plan, facts, measures)
    write_summary(summary, into / "summary.csv")
    outputs["summary.csv"] = into / "summary.csv", len(summary)
    comparison, tradeoff = _compare(plan, measures)
    written: dict[str, tuple[Sequence[Column], Sequence[Any]]] = {
        "money.csv": (MONEY, methods),
        "groups.csv": (GROUPS, count_groups_of(facts, measures)),
        "providers.csv": (PROVIDERS, providers),
    }
    if plan.kind != RUN:
        written["comparison.csv"] = COMPARISON, comparison
        written["tradeoff.csv"] = TRADEOFF, tradeoff
    for file, (columns, lines) in written.items():
        (into / file).write_text(lines_text(columns, lines), encoding="utf-8", newline="")
        outputs[file] = into / file, len(lines)
    runs = {label: tuple(found) for label, found in measures.items()}
    nothing = tuple(_say_nothing(plan, facts, runs))
    return Derived(runs, nothing, outputs, summary, methods, providers, comparison, tradeoff)


def manifest_of(
    plan: Plan,
    derived: Derived,
    outputs: Outputs,
    *,
    status: str,
    failures: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the manifest of a folder.

    Parameters
    ----------
    derived
        What follows from its runs.
    outputs
        Path and number of rows (None for what is no table) of every file.
    """
    runs = derived.runs
    n_whole = len(_whole(plan, runs))
    return build_manifest(
        plan.scenarios,
        identity=plan.result_id,
        kind=plan.kind,
        comparison=plan.comparison,
        root_seed=plan.root_seed,
        n_replicates_asked=plan.n_replicates,
        n_replicates=n_whole,
        status=status,
        warnings=[*_warnings(plan, runs, n_whole), *derived.nothing],
        failures=failures,
        outputs=outputs,
    )


def _whole(plan: Plan, runs: Mapping[str, Sequence[int]]) -> set[int]:
    """Replicates that are finished under every strategy."""
    return set.intersection(*(set(runs.get(label, ())) for label in plan.labels))


def _finished(plan: Plan, checkpoints: Checkpoints) -> dict[Key, str]:
    """Names of the parts of finished runs, strategy by strategy, replicates in their sequence."""
    keys = sorted(plan.keys, key=plan.part_name)
    names = {key: plan.part_name(key) for key in keys}
    return {key: name for key, name in names.items() if checkpoints.has(name)}


def _write_tables(
    folder: Path, plan: Plan, checkpoints: Checkpoints, names: Mapping[Key, str]
) -> Outputs:
    """Merge the parts of each table, strategy by strategy and replicate by replicate."""
    return {
        f"{table}.parquet": (
            path := folder / f"{table}.parquet",
            merge_parts(
                checkpoints.parts(table, list(names.values())),
                path,
                _metadata(plan) | pandas_types(TABLES[path.name]),
            ),
        )
        for table in checkpoints.tables
    }


def _write_facts(
    folder: Path, plan: Plan, checkpoints: Checkpoints, names: Mapping[Key, str]
) -> Outputs:
    """Write what every run came to; facts of one strategy are in memory at a time."""
    parts: dict[str, list[Path]] = {}
    writer = PartWriter()
    for row, label in enumerate(plan.labels):
        runs = [
            facts_of(key, checkpoints.facts(name)) for key, name in names.items() if key[0] == label
        ]
        for table, columns in fact_columns(runs).items():
            part = checkpoints.scratch / f"{table}-{row}"
            writer.write(part, columns)
            parts.setdefault(table, []).append(part)
    writer.close()
    return {
        f"{table}.parquet": (
            path := folder / f"{table}.parquet",
            merge_parts(found, path, _metadata(plan)),
        )
        for table, found in parts.items()
    }


def _write_bands(
    folder: Path, into: Path, plan: Plan, labels: Sequence[str], scratch: Path
) -> tuple[Path, int]:
    """Write the mean and a band of every curve over replicates, at even times."""
    named = {"strategies": [{"label": label} for label in labels]}
    run = RunFolder(folder, named, scenario_tree(plan.resolved.scenario))
    part, path = scratch / "bands", into / "bands.parquet"
    writer = PartWriter()
    writer.write(part, even_bands(run, labels))
    writer.close()
    return path, merge_parts([part], path, _metadata(plan))


def _compare(
    plan: Plan, measures: Mapping[str, Mapping[int, Sequence[Measure]]]
) -> tuple[tuple[ComparisonLine, ...], tuple[TradeoffLine, ...]]:
    if plan.baseline is None:
        return (), ()
    measured = {label: Measured.of(runs) for label, runs in measures.items() if runs}
    return (
        compare_strategies(measured, plan.baseline, plan.metrics, plan.root_seed),
        weigh_strategies(measured, plan.root_seed),
    )


def _write_question(folder: Path, plan: Plan) -> Outputs:
    """Write what was asked: the scenario and its tables."""
    resolved = plan.resolved
    tree = scenario_tree(resolved.scenario)
    (folder / "scenario.yaml").write_bytes(resolved.loaded.source)
    (folder / "scenario.resolved.json").write_text(canonical_json(tree), encoding="utf-8")
    outputs: Outputs = {
        file: (folder / file, None) for file in ("scenario.yaml", "scenario.resolved.json")
    }
    return outputs | write_inputs(folder, all_tables(plan.scenarios))


def package_of(plan: Plan, folder: Path) -> dict[str, Any]:
    """Return what the tables of a folder are: their columns, keys and hashes.

    Raises
    ------
    OSError
        If a table cannot be read.
    """
    name = f"{plan.resolved.scenario.name}-{plan.result_id[:6]}"
    tables = TABLES if plan.kind == RUN else COMPARISON_TABLES
    return build_package(name, plan.resolved.scenario.title, tables, KEYS, folder)


def _warnings(plan: Plan, runs: Mapping[str, Sequence[int]], n_whole: int) -> list[str]:
    """What an unfinished experiment lacks, strategy by strategy; and few replicates compared."""
    few = [] if plan.kind == RUN else [*warn_of_few(n_whole)]
    if n_whole == plan.n_replicates:
        return few
    return [
        *few,
        *(
            f"{label}: {n} of {plan.n_replicates} replicates are finished"
            for label in plan.labels
            if (n := len(runs.get(label, ()))) < plan.n_replicates
        ),
    ]


def _say_nothing(plan: Plan, facts: FactTables, runs: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What no run of a strategy did, and why; of the strategy none only where it stands alone."""
    for variant in plan.variants:
        if plan.kind != RUN and isinstance(variant.resolved.scenario.strategy, NoBlocking):
            continue
        found = facts.nothing(variant.label)
        label = "" if plan.kind == RUN else f"{variant.label} "
        said = say_nothing([found.get(replicate, {}) for replicate in runs.get(variant.label, ())])
        yield from (f"{label}{sentence}" for sentence in said)


def _metadata(plan: Plan) -> dict[str, str]:
    return {"result_id": plan.result_id, "scenario_sha256": scenario_hash(plan.resolved)}
