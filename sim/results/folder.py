"""The folder of a run: made under another name, moved into place when whole.

In: where the user wants it. Out: a folder that is either complete or not there. It never touches
a folder that is not a run's.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import DataError, OverblockError, Problem, UsageError

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "overblock/manifest/1"


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


def check_free(path: Path, *, force: bool) -> None:
    """Refuse to write over anything but, when forced, an earlier run.

    Raises
    ------
    UsageError
        If the path is taken, or has no name that a folder could be moved to.
    """
    if path.name in {"", ".."}:
        raise UsageError(f"{path}: expected a folder with a name of its own; choose another")
    if not path.exists() and not path.is_symlink():
        return
    if path.is_dir() and not path.is_symlink():
        if not any(path.iterdir()):
            return
        if is_run_folder(path):
            if force:
                return
            raise UsageError(f"{path}: holds an earlier run; give --force to replace it")
    raise UsageError(f"{path}: exists and is not a run's folder; choose another --output")


@contextmanager
def new_folder(
    path: Path, *, force: bool, is_worth: Callable[[Path], bool] = lambda partial: False
) -> Iterator[Path]:
    """Give a temporary folder, and move it to ``path`` if the block ends without an error.

    Parameters
    ----------
    is_worth
        Whether the temporary folder is worth keeping after an error; else it is removed.

    Raises
    ------
    UsageError
        If ``path`` is taken, or the folder cannot be made.
    """
    check_free(path, force=force)
    made = [parent for parent in path.parents if not parent.exists()]
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
    except OSError as error:
        raise UsageError(f"{path}: cannot make this folder: {error.strerror}") from None
    try:
        yield partial
        check_free(path, force=force)
        _move(partial, path)
    except BaseException as error:
        if is_worth(partial):
            error.add_note(f"what is finished is kept in {partial}; --resume {partial} goes on")
            raise
        shutil.rmtree(partial, ignore_errors=True)
        for parent in made:
            # Only what was made for this run, and only while nothing else is in it.
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise


def _move(partial: Path, path: Path) -> None:
    if not path.exists():
        partial.rename(path)
        return
    replaced = path.with_name(f".{path.name}.replaced-{os.getpid()}")
    path.rename(replaced)
    try:
        partial.rename(path)
    except OSError:
        replaced.rename(path)
        raise
    shutil.rmtree(replaced)


def title_of(scenario: Mapping[str, Any]) -> str:
    """Title of what was run: the scenario's own, and what ``--set`` made of it.

    Parameters
    ----------
    scenario
        As the manifest has it: with ``title`` and ``overrides``.
    """
    changed = ", ".join(str(override) for override in scenario.get("overrides", []))
    return f"{scenario['title']} (with {changed})" if changed else str(scenario["title"])
