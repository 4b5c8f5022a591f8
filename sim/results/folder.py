"""Recognises a run folder by its manifest, and reads that.

In: a path. Out: whether it is a run folder, and its manifest.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import DataError, OverblockError, Problem
from sim.files import note_read, parse_json

SCENARIO, RESOLVED = "scenario.yaml", "scenario.resolved.json"
"""The scenario as it was written, and with all defaults filled in."""
MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "overblock/manifest/2"
_EARLIER = "overblock/manifest/1"
"""Schema of 0.1: without ``bands.parquet`` and the facts of runs, money by its median."""
_VERBS = {"comparison": "compare"}
"""Verbs that are not named like the kind of result they make."""
COMPLETE, INTERRUPTED, PARTIAL = "complete", "interrupted", "partial"
"""Status of a run in its manifest; ``partial`` where runs failed."""


def is_run_folder(path: Path) -> bool:
    """Whether a folder holds a run, of this version or an earlier one."""
    try:
        return read_manifest(path)["schema"] in (MANIFEST_SCHEMA, _EARLIER)
    except (OverblockError, KeyError):
        return False


def check_schema(path: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse a folder written by a version whose files mean something else.

    Raises
    ------
    DataError
        With the command that makes it again, where that is known.
    """
    schema = manifest.get("schema")
    if schema == MANIFEST_SCHEMA:
        return
    if schema == _EARLIER:
        message = (
            "written by overblock 0.1, whose folders have no bands.parquet and take money by its "
            f"median; run it again: {_command(path, manifest)}"
        )
        raise DataError([Problem(str(path), message)])
    message = f"expected the schema {MANIFEST_SCHEMA}, got {schema!r}"
    raise DataError([Problem(str(path / MANIFEST), message, key="schema")])


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of a run folder.

    Raises
    ------
    DataError
        If there is none, or it cannot be read.
    """
    for file in path.glob("*.parquet"):
        note_read(file)
    return read_object(path / MANIFEST, "a run folder with a manifest")


def read_object(file: Path, wanted: str = "a readable file") -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    wanted
        What the message says was expected, if the file cannot be read.

    Raises
    ------
    DataError
        If there is none.
    """
    note_read(file)
    try:
        document = parse_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"expected {wanted}, got an error: {error.strerror}"
        raise DataError([Problem(str(file), message)]) from None
    except ValueError as error:
        raise DataError([Problem(str(file), f"expected JSON, got an error: {error}")]) from None
    if not isinstance(document, dict):
        raise DataError([Problem(str(file), "expected a JSON object, got something else")])
    return document


def _command(path: Path, manifest: Mapping[str, Any]) -> str:
    """The command that makes a folder again; without its options unless it is a run."""
    kind = str(manifest.get("kind", "run"))
    words = ["overblock", _VERBS.get(kind, kind), str(path / SCENARIO)]
    for option, key in (("-n", "n_replicates_asked"), ("--seed", "root_seed")):
        if key in manifest:
            words += [option, str(manifest[key])]
    scenario = manifest.get("scenario")
    for override in scenario.get("overrides", []) if isinstance(scenario, dict) else []:
        words += ["--set", str(override)]
    return shlex.join(words) + ("" if kind == "run" else " …")


def count_simulations(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Finished and asked simulations of each strategy."""
    n = int(manifest["n_replicates"])
    return n, int(manifest.get("n_replicates_asked", n))


def title_of(scenario: Mapping[str, Any]) -> str:
    """Title of what was run: the scenario's own, and its overrides.

    Parameters
    ----------
    scenario
        As the manifest has it: with ``title`` and ``overrides``.
    """
    overrides = [str(override) for override in scenario.get("overrides", [])]
    changed = ", ".join(one for one in overrides if one.partition("=")[0].strip() != "title")
    return f"{scenario['title']} (with {changed})" if changed else str(scenario["title"])
