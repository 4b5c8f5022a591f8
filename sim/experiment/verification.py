"""Verify a run folder, from nothing but the folder.

Files are compared with their hashes, the manifest with scenario and tables, a sample of the runs
with what they give now, and tables over replicates with the runs. `make_again` computes all of the
folder again and compares every byte.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.engine.warm_up import warm_up
from sim.errors import DataError, OverblockError, Problem
from sim.experiment.executors.task import Executor, Failure, Key
from sim.experiment.interrupts import pass_on_interrupt
from sim.experiment.outputs import PACKAGE, package_of
from sim.experiment.pipeline import Experiment, Result, carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Derived, Runs, columns_of, derive, derived_manifest
from sim.experiment.saved_plans import plan_of_folder
from sim.experiment.simulation import RunRecord, Simulation
from sim.files import hash_of, parse_json
from sim.measure.facts import FactTables, fact_columns
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
from sim.results.integrity import (
    changed_files,
    changed_lines,
    changed_values,
    is_inside,
    unlisted_files,
)
from sim.results.manifest import (
    PACKAGES,
    all_tables,
    canonical_json,
    input_copy,
    package_version,
)
from sim.results.parquet import is_part_of, keys_of, metadata_of, n_rows_of, write_part
from sim.results.schema import KEYS
from sim.scenario.library import shipped
from sim.scenario.schema import scenario_tree
from sim.scenario.tables.seeds import note_path
from sim.version import __version__

MOST_OF_A_FILE = 20
"""Most differences of one file that are listed."""
_FACTS = ("hits", "nothing")
_NOT_DERIVED = ("tool", "python", "packages", "outputs")
"""Parts of the manifest that are compared elsewhere, or are notes."""
Planned = TypeVar("Planned")
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
    try:
        derived = derive(run.path, into, plan, scratch)
    except _CANNOT as error:
        yield f"tables of the runs: cannot be added up: {error}"
        return
    for name, (again, _) in derived.outputs.items():
        yield from _changed_table(run, name, again)
    tables = columns_of(plan)
    yield from _changed_metadata(run, plan, tables)
    try:
        package = package_of(run.path, plan, tables, KEYS)
    except OSError as error:
        file = Path(str(error.filename)).name
        yield f"{PACKAGE}: cannot be compared with {file}: {error.strerror}"
    else:
        yield from brief(PACKAGE, changed_values(_read_json(run.path / PACKAGE), package))
    manifest = _manifest_of(run, plan, derived)
    yield from brief(MANIFEST, changed_values(described(run.manifest), manifest))
    yield from _changed_listing(run, plan, derived)


def _changed_table(run: RunFolder, name: str, again: Path) -> Iterator[str]:
    file = run.path / name
    if not file.is_file():
        return
    if file.suffix == ".parquet":
        if not is_part_of(again, file, "true", ()):
            yield f"{name}: does not follow from the runs"
    elif file.read_bytes() != again.read_bytes():
        lines = changed_lines(file.read_bytes(), again.read_bytes())
        yield from brief(f"{name}: does not follow from the runs", lines)


def _changed_metadata(run: RunFolder, plan: Plan, tables: Iterable[str]) -> Iterator[str]:
    """Parquet files whose metadata names another result."""
    if run.manifest["tool"]["version"] != __version__:
        return
    for name in tables:
        file = run.path / name
        if file.suffix == ".parquet" and file.is_file():
            named = metadata_of(file).get("result_id")
            if named != plan.result_id:
                yield f"{name}: names the result {named}"


def described(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Parts of a manifest that are compared here."""
    return {key: value for key, value in manifest.items() if key not in _NOT_DERIVED}


def _manifest_of(run: RunFolder, plan: Plan, derived: Derived) -> dict[str, Any]:
    """The manifest that follows from the scenario, its tables and the runs."""
    stored = run.manifest
    manifest = derived_manifest(
        plan,
        derived,
        {},
        status=str(stored["status"]),
        failures=stored.get("failures", ()),
    )
    is_whole = derived.is_whole(plan)
    if is_whole or stored["status"] == COMPLETE:
        manifest["status"] = COMPLETE if is_whole else "partial or interrupted"
    if stored["tool"]["version"] != __version__:
        # The version is part of the identity.
        manifest["result_id"] = stored["result_id"]
    return {key: value for key, value in manifest.items() if key not in _NOT_DERIVED}


def _changed_listing(run: RunFolder, plan: Plan, derived: Derived) -> Iterator[str]:
    """Files that the manifest should list and does not, and wrong numbers of rows."""
    listed = {str(one["file"]): one.get("n_rows") for one in run.manifest["outputs"]}
    expected: dict[str, int | None] = dict.fromkeys((SCENARIO, RESOLVED, PACKAGE))
    for table in all_tables(plan.scenarios):
        expected[input_copy(table)] = table.n_rows
        if table.note is not None:
            expected[note_path(Path(input_copy(table))).as_posix()] = None
    for name in columns_of(plan):
        file = run.path / name
        is_parquet = file.suffix == ".parquet" and file.is_file()
        expected[name] = n_rows_of(file) if is_parquet else derived.outputs[name][1]
    for name, n_rows in expected.items():
        if name not in listed:
            yield f"{name}: is not in the manifest, as it is in that of every such folder"
        elif listed[name] != n_rows:
            yield f"{MANIFEST}: outputs: {name}: n_rows: is {listed[name]}, comes to {n_rows}"
    for name in listed:
        if name not in expected:
            yield f"{MANIFEST}: outputs: {name}: is no file of such a folder"


def brief(file: str, differences: Iterator[str]) -> Iterator[str]:
    """List the first of many differences, and how many more there are."""
    found = list(differences)
    for text in found[:MOST_OF_A_FILE]:
        yield f"{file}: {text}"
    if len(found) > MOST_OF_A_FILE:
        yield f"{file}: and {len(found) - MOST_OF_A_FILE} more differences"


def _read_json(file: Path) -> Any:
    try:
        return parse_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class Verdict:
    """Differences that were found, and what was checked.

    Attributes
    ----------
    n_files, n_runs
        Files that were compared with their hash, or with those made again; runs in the folder.
    checked
        Strategy and number of the simulations that were made again, or numbers of draws.
    differences
        One line each; none if the folder is as it should be.
    unchecked
        What is not checked: a report, figures, and the folder of parts.
    notes
        What may explain a difference: another version of this program or of a package.
    """

    n_files: int
    n_runs: int
    checked: tuple[Key, ...]
    differences: tuple[str, ...]
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@contextmanager
def checks_folder(run: RunFolder, executor: Executor, what: str) -> Iterator[Path]:
    """Yield a folder for scratch; an error says what the manifest should be.

    Raises
    ------
    DataError
        If its manifest, its scenario or a table is not one that this version reads.
    """
    with executor, tempfile.TemporaryDirectory() as scratch:
        try:
            yield Path(scratch)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            message = f"expected the manifest of {what}, got an error: {error!r}"
            raise DataError([Problem(str(run.path / MANIFEST), message)]) from error


def verify_folder(
    path: Path,
    executor: Executor,
    *,
    n_sample: int | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
    on_compile: Callable[[], None] = lambda: None,
) -> Verdict:
    """Verify a run folder.

    Parameters
    ----------
    executor
        Where runs are simulated again.
    n_sample
        How many runs; all when None. The sample is seeded by the identity of the result, so that
        it is the same for the same folder.
    on_compile
        Called before loops are compiled, where that was not done before.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    run = open_run(path)
    with checks_folder(run, executor, "a run") as scratch:
        found, unchecked = changed_outside(run)
        plan = planned_again(run, lambda: plan_of_folder(run, scratch))
        tree = canonical_json(scenario_tree(plan.resolved.scenario))
        if (run.path / RESOLVED).read_text(encoding="utf-8") != tree:
            found.append(f"{RESOLVED}: is another scenario than {SCENARIO} gives")
            plan = plan_of_folder(run, scratch, is_resolved=True)
        measures = FactTables(run.path).measures()
        keys: list[Key] = [(0, label, one) for label, of in measures.items() for one in of]
        found += _changed_keys(run, plan, keys)
        found += changed_tables(run, plan, scratch)
        sample = choose_sample(keys, n_sample, plan.result_id)
        job = Simulation(plan.cases().scenarios, plan.root_seed, scratch=scratch, draws=plan.draws)
        on_progress(0, len(sample))
        if sample:
            warm_up(on_compile)
            pass_on_interrupt()
        results: dict[Key, list[str]] = {}
        for key, result in executor.run(job, sample):
            then = measures[str(key[1])][int(key[2])]
            results[key] = list(_changed_run(run, plan, key[1:], result, then, scratch / "again"))
            on_progress(len(results), len(sample))
    found += [text for key in sample for text in results[key]]
    return Verdict(
        len(run.manifest["outputs"]),
        len(keys),
        tuple(key[1:] for key in sample),
        tuple(found),
        unchecked,
        tuple(version_notes(run)),
    )


def planned_again(run: RunFolder, plan: Callable[[], Planned]) -> Planned:
    """Plan an experiment again from its folder.

    Raises
    ------
    DataError
        If the scenario or a table is not one that this version reads.
    """
    try:
        return plan()
    except OverblockError as error:
        message = f"expected a scenario that this version reads, got an error: {error}"
        raise DataError([Problem(str(run.path), message)]) from None


def _changed_keys(run: RunFolder, plan: Plan, keys: Sequence[Key]) -> Iterator[str]:
    """Runs that are missing in measures.parquet, or were not asked for."""
    ours = {key[1:] for key in keys}
    asked = {key[1:] for key in plan.cases().run_keys()}
    for key in sorted(ours - asked):
        yield f"measures.parquet: {_named(key)} was not asked for"
    for table in (*plan.run_tables, *_FACTS):
        file = run.path / f"{table}.parquet"
        try:
            held = keys_of(file, ("strategy", "replicate"))
        except DataError:
            yield f"{file.name}: cannot be read"
            continue
        for key in sorted(held - ours, key=str):
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
    label, replicate, name = str(key[0]), int(key[1]), _named(key)
    if isinstance(result, Failure):
        yield f"{name}: fails now: {result}"
        return
    yield from _changed_measures(f"{name}: measures.parquet", then, result.measures)
    columns = fact_columns({(label, replicate): result})
    for table in (*plan.run_tables, *_FACTS):
        if table in result.tables:
            again.write_bytes(result.tables[table])
        else:
            write_part(again, columns[table])
        file = run.path / f"{table}.parquet"
        if not is_part_of(again, file, "strategy = ? AND replicate = ?", key):
            yield f"{name}: {table}.parquet: has other rows"


def _named(key: Key) -> str:
    label, replicate = key
    return f"strategy={label} replicate={replicate}"


def changed_outside(run: RunFolder) -> tuple[list[str], tuple[str, ...]]:
    """Find differences before anything is run again, and files that are not checked."""
    _, unchecked = unlisted_files(run)
    return [*changed_files(run), *changed_notes(run), *_unnamed_packages(run)], tuple(unchecked)


def choose_sample(keys: list[Key], n_sample: int | None, identity: str) -> list[Key]:
    """Choose keys by the identity of a result: the same ones each time; all when None."""
    if n_sample is None or n_sample >= len(keys):
        return keys
    luck = np.random.default_rng(int(identity[:16], 16))
    rows = np.sort(luck.choice(len(keys), n_sample, replace=False))
    return [keys[row] for row in rows]


def _changed_measures(
    where: str, then: tuple[Measure, ...], now: tuple[Measure, ...]
) -> Iterator[str]:
    # Another version may measure more, or in another sequence: compare by name.
    now_by_metric = {one.metric: one for one in now}
    for one in then:
        other = now_by_metric.pop(one.metric, None)
        if other is None:
            yield f"{where}: {one.metric} is measured no more"
        elif not _is_same(one.value, other.value):
            yield f"{where}: {one.metric} is {one.value:g}, comes to {other.value:g}"
        elif (one.unit, one.denominator_unit) != (other.unit, other.denominator_unit):
            yield f"{where}: {one.metric} has another unit"
        elif not _is_same(one.denominator, other.denominator):
            yield f"{where}: {one.metric} is out of another number"
    if now_by_metric:
        yield f"{where}: {', '.join(now_by_metric)} not measured there"


def _is_same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)


def _unnamed_packages(run: RunFolder) -> Iterator[str]:
    """Say which packages that shape numbers a manifest of this version does not name."""
    manifest: Mapping[str, Any] = run.manifest
    if manifest["tool"]["version"] == __version__:
        for name in PACKAGES:
            if name not in manifest.get("packages", {}):
                yield f"{MANIFEST}: packages.{name}: is not there"
        if "python" not in manifest:
            yield f"{MANIFEST}: python: is not there"


def version_notes(run: RunFolder) -> Iterator[str]:
    """Name another version of this program, Python or a package, which may explain a difference."""
    manifest: Mapping[str, Any] = run.manifest
    python = platform.python_version()
    if manifest.get("python", python) != python:
        yield f"made with Python {manifest['python']}, checked with {python}"
    if manifest["tool"]["version"] != __version__:
        yield f"made by overblock {manifest['tool']['version']}, checked by {__version__}"
    for name, version in manifest.get("packages", {}).items():
        here = package_version(str(name))
        if here != version:
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
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
    on_compile: Callable[[], None] = lambda: None,
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
    on_compile
        Called before loops are compiled, where that was not done before.

    Raises
    ------
    DataError
        If the folder cannot be read.
    UsageError
        If ``into`` is taken or cannot be made.
    OverblockError
        If the scenario or a table is not one that this version reads.
    """
    run = open_run(path, kinds)
    with tempfile.TemporaryDirectory() as scratch:
        experiment = again(run, Path(scratch))
        made = carry_out(
            experiment,
            folder=into,
            executor=executor,
            on_progress=on_progress,
            on_compile=on_compile,
        )
    other, plan = open_run(made.folder, kinds), experiment.plan
    names = {str(one["file"]) for of in (run, other) for one in of.manifest["outputs"]}
    keys = plan.cases().run_keys() if plan.is_as_given else []
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
            yield f"{name}: {_keys(run, again) if name == MANIFEST else 'has other bytes'}"


def _keys(run: RunFolder, again: RunFolder) -> str:
    keys = [key for key in again.manifest if run.manifest.get(key) != again.manifest[key]]
    return f"has other bytes, in {', '.join(keys)}" if keys else "has other bytes"
