"""Plans saved in folders and read again: to resume an experiment, or to verify a result.

An unfinished experiment keeps ``experiment.json`` with copies of scenario and tables next to its
finished runs. A plan is rejected where this version, or changed files, would run another one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeVar

from sim.errors import DataError, Problem, UsageError
from sim.experiment.draws import OTHER_MODEL
from sim.experiment.plan import Plan
from sim.files import hash_of, write_whole
from sim.results import integrity
from sim.results.folder import (
    COMPLETE,
    SCENARIO,
    RunFolder,
    is_run_folder,
    read_manifest,
    read_object,
)
from sim.results.manifest import all_tables
from sim.results.output import check_left_behind, destination, partial_folders, put_back
from sim.results.store import write_json
from sim.scenario.load import LoadedScenario, load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.resolve import Resolved, read_tables, resolve, undeclared
from sim.scenario.tables.seeds import note_path
from sim.version import __version__


class HasPlan(Protocol):
    """An experiment that knows its plan."""

    @property
    def plan(self) -> Plan:
        """What is run."""
        ...


Planned = TypeVar("Planned", bound=HasPlan)


@dataclass(frozen=True)
class Question:
    """The plan of an unfinished experiment, as saved."""

    parts: Path
    """The folder it was read from, in which the finished runs are."""
    kind: str
    """``run``, ``comparison``, ``sweep``, ``sensitivity`` or ``condition``."""
    saved: Mapping[str, Any]
    """All that was saved, as plain values."""
    resolved: Resolved
    """The scenario, with its tables as they were."""

    def ask_again(self, make: Callable[..., Planned]) -> Planned:
        """Plan the experiment again.

        Parameters
        ----------
        make
            Takes scenario, root seed and number of replicates, and by name what else was asked.

        Raises
        ------
        DataError
            If ``make`` does not take what was asked.
        UsageError
            If the result would have another identity now.
        """
        with _readable(self.parts / integrity.EXPERIMENT):
            seed, n_replicates = self.saved["root_seed"], self.saved["n_replicates"]
            planned = make(self.resolved, seed, n_replicates, **self.saved["asked"])
            is_same = planned.plan.result_id == self.saved["result_id"]
        if not is_same:
            raise _another(self.parts)
        return planned


def write_question(plan: Plan, scenarios: Iterable[Resolved], folder: Path) -> None:
    """Save what a plan asks beside the finished runs.

    Parameters
    ----------
    scenarios
        Every scenario that is run; the tables of all of them are copied.
    """
    loaded = plan.resolved.loaded
    write_whole(folder / SCENARIO, loaded.source)
    copies: dict[str, dict[str, str]] = {}
    for table in all_tables([plan.resolved, *scenarios]):
        # By hash, so that writing more never overwrites what is there.
        place = Path("inputs", table.sha256[:12])
        (folder / place).mkdir(parents=True, exist_ok=True)
        write_whole(folder / place / table.path.name, table.data)
        note = note_path(table.path)
        if table.note is not None:
            write_whole(folder / place / note.name, note.read_bytes())
        copies[table.name] = {"copy": str(place / table.path.name), "sha256": table.sha256}
    write_json(
        folder / integrity.EXPERIMENT,
        {
            "schema": integrity.EXPERIMENT_SCHEMA,
            "kind": plan.kind,
            "result_id": plan.result_id,
            "version": __version__,
            "file": Path(loaded.document.file).name,
            "overrides": list(loaded.overrides),
            "tables": copies,
            "asked": dict(plan.asked),
            "root_seed": plan.root_seed,
            "n_replicates": plan.n_replicates,
        },
    )


def read_question(folder: Path) -> Question:
    """Read what was saved.

    Raises
    ------
    DataError
        If it cannot be read.
    UsageError
        If it was saved by another version, or a table has changed.
    """
    file = folder / integrity.EXPERIMENT
    document = read_object(file)
    if document.get("version") != __version__:
        raise UsageError(
            f"{folder.parent}: begun by overblock {document.get('version')}, this is "
            f"{__version__}; resume with that version, or start again"
        )
    with _readable(file):
        copies = {name: folder / table["copy"] for name, table in document["tables"].items()}
        if any(hash_of(copies[name]) != one["sha256"] for name, one in document["tables"].items()):
            raise _another(folder)
        loaded = load_scenario(str(folder / SCENARIO), document["overrides"])
        loaded = loaded.with_copies(copies, loaded.columns)
        loaded = replace(loaded, document=loaded.document.renamed(document["file"]))
        return Question(folder, document["kind"], document, resolve(loaded))


def _another(folder: Path) -> UsageError:
    return UsageError(
        f"{folder.parent}: the scenario, a table or an assumption has changed since "
        "this was begun; start again"
    )


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Name the file in the error if what was saved has another form."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, OSError) as error:
        message = f"expected the question of an experiment, got an error: {error!r}"
        raise DataError([Problem(str(file), message)]) from None


def find_unfinished(path: Path) -> tuple[Path, Path]:
    """Find the checkpoints of an unfinished experiment, and the folder of its result.

    Parameters
    ----------
    path
        The run folder that an interrupt or failures left, the temporary folder that a killed
        process left, or the folder that it was to become. The attempt with most runs is taken
        if there are several at the same experiment.

    Raises
    ------
    UsageError
        If there is nothing to resume, or a process is still running it.
    """
    folders = [path, *partial_folders(path)]
    for folder in folders:
        check_left_behind(folder)
    status = read_manifest(path)["status"] if is_run_folder(path) else ""
    if status == COMPLETE and destination(path) is None:
        folders.remove(path)
        # Left by a process that was killed after the last run.
        integrity.remove_parts(path)
        put_back(path)
    unfinished = [
        folder for folder in folders if (folder / integrity.PARTS / integrity.EXPERIMENT).exists()
    ]
    if unfinished:
        asked = _asked_in(unfinished[0])
        folder = max((one for one in unfinished if _asked_in(one) == asked), key=integrity.n_runs)
        return folder / integrity.PARTS, destination(folder) or folder
    if lost := ", ".join(
        name for name, why in integrity.changes_of(path) if why == integrity.NOT_THERE
    ):
        raise UsageError(
            f"{path}: is {status}, but {lost} is not there, and resuming makes no table "
            "of finished runs again; run it again with --force"
        )
    if status:
        raise UsageError(f"{path}: is {status}; there is nothing to resume")
    raise UsageError(f"{path}: expected an experiment that was begun, got none")


def forget_unfinished(parts: Path, result_id: str, *, is_complete: bool) -> None:
    """Remove temporary folders of killed processes whose runs are in a result now.

    Parameters
    ----------
    parts
        Checkpoints that were taken over.
    result_id
        Identity of the result.
    is_complete
        Whether the result has all runs, so that other attempts at it are not needed either.
    """
    folder = destination(parts.parent)
    for partial in partial_folders(folder or parts.parent):
        if partial == parts.parent or (is_complete and _asked_in(partial) == result_id):
            check_left_behind(partial)
            shutil.rmtree(partial)


def _asked_in(folder: Path) -> str:
    """Identity of the result that a folder with parts is for; empty if it cannot be read."""
    try:
        return str(read_object(folder / integrity.PARTS / integrity.EXPERIMENT)["result_id"])
    except (DataError, KeyError):
        return ""


def plan_of_folder(run: RunFolder, scratch: Path, *, more: Sequence[str] = ()) -> Plan:
    """The plan of a run or a comparison; parameters and errors as of `resolved_of_folder`.

    Parameters
    ----------
    more
        With such, no simulations are kept.
    """
    resolved = resolved_of_folder(run, scratch, more=more)
    manifest = run.manifest
    n_replicates = int(manifest["n_replicates_asked"])
    plan = Plan.as_described(resolved, manifest, int(manifest["root_seed"]), n_replicates)
    if more and manifest.get("ensemble", {}).get("is_conditioned"):
        # As of `run --set`: what agrees with the record is known of the folder's own values alone.
        ensemble = {"n_members": n_replicates, "is_conditioned": False}
        return plan.with_ensemble({**ensemble, "not_conditioned": OTHER_MODEL})
    return plan


def resolved_of_folder(
    run: RunFolder,
    scratch: Path,
    more: Sequence[str] = (),
    files: Mapping[str, Path] | None = None,
    *,
    is_of_its_time: bool = True,
) -> Resolved:
    """The scenario of a folder, from its own copies of scenario and tables.

    Parameters
    ----------
    scratch
        Folder for copies of the tables under their old names.
    more, files
        Overrides beside those of the folder, and files that they name.
    is_of_its_time
        Whether they leave its time; else it borrows what it needs for another.

    Raises
    ------
    OverblockError
        If the scenario, or a table, is not one that this version reads.
    """
    described = run.manifest["scenario"]
    overrides = [str(override) for override in described["overrides"]]
    own = load_scenario(str(run.path / SCENARIO), overrides)
    copies = {}
    for row, table in enumerate(run.manifest["inputs"]):
        copy = PurePosixPath(str(table["copy"]))
        stem, _, _ = copy.stem.rpartition("-")
        place = scratch / "inputs" / str(row)
        place.mkdir(parents=True, exist_ok=True)
        copies[str(table["name"])] = original = place / f"{stem}{copy.suffix}"
        for source, target in (copy, original), (note_path(Path(copy)), note_path(original)):
            file = run.path / source
            if integrity.is_inside(run, file) and file.is_file():
                target.write_bytes(file.read_bytes())

    def load(*texts: str) -> LoadedScenario:
        asked = [*overrides, *texts, *more]
        loaded = load_scenario(str(run.path / SCENARIO), asked, files) if more else own
        loaded = replace(loaded, document=loaded.document.renamed(str(described["file"])))
        return loaded.with_copies(copies | dict(files or {}), own.columns)

    if is_of_its_time:
        return resolve(load())
    return resolve(load(override_text("borrow", undeclared(read_tables(load("borrow=[]"))))))
