"""What an experiment or a study was asked, beside its parts: enough for whoever goes on with it.

In: a question. Out: a file and copies of the tables; and back again, refused where this version, or
these files, would run something else.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim import __version__
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
from sim.results.folder import COMPLETE, is_run_folder, read_manifest
from sim.results.manifest import all_tables
from sim.results.place import check_left_behind, destination, partial_folders
from sim.results.store import write_json
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import Variant, own_variant, variant_of

SCENARIO = "scenario.yaml"


@dataclass(frozen=True)
class Begun:
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
        What the kind adds, as plain values.
    root_seed, n_replicates
        Root of all luck; replicates 0, 1, …
    """

    kind: str
    result_id: str
    resolved: Resolved
    asked: Mapping[str, Any]
    root_seed: int
    n_replicates: int


def write_begun(begun: Begun, scenarios: Iterable[Resolved], folder: Path) -> None:
    """Write what is asked beside the parts.

    Parameters
    ----------
    scenarios
        Every scenario that is run: copies of the tables of all of them are kept.
    """
    loaded = begun.resolved.loaded
    write_whole(folder / SCENARIO, loaded.source)
    copies: dict[str, dict[str, str]] = {}
    for table in all_tables([begun.resolved, *scenarios]):
        # By hash: what was written before stays as it is while more is written.
        place = Path("inputs", table.sha256[:12])
        (folder / place).mkdir(parents=True, exist_ok=True)
        write_whole(folder / place / table.path.name, table.data)
        note = table.path.with_suffix(".source.yaml")
        if table.note is not None:
            write_whole(folder / place / note.name, note.read_bytes())
        copies[table.name] = {"copy": str(place / table.path.name), "sha256": table.sha256}
    write_json(
        folder / EXPERIMENT,
        {
            "schema": EXPERIMENT_SCHEMA,
            "kind": begun.kind,
            "result_id": begun.result_id,
            "version": __version__,
            "file": Path(loaded.document.file).name,
            "overrides": list(loaded.overrides),
            "tables": copies,
            "asked": dict(begun.asked),
            "root_seed": begun.root_seed,
            "n_replicates": begun.n_replicates,
        },
    )


def read_begun(folder: Path) -> Begun:
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
    if document.get("schema") != EXPERIMENT_SCHEMA:
        message = f"expected the schema {EXPERIMENT_SCHEMA}, got {document.get('schema')!r}"
        raise DataError([Problem(str(file), message, key="schema")])
    if document.get("version") != __version__:
        raise UsageError(
            f"{folder.parent}: begun by overblock {document.get('version')}, this is "
            f"{__version__}; go on with that version, or start anew"
        )
    try:
        return _begun_of(document, folder)
    except (KeyError, TypeError, AttributeError, OSError) as error:
        raise _unreadable(file, error) from None


def _begun_of(document: Mapping[str, Any], folder: Path) -> Begun:
    copies = {name: folder / table["copy"] for name, table in document["tables"].items()}
    for name, table in document["tables"].items():
        if hashlib.sha256(copies[name].read_bytes()).hexdigest() != table["sha256"]:
            raise _another(folder)
    loaded = load_scenario(str(folder / SCENARIO), document["overrides"])
    loaded = replace(loaded, copies=copies, document=loaded.document.renamed(document["file"]))
    return Begun(
        document["kind"],
        document["result_id"],
        resolve(loaded),
        dict(document["asked"]),
        document["root_seed"],
        document["n_replicates"],
    )


def check_same(begun: Begun, result_id: str, folder: Path) -> None:
    """Refuse to go on where the same question would now have another result.

    Raises
    ------
    UsageError
        If it is so.
    """
    if result_id != begun.result_id:
        raise _another(folder)


def _another(folder: Path) -> UsageError:
    return UsageError(
        f"{folder.parent}: the scenario, a table or an assumption now says something else than "
        "when this was begun; start anew"
    )


def _unreadable(file: Path, error: Exception) -> DataError:
    message = f"expected the question of an experiment, got an error: {error!r}"
    return DataError([Problem(str(file), message)])


def write_question(plan: Plan, folder: Path) -> None:
    """Write what an experiment asks beside its parts."""
    begun = Begun(
        plan.kind,
        plan.result_id,
        plan.resolved,
        plan.comparison,
        plan.root_seed,
        plan.n_replicates,
    )
    write_begun(begun, plan.scenarios, folder)


def read_question(folder: Path) -> Plan:
    """Read what an experiment asked, to go on with it.

    Raises
    ------
    DataError
        If it cannot be read.
    UsageError
        If it comes from another version, or would be another experiment now.
    """
    begun = read_begun(folder)
    try:
        plan = _plan_of(begun)
    except (KeyError, TypeError, AttributeError) as error:
        raise _unreadable(folder / EXPERIMENT, error) from None
    check_same(begun, plan.result_id, folder)
    return plan


def _plan_of(begun: Begun) -> Plan:
    comparison, resolved = begun.asked, begun.resolved
    variants: tuple[Variant, ...] = (own_variant(resolved),)
    if comparison:
        variants = tuple(
            variant_of(resolved, one["label"], {"id": one["id"], **one["parameters"]})
            for one in comparison["strategies"]
        )
    return Plan(
        resolved,
        variants,
        comparison["baseline"] if comparison else None,
        tuple(comparison["metrics"]) if comparison else (),
        begun.root_seed,
        begun.n_replicates,
    )


def find_begun(path: Path) -> tuple[Path, Path]:
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
    begun = [folder for folder in folders if (folder / PARTS / EXPERIMENT).exists()]
    if begun:
        asked = _asked_in(begun[0])
        folder = max((one for one in begun if _asked_in(one) == asked), key=n_runs)
        return folder / PARTS, destination(folder) or folder
    if status:
        raise UsageError(f"{path}: is {status}; there is nothing to go on with")
    raise UsageError(f"{path}: expected an experiment that was begun, got none")


def forget_begun(parts: Path, result_id: str, *, is_complete: bool) -> None:
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
