"""What an experiment or a study was asked, beside its parts: enough for whoever goes on with it.

In: a question. Out: a file and copies of the tables; and back again, refused where this version, or
these files, would run something else.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim import __version__
from sim.errors import DataError, Problem, UsageError
from sim.measure.plan import Plan
from sim.results.checkpoints import EXPERIMENT, EXPERIMENT_SCHEMA, PARTS, read_document
from sim.results.folder import is_run_folder, read_manifest
from sim.results.manifest import all_tables
from sim.results.store import write_json
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import Variant, own_variant, variant_of

SCENARIO = "scenario.yaml"
_TEMPORARY = re.compile(r"\.(.+)\.partial-(\d+)")


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
    (folder / SCENARIO).write_bytes(loaded.source)
    copies: dict[str, dict[str, str]] = {}
    for row, table in enumerate(all_tables([begun.resolved, *scenarios])):
        copy = Path("inputs", str(row), table.path.name)
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        (folder / copy).write_bytes(table.data)
        note = table.path.with_suffix(".source.yaml")
        if table.note is not None:
            (folder / copy).with_name(note.name).write_bytes(note.read_bytes())
        copies[table.name] = {"copy": str(copy), "sha256": table.sha256}
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
        process left, or the folder that this was to become.

    Raises
    ------
    UsageError
        If there is nothing to go on with, or a process is still at it.
    """
    for folder in [path, *_left_behind(path)]:
        if not (folder / PARTS / EXPERIMENT).exists():
            continue
        match = _TEMPORARY.fullmatch(folder.name)
        if match is None:
            return folder / PARTS, folder
        if _is_running(int(match[2])):
            raise UsageError(f"{folder}: process {match[2]} is still at it")
        return folder / PARTS, folder.with_name(match[1])
    if is_run_folder(path):
        status = read_manifest(path)["status"]
        raise UsageError(f"{path}: is {status}; there is nothing to go on with")
    raise UsageError(f"{path}: expected an experiment that was begun, got none")


def _left_behind(path: Path) -> list[Path]:
    """Temporary folders of a run folder, the newest first."""
    if not path.parent.is_dir():
        return []
    found = [
        other
        for other in path.parent.iterdir()
        if (match := _TEMPORARY.fullmatch(other.name)) and match[1] == path.name
    ]
    return sorted(found, key=lambda other: other.stat().st_mtime, reverse=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def forget_begun(parts: Path) -> None:
    """Remove the temporary folder that a killed process left; what was in it is taken over."""
    if _TEMPORARY.fullmatch(parts.parent.name):
        shutil.rmtree(parts.parent)
