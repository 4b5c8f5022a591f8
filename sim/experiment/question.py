"""What an experiment was asked, beside its finished runs: enough for whoever goes on with it.

In: a plan. Out: a file and copies of the tables; and back again, refused where this version, or
these files, would run something else.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sim.errors import DataError, Problem, UsageError
from sim.experiment.plan import Plan
from sim.files import write_whole
from sim.results.checkpoints import (
    EXPERIMENT,
    EXPERIMENT_SCHEMA,
    PARTS,
    n_runs,
    read_document,
    remove_parts,
)
from sim.results.folder import COMPLETE, SCENARIO, is_run_folder, read_manifest
from sim.results.manifest import all_tables
from sim.results.place import check_left_behind, destination, partial_folders
from sim.results.store import write_json
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
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
    """What was asked of a scenario, as far as one can go on with it.

    Attributes
    ----------
    kind
        ``run``, ``comparison``, ``sweep``, ``sensitivity`` or ``calibration``.
    result_id
        Identity of the result it is to have.
    resolved
        The scenario, with its tables as they were.
    asked
        From what the plan was made, as plain values.
    root_seed, n_replicates
        Root of all luck; replicates 0, 1, …
    parts
        The folder in which it stands, beside the runs that are finished.
    """

    kind: str
    result_id: str
    resolved: Resolved
    asked: Mapping[str, Any]
    root_seed: int
    n_replicates: int
    parts: Path

    def ask_again(self, make: Callable[..., Planned]) -> Planned:
        """Plan again what was begun.

        Parameters
        ----------
        make
            Takes the scenario, root seed and number of replicates, and what else was asked by name.

        Raises
        ------
        DataError
            If something else was asked than can be.
        UsageError
            If it would have another result now.
        """
        with _readable(self.parts / EXPERIMENT):
            planned = make(self.resolved, self.root_seed, self.n_replicates, **self.asked)
        if planned.plan.result_id != self.result_id:
            raise _another(self.parts)
        return planned


def write_question(plan: Plan, scenarios: Iterable[Resolved], folder: Path) -> None:
    """Write what a plan asks beside the runs that are finished.

    Parameters
    ----------
    scenarios
        Every scenario that is run: copies of the tables of all of them are kept.
    """
    loaded = plan.resolved.loaded
    write_whole(folder / SCENARIO, loaded.source)
    copies: dict[str, dict[str, str]] = {}
    for table in all_tables([plan.resolved, *scenarios]):
        # By hash: what was written before stays as it is while more is written.
        place = Path("inputs", table.sha256[:12])
        (folder / place).mkdir(parents=True, exist_ok=True)
        write_whole(folder / place / table.path.name, table.data)
        note = note_path(table.path)
        if table.note is not None:
            write_whole(folder / place / note.name, note.read_bytes())
        copies[table.name] = {"copy": str(place / table.path.name), "sha256": table.sha256}
    write_json(
        folder / EXPERIMENT,
        {
            "schema": EXPERIMENT_SCHEMA,
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
    """Read what was asked.

    Raises
    ------
    DataError
        If it cannot be read.
    UsageError
        If it comes from another version, or a table is not what it was.
    """
    file = folder / EXPERIMENT
    document = read_document(file)
    if document.get("version") != __version__:
        raise UsageError(
            f"{folder.parent}: begun by overblock {document.get('version')}, this is "
            f"{__version__}; go on with that version, or start anew"
        )
    if document.get("schema") != EXPERIMENT_SCHEMA:
        message = f"expected the schema {EXPERIMENT_SCHEMA}, got {document.get('schema')!r}"
        raise DataError([Problem(str(file), message, key="schema")])
    with _readable(file):
        return _question_of(document, folder)


def _question_of(document: Mapping[str, Any], folder: Path) -> Question:
    copies = {name: folder / table["copy"] for name, table in document["tables"].items()}
    for name, table in document["tables"].items():
        if hashlib.sha256(copies[name].read_bytes()).hexdigest() != table["sha256"]:
            raise _another(folder)
    loaded = load_scenario(str(folder / SCENARIO), document["overrides"])
    loaded = replace(loaded, copies=copies, document=loaded.document.renamed(document["file"]))
    return Question(
        document["kind"],
        document["result_id"],
        resolve(loaded),
        dict(document["asked"]),
        document["root_seed"],
        document["n_replicates"],
        folder,
    )


def _another(folder: Path) -> UsageError:
    return UsageError(
        f"{folder.parent}: the scenario, a table or an assumption now says something else than "
        "when this was begun; start anew"
    )


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Say of which file it comes if a question is none."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, OSError) as error:
        message = f"expected the question of an experiment, got an error: {error!r}"
        raise DataError([Problem(str(file), message)]) from None


def find_unfinished(path: Path) -> tuple[Path, Path]:
    """Find the parts of what was begun, and the folder it is to become.

    Parameters
    ----------
    path
        The run folder that an interrupt or failures left, or the temporary folder that a killed
        process left, or the folder that this was to become. Where the same question was begun
        several times, the one with most runs.

    Raises
    ------
    UsageError
        If there is nothing to go on with, or a process is still at it.
    """
    folders = [path, *partial_folders(path)]
    for folder in folders:
        check_left_behind(folder)
    status = read_manifest(path)["status"] if is_run_folder(path) else ""
    if status == COMPLETE and destination(path) is None:
        folders.remove(path)
        remove_parts(path)  # left by a process that was killed when all was done
    unfinished = [folder for folder in folders if (folder / PARTS / EXPERIMENT).exists()]
    if unfinished:
        asked = _asked_in(unfinished[0])
        folder = max((one for one in unfinished if _asked_in(one) == asked), key=n_runs)
        return folder / PARTS, destination(folder) or folder
    if status:
        raise UsageError(f"{path}: is {status}; there is nothing to go on with")
    raise UsageError(f"{path}: expected an experiment that was begun, got none")


def forget_unfinished(parts: Path, result_id: str, *, is_complete: bool) -> None:
    """Remove what killed processes left beside a result that holds it now.

    Parameters
    ----------
    parts
        Parts that were taken over.
    result_id
        Of the result.
    is_complete
        Whether all runs are in it, those too that other processes left.
    """
    folder = destination(parts.parent)
    for partial in partial_folders(folder or parts.parent):
        if partial == parts.parent or (is_complete and _asked_in(partial) == result_id):
            check_left_behind(partial)
            shutil.rmtree(partial)


def _asked_in(folder: Path) -> str:
    """Identity of the result that is asked for in a folder with parts; empty if that is unclear."""
    try:
        return str(read_document(folder / PARTS / EXPERIMENT)["result_id"])
    except (DataError, KeyError):
        return ""
