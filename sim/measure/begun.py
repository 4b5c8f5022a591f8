"""What an experiment was asked, beside its parts: enough for whoever goes on with it.

In: a plan. Out: a file and copies of the tables; and back again, refused where this version, or
these files, would run something else.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import __version__
from sim.errors import DataError, Problem, UsageError
from sim.measure.plan import Plan
from sim.results.checkpoints import EXPERIMENT, EXPERIMENT_SCHEMA, PARTS, read_document
from sim.results.folder import is_run_folder
from sim.results.manifest import all_tables
from sim.results.store import write_json
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import Variant, own_variant, variant_of

SCENARIO = "scenario.yaml"
_TEMPORARY = re.compile(r"\.(.+)\.partial-(\d+)")


def write_question(plan: Plan, folder: Path) -> None:
    """Write what is asked beside the parts."""
    loaded = plan.resolved.loaded
    (folder / SCENARIO).write_bytes(loaded.source)
    copies: dict[str, str] = {}
    for row, table in enumerate(all_tables(plan.scenarios)):
        place = folder / "inputs" / str(row)
        place.mkdir(parents=True, exist_ok=True)
        (place / table.path.name).write_bytes(table.data)
        note = table.path.with_suffix(".source.yaml")
        if table.note is not None:
            (place / note.name).write_bytes(note.read_bytes())
        copies[table.name] = str(Path("inputs", str(row), table.path.name))
    write_json(
        folder / EXPERIMENT,
        {
            "schema": EXPERIMENT_SCHEMA,
            "result_id": plan.result_id,
            "version": __version__,
            "file": Path(loaded.document.file).name,
            "overrides": list(loaded.overrides),
            "tables": copies,
            "comparison": plan.comparison,
            "root_seed": plan.root_seed,
            "n_replicates": plan.n_replicates,
        },
    )


def read_question(folder: Path) -> Plan:
    """Read what was asked, to go on with it.

    Raises
    ------
    DataError
        If it cannot be read.
    UsageError
        If it comes from another version, or would be another experiment now.
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
        plan = _plan_of(document, folder)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        message = f"expected the question of an experiment, got an error: {error!r}"
        raise DataError([Problem(str(file), message)]) from None
    if plan.result_id != document["result_id"]:
        raise UsageError(
            f"{folder.parent}: the scenario, a table or an assumption now says something else than "
            "when this was begun; start anew"
        )
    return plan


def find_begun(path: Path) -> tuple[Path, Path]:
    """Find the parts of an experiment that was begun, and the folder it is to become.

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
        raise UsageError(f"{path}: is complete; there is nothing to go on with")
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


def _plan_of(document: Mapping[str, Any], folder: Path) -> Plan:
    copies = {name: folder / place for name, place in document["tables"].items()}
    loaded = load_scenario(str(folder / SCENARIO), document["overrides"])
    loaded = replace(loaded, copies=copies, document=loaded.document.renamed(document["file"]))
    resolved = resolve(loaded)
    comparison = document["comparison"]
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
        document["root_seed"],
        document["n_replicates"],
    )


def forget_begun(parts: Path) -> None:
    """Remove the temporary folder that a killed process left; what was in it is taken over."""
    if _TEMPORARY.fullmatch(parts.parent.name):
        shutil.rmtree(parts.parent)
