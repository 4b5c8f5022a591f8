"""Verifies a run folder: its runs are simulated again, and all that follows from them is compared.

In: a run folder, and nothing else. Out: what differs (files from their hashes, the manifest from
scenario and tables, runs from what they give now, tables over replicates from the runs), and which
files were not checked.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.warm_up import warm_up
from sim.errors import DataError, OverblockError, Problem
from sim.experiment.consistency import changed_notes, changed_tables
from sim.experiment.executors.task import Executor, Failure, Key
from sim.experiment.folder_plan import plan_of_folder
from sim.experiment.interrupts import pass_on_interrupt
from sim.experiment.plan import Plan
from sim.experiment.simulation import RunRecord, Simulation
from sim.measure.facts import FactTables, fact_columns
from sim.measure.measures import Measure
from sim.results.folder import MANIFEST, RESOLVED, SCENARIO, RunFolder, open_run
from sim.results.integrity import changed_files, unlisted_files
from sim.results.manifest import PACKAGES, canonical_json, package_version
from sim.results.parquet import PartWriter, is_part_of, keys_of
from sim.results.store import RUN_TABLES
from sim.scenario.schema import scenario_tree
from sim.version import __version__

_NEEDED = ("outputs", "scenario", "n_replicates_asked")
_FACTS = ("measures", "hits", "nothing")


@dataclass(frozen=True)
class Verdict:
    """What was checked and what differs.

    Attributes
    ----------
    n_files, n_runs
        Files whose hash was checked; runs in the folder.
    checked
        Strategy and number of the simulations that were made again.
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
    unchecked: tuple[str, ...]
    notes: tuple[str, ...]


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
    absent = [key for key in _NEEDED if key not in run.manifest]
    if absent:
        message = "expected a value, got nothing"
        raise DataError([Problem(str(path / MANIFEST), message, key=key) for key in absent])
    with executor, tempfile.TemporaryDirectory() as scratch:
        try:
            return _Verification(run, Path(scratch)).verdict(
                executor, n_sample, on_progress, on_compile
            )
        except (KeyError, TypeError, AttributeError) as error:
            message = f"expected the manifest of a run, got an error: {error!r}"
            raise DataError([Problem(str(path / MANIFEST), message)]) from error


class _Verification:
    """Verification of one folder."""

    def __init__(self, run: RunFolder, scratch: Path) -> None:
        self._run = run
        self._scratch = scratch
        self._facts = FactTables(run.path)
        self._run_tables: tuple[str, ...] = RUN_TABLES
        self._measures = self._facts.measures()
        self._keys: list[Key] = [
            (label, replicate) for label, found in self._measures.items() for replicate in found
        ]

    def verdict(
        self,
        executor: Executor,
        n_sample: int | None,
        on_progress: Callable[[int, int], None],
        on_compile: Callable[[], None],
    ) -> Verdict:
        """Check everything."""
        run = self._run
        found, unchecked = changed_outside(run)
        try:
            asked = plan_of_folder(run, self._scratch)
        except OverblockError as error:
            message = f"expected a scenario that this version reads, got an error: {error}"
            raise DataError([Problem(str(run.path), message)]) from None
        plan = asked
        tree = canonical_json(scenario_tree(asked.resolved.scenario))
        if (run.path / RESOLVED).read_text(encoding="utf-8") != tree:
            found.append(f"{RESOLVED}: is another scenario than {SCENARIO} gives")
            plan = plan_of_folder(run, self._scratch, is_resolved=True)
        self._run_tables = plan.run_tables
        found += self._changed_keys(plan)
        found += changed_tables(run, plan, self._scratch)
        keys: list[Key] = [(0, *key) for key in self._keys]
        sample = choose_sample(keys, n_sample, plan.result_id)
        job = Simulation(
            plan.cases().scenarios, plan.root_seed, scratch=self._scratch, draws=plan.draws
        )
        on_progress(0, len(sample))
        if sample:
            warm_up(on_compile)
            pass_on_interrupt()
        results: dict[Key, list[str]] = {}
        for key, result in executor.run(job, sample):
            results[key] = list(self._changed_run(key, result))
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

    def _changed_keys(self, plan: Plan) -> Iterator[str]:
        """Runs that are missing in measures.parquet, or were not asked for."""
        ours = set(self._keys)
        asked = {key[1:] for key in plan.cases().keys(plan.n_replicates)}
        for key in sorted(ours - asked):
            yield f"measures.parquet: {_named(key)} was not asked for"
        for table in (*plan.run_tables, *_FACTS[1:]):
            file = self._run.path / f"{table}.parquet"
            try:
                held = keys_of(file, ("strategy", "replicate"))
            except DataError:
                yield f"{file.name}: cannot be read"
                continue
            for key in sorted(held - ours, key=str):
                yield f"{file.name}: {_named(key)}: is not in measures.parquet"

    def _changed_run(self, key: Key, result: RunRecord | Failure) -> Iterator[str]:
        """What differs between a run and the same simulated now."""
        key = key[1:]
        label, replicate, name = str(key[0]), int(key[1]), _named(key)
        if isinstance(result, Failure):
            yield f"{name}: fails now: {result}"
            return
        yield from _changed_measures(
            f"{name}: measures.parquet", self._measures[label][replicate], result.measures
        )
        writer = PartWriter()
        again = self._scratch / "again"
        columns = fact_columns({(label, replicate): result})
        for table in (*self._run_tables, *_FACTS[1:]):
            if table in result.tables:
                again.write_bytes(result.tables[table])
            else:
                writer.write(again, columns[table])
            file = self._run.path / f"{table}.parquet"
            if not is_part_of(again, file, "strategy = ? AND replicate = ?", key):
                yield f"{name}: {table}.parquet: has other rows"
        writer.close()


def _named(key: Key) -> str:
    label, replicate = key
    return f"strategy={label} replicate={replicate}"


def changed_outside(run: RunFolder) -> tuple[list[str], tuple[str, ...]]:
    """What differs before anything is run again, and which files are not checked."""
    foreign, unchecked = unlisted_files(run)
    found = [*changed_files(run), *(f"{name}: is not in the manifest" for name in foreign)]
    return [*found, *changed_notes(run), *_unnamed_packages(run)], tuple(unchecked)


def choose_sample(keys: list[Key], n_sample: int | None, identity: str) -> list[Key]:
    """Choose keys by the identity of a result: the same ones each time; all when None."""
    if n_sample is None or n_sample >= len(keys):
        return keys
    luck = np.random.default_rng(int(identity[:16], 16))
    rows = np.sort(luck.choice(len(keys), n_sample, replace=False))
    return [keys[row] for row in rows]


def _changed_measures(
    where: str, held: tuple[Measure, ...], now: tuple[Measure, ...]
) -> Iterator[str]:
    # Another version may measure more, or in another sequence: each is held against its like.
    now_by_metric = {one.metric: one for one in now}
    for one in held:
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
