"""The folder of a run, known by its manifest.

In: a path. Out: whether it holds a run, and what its manifest says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import DataError, OverblockError, Problem

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "overblock/manifest/1"
COMPLETE, INTERRUPTED, PARTIAL = "complete", "interrupted", "partial"
"""Status of a run in its manifest; ``partial`` where runs failed."""


def is_run_folder(path: Path) -> bool:
    """Whether a folder holds a run."""
    try:
        return bool(read_manifest(path)["schema"] == MANIFEST_SCHEMA)
    except (OverblockError, KeyError):
        return False


def read_manifest(path: Path) -> dict[str, object]:
    """Read the manifest of a run folder.

    Raises
    ------
    DataError
        If there is none, or it cannot be read.
    """
    file = path / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"expected a run folder with a manifest, got an error: {error.strerror}"
        raise DataError([Problem(str(file), message)]) from None
    except ValueError as error:
        raise DataError([Problem(str(file), f"expected JSON, got an error: {error}")]) from None
    if not isinstance(manifest, dict):
        raise DataError([Problem(str(file), "expected a JSON object, got something else")])
    return manifest


def title_of(scenario: Mapping[str, Any]) -> str:
    """Title of what was run: the scenario's own, and what else ``--set`` made of it.

    Parameters
    ----------
    scenario
        As the manifest has it: with ``title`` and ``overrides``.
    """
    overrides = [str(override) for override in scenario.get("overrides", [])]
    changed = ", ".join(one for one in overrides if one.partition("=")[0].strip() != "title")
    return f"{scenario['title']} (with {changed})" if changed else str(scenario["title"])
