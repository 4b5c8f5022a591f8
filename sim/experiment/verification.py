"""Verify a run folder, from nothing but the folder.

Files are compared with their hashes, the manifest with scenario and tables, a sample of the runs
with what they give now, and tables over replicates with the runs. `make_again` computes all of the
folder again and compares every byte.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.warm_up import warm_up
from sim.errors import DataError, OverblockError, Problem
from sim.experiment.draws import is_shipped
from sim.experiment.executors.task import NOBODY, Executor, Failure, Key, Watch
from sim.experiment.interrupts import pass_on_interrupt
from sim.experiment.outputs import PACKAGE, Outputs
from sim.experiment.pipeline import Experiment, Result, carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs, columns_of, derive, derived_manifest
from sim.experiment.saved_plans import plan_of_folder
from sim.experiment.simulation import RunRecord, Simulation
from sim.files import hash_of, parse_json
from sim.measure.facts import read_measures
from sim.measure.measures import Measure
from sim.results.folder import (
    COMPLETE,
    MANIFEST,
    RESOLVED,
    RUN_KINDS,
    SCENARIO,
    RunFolder,
    open_run,
)
from sim.results.integrity import changed_files, is_inside, unlisted_files
from sim.results.manifest import (
    all_tables,
    build_package,
    canonical_json,
    input_copy,
    package_version,
)
from sim.results.parquet import is_part_of, read_columns
from sim.results.schema import KEYS
from sim.scenario.library import shipped
from sim.scenario.schema import scenario_tree
from sim.scenario.tables.seeds import note_path
from sim.version import __version__

_NOT_DERIVED = ("tool", "python", "packages", "outputs")
"""Keys of the manifest that are compared elsewhere, or are notes."""
_CANNOT = (OverblockError, OSError, ValueError, KeyError, IndexError, TypeError)
"""Errors that falsified tables may cause when they are summarised."""


def changed_notes(run: RunFolder) -> Iterator[str]:
    """Notes that differ from those of the shipped table that the folder copied."""
    for table in run.manifest["inputs"]:
        original = shipped("seeds") / f"{table['name']}.csv"
        copy = run.path / str(table["copy"])
        if not (is_inside(run, copy) and copy.is_file() and original.is_file()):
            continue
        if copy.read_bytes() != original.read_bytes():
            continue  # of another version, which may have another note
        ours, note = note_path(original), note_path(copy)
        if ours.is_file() and note.is_file() and ours.read_bytes() != note.read_bytes():
            yield (
                f"{note.relative_to(run.path)}: differs from the note of the shipped "
                f"table {table['name']}"
            )


def changed_tables(run: RunFolder, plan: Plan, scratch: Path) -> Iterator[str]:
    """Find tables over replicates, package and manifest that do not follow from the runs.

    Parameters
    ----------
    scratch
        Folder for temporary files.
    """
    into = scratch / "derived"
    into.mkdir()
    tables, package = columns_of(plan), None
    try:
        derived = derive(run.path, into, plan, scratch)
        outputs: Outputs = dict.fromkeys((SCENARIO, RESOLVED, PACKAGE), (run.path, None))
        for name in tables:
            file, n_rows = derived.outputs.get(name) or (run.path / name, None)
            if n_rows is None:
                n_rows = int(read_columns(file, "SELECT count(*) AS n FROM data")["n"][0])
            outputs[name] = file, n_rows
    except _CANNOT as error:
        yield f"tables of the runs: cannot be added up: {error}"
        return
    for name, (again, _) in derived.outputs.items():
        file = run.path / name
        if file.is_file() and (where := first_difference(file, again)) is not None:
            yield f"{name}: does not follow from the runs{where}"
    with suppress(OSError):  # a file that is missing is named already
        package = build_package(plan.name, plan.resolved.scenario.title, tables, KEYS, run.path)
    stated = None
    with suppress(OSError, ValueError):
        stated = parse_json((run.path / PACKAGE).read_text(encoding="utf-8"))
    if stated != package:
        yield f"{PACKAGE}: does not describe the tables as they are"
    stored = run.manifest
    status, failures = str(stored["status"]), stored.get("failures", ())
    manifest = derived_manifest(plan, derived, {}, status=status, failures=failures)
    if derived.n_whole(plan) == plan.n_replicates:
        manifest["status"] = COMPLETE
    elif status == COMPLETE:
        manifest["status"] = "partial or interrupted"
    if stored["tool"]["version"] != __version__:
        # The version is part of the identity.
        manifest["result_id"] = stored["result_id"]
    for key in {**manifest, **stored}:
        held, due = (canonical_json(of.get(key)) for of in (stored, manifest))
        if held != due and key not in _NOT_DERIVED:
            yield f"{MANIFEST}: {key}: does not follow from the scenario, its tables and the runs"
    for table in all_tables(plan.scenarios):
        outputs[input_copy(table)] = run.path, table.n_rows
        if table.note is not None:
            outputs[note_path(Path(input_copy(table))).as_posix()] = run.path, None
    listed = {str(one["file"]): one.get("n_rows", "") for one in stored["outputs"]}
    made = {name: "" if n_rows is None else n_rows for name, (_, n_rows) in outputs.items()}
    for name in sorted(listed.keys() | made.keys()):
        if listed.get(name) != made.get(name):
            yield f"{MANIFEST}: outputs: {name}: is not listed as in every such folder"


def first_difference(file: Path, again: Path) -> str | None:
    """Say where a table first differs from another; None if it does not."""
    if file.suffix == ".parquet":
        return None if is_part_of(again, file, "true", ()) else ""
    held, due = (one.read_bytes().splitlines() for one in (file, again))
    lines = enumerate(zip_longest(held, due), 1)
    return next((f", first in line {n}" for n, (one, other) in lines if one != other), None)


@dataclass(frozen=True)
class Verdict:
    """Differences that were found, and what was checked."""

    n_files: int
    n_runs: int
    """Files that were compared with their hash, or with those made again; runs in the
    folder."""
    checked: tuple[Key, ...]
    """Strategy and number of the simulations that were made again."""
    differences: tuple[str, ...]
    """One line each; none if the folder is as it should be."""
    unchecked: tuple[str, ...] = ()
    """What is not checked: a report, figures, the folder of parts, and a list of draws."""
    notes: tuple[str, ...] = ()
    """What may explain a difference: another version of this program or of a package."""


@contextmanager
def _checks_folder(run: RunFolder, executor: Executor) -> Iterator[Path]:
    """Yield a folder for scratch; an error says that the manifest is none of a run."""
    with executor, tempfile.TemporaryDirectory() as scratch:
        try:
            yield Path(scratch)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            message = f"expected the manifest of a run, got an error: {error!r}"
            raise DataError([Problem(str(run.path / MANIFEST), message)]) from error


def verify_folder(
    path: Path, executor: Executor, *, n_sample: int | None = None, watch: Watch = NOBODY
) -> Verdict:
    """Verify a run folder.

    Parameters
    ----------
    executor
        Where runs are simulated again.
    n_sample
        How many runs; all when None. The sample is seeded by the identity of the result, so that
        it is the same for the same folder.
    """
    run = open_run(path)
    with _checks_folder(run, executor) as scratch:
        _, unchecked = unlisted_files(run)
        found = [*changed_files(run), *changed_notes(run)]
        try:
            plan = plan_of_folder(run, scratch)
        except OverblockError as error:
            message = f"expected a scenario that this version reads, got an error: {error}"
            raise DataError([Problem(str(run.path), message)]) from None
        tree = canonical_json(scenario_tree(plan.resolved.scenario))
        if (run.path / RESOLVED).read_text(encoding="utf-8") != tree:
            found.append(f"{RESOLVED}: is another scenario than {SCENARIO} gives")
        measures = read_measures(run.path)
        keys: list[Key] = [(0, label, one) for label, of in measures.items() for one in of]
        found += _changed_runs(run, plan, [key[1:] for key in keys])
        found += changed_tables(run, plan, scratch)
        sample = keys
        if n_sample is not None and n_sample < len(keys):
            luck = np.random.default_rng(int(plan.result_id[:16], 16))
            sample = [keys[row] for row in np.sort(luck.choice(len(keys), n_sample, replace=False))]
        job = Simulation(plan.cases().scenarios, plan.root_seed, scratch=scratch, draws=plan.draws)
        watch.on_progress(0, len(sample))
        if sample:
            warm_up(watch.on_compile)
            pass_on_interrupt()
        results: dict[Key, list[str]] = {}
        for key, result in executor.run(job, sample):
            then = measures[str(key[1])][int(key[2])]
            results[key] = list(_changed_run(run, plan, key[1:], result, then, scratch / "again"))
            watch.on_progress(len(results), len(sample))
    found += [text for key in sample for text in results[key]]
    return Verdict(
        len(run.manifest["outputs"]),
        len(keys),
        tuple(key[1:] for key in sample),
        tuple(found),
        (*unchecked, *_unjudged(plan)),
        tuple(_version_notes(run)),
    )


def _unjudged(plan: Plan) -> Iterator[str]:
    """Name draws that a list says agree with the evidence, where that list is not shipped."""
    ensemble = plan.asked.get("ensemble", {})
    if plan.draws is not None and ensemble.get("is_conditioned"):
        draws = plan.draws
        if not is_shipped(plan.resolved, draws.root_seed, draws.number.tolist()):
            yield f"{MANIFEST}: whether ensemble.draws agree with the evidence"


def _changed_runs(run: RunFolder, plan: Plan, ours: Collection[Key]) -> Iterator[str]:
    """Runs that are missing in measures.parquet, or were not asked for."""
    asked = {key[1:] for key in plan.run_keys(plan.cases())}
    yield from (
        f"measures.parquet: {_named(key)} was not asked for" for key in ours if key not in asked
    )
    for table in plan.run_tables:
        file = run.path / f"{table}.parquet"
        try:
            columns = read_columns(file, "SELECT DISTINCT strategy, replicate FROM data")
            held = set(zip(*(one.tolist() for one in columns.values()), strict=True))
        except DataError:
            yield f"{file.name}: cannot be read"
            continue
        for key in sorted(held - {*ours}, key=str):
            yield f"{file.name}: {_named(key)}: is not in measures.parquet"


def _changed_run(
    run: RunFolder,
    plan: Plan,
    key: Key,
    result: RunRecord | Failure,
    then: tuple[Measure, ...],
    again: Path,
) -> Iterator[str]:
    """Find differences between a run and the same simulated now."""
    name = _named(key)
    if isinstance(result, Failure):
        yield f"{name}: fails now: {result}"
        return
    if changed := _changed_measures(then, result.measures):
        yield f"{name}: measures.parquet: {', '.join(changed)}: comes to another value"
    for table in plan.run_tables:
        again.write_bytes(result.tables[table])
        file = run.path / f"{table}.parquet"
        is_same = is_part_of(again, file, "strategy = ? AND replicate = ?", key)
        if not is_same and table != "measures":
            yield f"{name}: {table}.parquet: has other rows"


def _changed_measures(then: tuple[Measure, ...], now: tuple[Measure, ...]) -> list[str]:
    # By name, as another version may measure more; as text, as unknown numbers equal none.
    held, again = ({one.metric: str(one) for one in of} for of in (then, now))
    return [one for one in {**held, **again} if held.get(one) != again.get(one)]


def _named(key: Key) -> str:
    label, replicate = key
    return f"strategy={label} replicate={replicate}"


def _version_notes(run: RunFolder) -> Iterator[str]:
    """Name another version of this program, Python or a package, which may explain a difference."""
    manifest: Mapping[str, Any] = run.manifest
    python = platform.python_version()
    if manifest.get("python", python) != python:
        yield f"made with Python {manifest['python']}, checked with {python}"
    if manifest["tool"]["version"] != __version__:
        yield f"made by overblock {manifest['tool']['version']}, checked by {__version__}"
    for name, version in manifest.get("packages", {}).items():
        if (here := package_version(str(name))) != version:
            yield f"made with {name} {version}, checked with {here}"


def make_again(
    path: Path,
    into: Path,
    executor: Executor,
    *,
    again: Callable[[RunFolder, Path], Experiment[Any, Result]] = lambda run, scratch: Runs(
        plan_of_folder(run, scratch)
    ),
    kinds: Collection[str] = RUN_KINDS,
    watch: Watch = NOBODY,
) -> Verdict:
    """Make all of a folder again, from the scenario and the tables in it.

    Parameters
    ----------
    into
        Folder to write.
    executor
        Where runs are simulated.
    again
        Plans the experiment from the folder, with another folder for scratch.
    kinds
        Kinds of folders that it plans.

    Raises
    ------
    UsageError
        If ``into`` is taken or cannot be made.
    OverblockError
        If the scenario or a table is not one that this version reads.
    """
    run = open_run(path, kinds)
    with tempfile.TemporaryDirectory() as scratch:
        experiment = again(run, Path(scratch))
        made = carry_out(experiment, folder=into, executor=executor, watch=watch)
    other, plan = open_run(made.folder, kinds), experiment.plan
    names = {str(one["file"]) for of in (run, other) for one in of.manifest["outputs"]}
    keys = plan.run_keys(plan.cases()) if plan.is_as_given else []
    return Verdict(
        len(names) + 1,
        len(keys),
        tuple(key[1:] for key in keys),
        tuple(_differences(run, other, sorted({*names, MANIFEST}))),
    )


def _differences(run: RunFolder, again: RunFolder, names: list[str]) -> Iterator[str]:
    for name in names:
        first, second = run.path / name, again.path / name
        if not is_inside(run, first) or not first.is_file():
            yield f"{name}: is not in the folder"
        elif not second.is_file():
            yield f"{name}: is not made again"
        elif hash_of(first) != hash_of(second):
            then, now = run.manifest, again.manifest
            keys = ", ".join(key for key in now if then.get(key) != now[key])
            where = f", in {keys}" if name == MANIFEST and keys else ""
            yield f"{name}: has other bytes{where}"
