"""A run folder held against what its own question gives when it is asked again.

In: a run folder. Out: what differs: files from the hashes of the manifest, runs from what they come
to now, tables of a comparison from the measures they rest on. It needs nothing but the folder.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sim import __version__
from sim.errors import DataError, OverblockError, Problem
from sim.measure.comparison import Measured, compare_strategies
from sim.measure.executors.task import Executor, Failure, Key
from sim.measure.measures import Measure
from sim.measure.plan import Plan
from sim.measure.simulation import RunRecord, Simulation
from sim.measure.weighing import weigh_strategies
from sim.results.columns import COMPARISON, TRADEOFF
from sim.results.csvtext import lines_text
from sim.results.folder import MANIFEST
from sim.results.manifest import scenario_hash
from sim.results.parquet import is_part_of
from sim.results.read import RunFolder, open_run
from sim.results.store import RUN_TABLES
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import Variant, own_variant, variant_of

_NEEDED = ("outputs", "scenario", "n_replicates_asked")


@dataclass(frozen=True)
class Verdict:
    """What was checked and what differs.

    Attributes
    ----------
    n_files, n_runs
        Files whose hash was checked; runs in the folder.
    checked
        Strategy and replicate of the runs that were run again.
    differences
        One line each; none if all is as it should be.
    notes
        What may explain a difference: another version of this program, or of one it rests on.
    """

    n_files: int
    n_runs: int
    checked: tuple[Key, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]


def verify_folder(
    path: Path,
    executor: Executor,
    *,
    n_sample: int | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
) -> Verdict:
    """Check a run folder.

    Parameters
    ----------
    executor
        Where runs are run again.
    n_sample
        How many runs; all when None. Which is drawn from the identity of the result, so that the
        same folder has the same sample.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    run = open_run(path)
    absent = [key for key in _NEEDED if key not in run.manifest]
    if absent:
        message = "expected a value, got nothing"
        raise DataError([Problem(str(path / MANIFEST), message, key=key) for key in absent])
    differences = list(_changed_files(run))
    measured = _measured(run)
    keys: list[Key] = [
        (label, int(replicate)) for label, part in measured.items() for replicate in part.replicate
    ]
    try:
        plan = plan_of(run)
    except OverblockError as error:
        message = f"expected a scenario that this version reads, got an error: {error}"
        raise DataError([Problem(str(path), message)]) from None
    if scenario_hash(plan.resolved) != run.manifest["scenario"]["resolved_sha256"]:
        differences.append("scenario.resolved.json: is another scenario than the manifest says")
    differences += _changed_comparison(run, plan, measured)
    sample = _sample(keys, n_sample, str(run.manifest["result_id"]))
    with executor, tempfile.TemporaryDirectory() as folder:
        job = Simulation(plan.cases, plan.root_seed, scratch=Path(folder))
        on_progress(0, len(sample))
        results: dict[Key, list[str]] = {}
        for key, result in executor.run(job, sample):
            results[key] = list(_changed_run(run, measured, key, result, Path(folder)))
            on_progress(len(results), len(sample))
    differences += [text for key in sample for text in results[key]]
    n_files = len(run.manifest["outputs"])
    return Verdict(n_files, len(keys), tuple(sample), tuple(differences), tuple(_notes(run)))


def plan_of(run: RunFolder) -> Plan:
    """Return the plan of a run folder, from its own copies of scenario and tables.

    Raises
    ------
    OverblockError
        If they cannot be read.
    """
    copies = {str(one["name"]): run.path / str(one["copy"]) for one in run.manifest["inputs"]}
    loaded = load_scenario(str(run.path / "scenario.resolved.json"))
    resolved = resolve(replace(loaded, copies=copies))
    described = run.manifest.get("strategies", ())
    variants: tuple[Variant, ...] = tuple(
        variant_of(resolved, one["label"], {"id": one["id"], **one["parameters"]})
        for one in described
    )
    return Plan(
        resolved,
        variants or (own_variant(resolved),),
        run.manifest.get("baseline"),
        tuple(run.manifest.get("metrics", ())),
        int(run.manifest["root_seed"]),
        int(run.manifest["n_replicates_asked"]),
    )


def _sample(keys: list[Key], n_sample: int | None, identity: str) -> list[Key]:
    if n_sample is None or n_sample >= len(keys):
        return keys
    luck = np.random.default_rng(int(identity[:16], 16))
    rows = np.sort(luck.choice(len(keys), n_sample, replace=False))
    return [keys[row] for row in rows]


def _changed_files(run: RunFolder) -> Iterator[str]:
    for output in run.manifest["outputs"]:
        file = run.path / str(output["file"])
        if not file.resolve().is_relative_to(run.path.resolve()):
            yield f"{output['file']}: lies outside the folder"
        elif not file.is_file():
            yield f"{output['file']}: is not there"
        else:
            with file.open("rb") as data:
                digest = hashlib.file_digest(data, "sha256").hexdigest()
            if digest != output["sha256"]:
                yield f"{output['file']}: differs from its hash in the manifest"


def _measured(run: RunFolder) -> dict[str, Measured]:
    """Measures by strategy, from the folder."""
    found = run.measures()
    runs: dict[str, dict[int, list[Measure]]] = {}
    columns = (found.metric, found.unit, found.value, found.denominator, found.denominator_unit)
    rows = zip(found.strategy, found.replicate, *columns, strict=True)
    for label, replicate, metric, unit, value, denominator, of in rows:
        measure = Measure(str(metric), str(unit), float(value), float(denominator), str(of))
        runs.setdefault(str(label), {}).setdefault(int(replicate), []).append(measure)
    return {label: Measured.of(parts) for label, parts in runs.items()}


def _changed_comparison(run: RunFolder, plan: Plan, measured: dict[str, Measured]) -> Iterator[str]:
    """Tables of a comparison that do not follow from the measures."""
    if plan.baseline is None:
        return
    lines = compare_strategies(measured, plan.baseline, plan.metrics, plan.root_seed)
    weighed = weigh_strategies(measured, plan.root_seed)
    for file, text in (
        ("comparison.csv", lines_text(COMPARISON, lines)),
        ("tradeoff.csv", lines_text(TRADEOFF, weighed)),
    ):
        path = run.path / file
        if path.is_file() and path.read_bytes() != text.encode():
            yield f"{file}: does not follow from measures.parquet"


def _changed_run(
    run: RunFolder,
    measured: dict[str, Measured],
    key: Key,
    result: RunRecord | Failure,
    folder: Path,
) -> Iterator[str]:
    """What differs between a run and what it comes to now."""
    label, replicate = key
    name = f"strategy={label} replicate={replicate}"
    if isinstance(result, Failure):
        yield f"{name}: fails now: {result}"
        return
    part = measured[str(label)]
    column = int(np.searchsorted(part.replicate, int(replicate)))
    for row, (held, now) in enumerate(zip(part.metrics, result.measures, strict=False)):
        value, of = part.value[row, column], part.denominator[row, column]
        if not (held.metric == now.metric and _same(value, now.value)):
            yield f"{name}: measures.parquet: {held.metric} is {value:g}, comes to {now.value:g}"
        elif not _same(of, now.denominator):
            yield f"{name}: measures.parquet: {held.metric} is out of another number"
    if len(part.metrics) != len(result.measures):
        yield f"{name}: measures.parquet: has other metrics"
    for table in RUN_TABLES:
        again, ours = folder / "again", run.path / f"{table}.parquet"
        again.write_bytes(result.tables[table])
        if not is_part_of(again, ours, "strategy = ? AND replicate = ?", key):
            yield f"{name}: {table}.parquet: has other rows"


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)


def _notes(run: RunFolder) -> Iterator[str]:
    manifest: dict[str, Any] = run.manifest
    if manifest["tool"]["version"] != __version__:
        yield f"made by overblock {manifest['tool']['version']}, checked by {__version__}"
    for name, version in manifest.get("packages", {}).items():
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            here = "none"
        if here != version:
            yield f"made with {name} {version}, checked with {here}"
