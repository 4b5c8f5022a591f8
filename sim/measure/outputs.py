"""Finished runs to the files of a run folder.

In: a plan, the parts of the runs that are finished, and what became of the others. Out: tables,
summaries and the manifest, which depend on what was finished and not on where or in which
sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.measure.accounts import MethodLine
from sim.measure.comparison import ComparisonLine, Measured, compare_strategies
from sim.measure.even_bands import even_bands
from sim.measure.executors.task import Failure, Key
from sim.measure.measures import Measure
from sim.measure.nothing import say_nothing
from sim.measure.paired import warn_of_few
from sim.measure.plan import RUN, Plan
from sim.measure.providers import ProviderLine
from sim.measure.simulation import measures_of, nothing_of
from sim.measure.summaries import FinishedRun, count_groups_of, summarise_runs
from sim.measure.summary import SummaryLine, write_summary
from sim.measure.weighing import TradeoffLine, weigh_strategies
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
    input_copy,
    scenario_hash,
)
from sim.results.package import build_package, pandas_types
from sim.results.parquet import Coded, PartWriter, merge_parts
from sim.results.read import RunFolder
from sim.results.store import write_json
from sim.scenario.dump import scenario_tree
from sim.scenario.strategies import NoBlocking


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
    finished = _finished(plan, checkpoints)
    outputs = _write_tables(folder, plan, checkpoints, finished)
    measures = {
        label: {run.replicate: measures_of(checkpoints.facts(run.name)) for run in runs}
        for label, runs in finished.items()
    }
    outputs["measures.parquet"] = _write_measures(folder, plan, checkpoints, measures)
    outputs["bands.parquet"] = _write_bands(folder, plan, checkpoints, finished)
    summary, methods, providers = summarise_runs(plan, checkpoints, finished, measures)
    write_summary(summary, folder / "summary.csv")
    outputs["summary.csv"] = folder / "summary.csv", len(summary)
    comparison, tradeoff = _compare(plan, measures)
    written: dict[str, tuple[Sequence[Column], Sequence[Any]]] = {
        "money.csv": (MONEY, methods),
        "groups.csv": (GROUPS, count_groups_of(checkpoints, finished)),
        "providers.csv": (PROVIDERS, providers),
    }
    if plan.kind != RUN:
        written["comparison.csv"] = COMPARISON, comparison
        written["tradeoff.csv"] = TRADEOFF, tradeoff
    for file, (columns, lines) in written.items():
        (folder / file).write_text(lines_text(columns, lines), encoding="utf-8", newline="")
        outputs[file] = folder / file, len(lines)
    outputs |= _write_question(folder, plan)
    outputs["datapackage.json"] = _write_package(folder, plan), None
    whole = set.intersection(*({run.replicate for run in runs} for runs in finished.values()))
    is_whole = len(whole) == plan.n_replicates
    status = COMPLETE if is_whole else INTERRUPTED if is_interrupted else PARTIAL
    manifest = build_manifest(
        plan.scenarios,
        identity=plan.result_id,
        kind=plan.kind,
        comparison=plan.comparison,
        root_seed=plan.root_seed,
        n_replicates_asked=plan.n_replicates,
        n_replicates=len(whole),
        status=status,
        warnings=[
            *_warnings(plan, finished, len(whole)),
            *_warn_of_nothing(plan, checkpoints, finished),
        ],
        failures=[
            {"strategy": key[0], "replicate": key[1], "error": str(failure)}
            for key, failure in sorted(failures.items(), key=lambda item: plan.part_name(item[0]))
        ],
        outputs=outputs,
    )
    write_json(folder / MANIFEST, manifest)
    return Findings(manifest, summary, methods, providers, comparison, tradeoff)


def _finished(plan: Plan, checkpoints: Checkpoints) -> dict[str, list[FinishedRun]]:
    """Finished runs by label, in the sequence of replicates."""
    found: dict[str, list[FinishedRun]] = {label: [] for label in plan.labels}
    for label in plan.labels:
        for replicate in range(plan.n_replicates):
            name = plan.part_name((label, replicate))
            if checkpoints.has(name):
                found[label].append(FinishedRun(replicate, name))
    return found


def _write_tables(
    folder: Path,
    plan: Plan,
    checkpoints: Checkpoints,
    finished: Mapping[str, Sequence[FinishedRun]],
) -> dict[str, tuple[Path, int | None]]:
    """Merge the parts of each table, strategy by strategy and replicate by replicate."""
    names = [run.name for runs in finished.values() for run in runs]
    return {
        f"{table}.parquet": (
            path := folder / f"{table}.parquet",
            merge_parts(
                checkpoints.parts(table, names),
                path,
                _metadata(plan) | pandas_types(TABLES[path.name]),
            ),
        )
        for table in checkpoints.tables
    }


def _write_measures(
    folder: Path,
    plan: Plan,
    checkpoints: Checkpoints,
    measures: Mapping[str, Mapping[int, Sequence[Measure]]],
) -> tuple[Path, int]:
    """Write every measure of every run, one row each."""
    rows = [
        (strategy_row, replicate, measure)
        for strategy_row, label in enumerate(plan.labels)
        for replicate, found in measures[label].items()
        for measure in found
    ]
    part, path = checkpoints.scratch / "measures", folder / "measures.parquet"
    writer = PartWriter()
    writer.write(
        part,
        {
            "strategy": Coded(np.array([row[0] for row in rows], np.int64), plan.labels),
            "replicate": np.array([row[1] for row in rows], np.int64),
            "metric": _coded([row[2].metric for row in rows]),
            "unit": _coded([row[2].unit for row in rows]),
            "value": np.array([row[2].value for row in rows], np.float64),
            "denominator": np.array([row[2].denominator for row in rows], np.float64),
            "denominator_unit": _coded([row[2].denominator_unit for row in rows]),
        },
    )
    writer.close()
    return path, merge_parts([part], path, _metadata(plan))


def _write_bands(
    folder: Path,
    plan: Plan,
    checkpoints: Checkpoints,
    finished: Mapping[str, Sequence[FinishedRun]],
) -> tuple[Path, int]:
    """Write the mean and a band of every curve over replicates, at even times."""
    labels = [label for label, runs in finished.items() if runs]
    named = {"strategies": [{"label": label} for label in labels]}
    run = RunFolder(folder, named, scenario_tree(plan.resolved.scenario))
    part, path = checkpoints.scratch / "bands", folder / "bands.parquet"
    writer = PartWriter()
    writer.write(part, even_bands(run, labels))
    writer.close()
    return path, merge_parts([part], path, _metadata(plan))


def _coded(texts: Sequence[str]) -> Coded:
    """A text column; empty text is missing."""
    names = list(dict.fromkeys(texts))
    code = {name: row if name else -1 for row, name in enumerate(names)}
    return Coded(np.array([code[text] for text in texts], np.int64), names)


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


def _write_question(folder: Path, plan: Plan) -> dict[str, tuple[Path, int | None]]:
    """Write what was asked: the scenario and its tables."""
    resolved = plan.resolved
    tree = scenario_tree(resolved.scenario)
    (folder / "scenario.yaml").write_bytes(resolved.loaded.source)
    (folder / "scenario.resolved.json").write_text(canonical_json(tree), encoding="utf-8")
    outputs: dict[str, tuple[Path, int | None]] = {
        file: (folder / file, None) for file in ("scenario.yaml", "scenario.resolved.json")
    }
    (folder / "inputs").mkdir()
    for table in all_tables(plan.scenarios):
        copy = input_copy(table)
        (folder / copy).write_bytes(table.data)
        outputs[copy] = folder / copy, len(table.rows)
    return outputs


def _write_package(folder: Path, plan: Plan) -> Path:
    """Write what the tables of the results are: their columns, keys and hashes."""
    name = f"{plan.resolved.scenario.name}-{plan.result_id[:6]}"
    tables = TABLES if plan.kind == RUN else COMPARISON_TABLES
    title, path = plan.resolved.scenario.title, folder / "datapackage.json"
    write_json(path, build_package(name, title, tables, KEYS, folder))
    return path


def _warnings(plan: Plan, finished: Mapping[str, Sequence[FinishedRun]], n_whole: int) -> list[str]:
    """What an unfinished experiment lacks, strategy by strategy; and few replicates compared."""
    few = [] if plan.kind == RUN else [*warn_of_few(n_whole)]
    if n_whole == plan.n_replicates:
        return few
    return [
        *few,
        *(
            f"{label}: {len(runs)} of {plan.n_replicates} replicates are finished"
            for label, runs in finished.items()
            if len(runs) < plan.n_replicates
        ),
    ]


def _warn_of_nothing(
    plan: Plan, checkpoints: Checkpoints, finished: Mapping[str, Sequence[FinishedRun]]
) -> list[str]:
    """What no run of a strategy did, and why; of the strategy none only where it stands alone."""
    said = []
    for variant in plan.variants:
        if plan.kind != RUN and isinstance(variant.resolved.scenario.strategy, NoBlocking):
            continue
        runs = [nothing_of(checkpoints.facts(run.name)) for run in finished[variant.label]]
        label = "" if plan.kind == RUN else f"{variant.label} "
        said += [f"{label}{sentence}" for sentence in say_nothing(runs)]
    return said


def _metadata(plan: Plan) -> dict[str, str]:
    return {"result_id": plan.result_id, "scenario_sha256": scenario_hash(plan.resolved)}
