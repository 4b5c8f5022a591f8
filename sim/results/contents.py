"""Which files of a run folder this program wrote.

In: a folder. Out: the files in it that are somebody else's; removal of the others. A file is the
program's if the manifest lists it, or if it is written beside: the timing, parts of runs, figures,
the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.errors import OverblockError
from sim.files import RECORD, hash_of, remove_empty, written_files
from sim.results.checkpoints import PARTS, is_part
from sim.results.folder import MANIFEST, read_manifest

TIMING = "timing.json"
REPORT = "report.html"
FIGURES = "figures"
GENERATOR = "overblock report"
"""Names this program near the beginning of every report."""
_FOLDERS = re.compile(rf"inputs|{FIGURES}(/.*)?|{PARTS}(/.*)?")
"""Folders that this program makes, empty or not."""
_LEFT_BEHIND = re.compile(
    rf"\.{re.escape(REPORT)}\.partial-\d+\.html"
    rf"|{FIGURES}/(.*/)?(\.partial-\d+/[^/]+|{re.escape(f'.{RECORD}')}\.partial-\d+\.json)"
)
"""Temporary files that a killed process leaves of a report or of figures."""


def is_report(path: Path) -> bool:
    """Whether a file is a report of this program."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return f'content="{GENERATOR}'.encode() in file.read(4096)


def foreign_files(folder: Path) -> list[str]:
    """Files and empty folders in a run folder that this program did not make.

    Returns
    -------
    names
        Paths in the folder, sorted; a folder ends in a slash. What the manifest lists is not among
        them, whatever its hash.
    """
    return sorted(set(_names(folder)) - set(_own(folder)))


def changed_files(folder: Path) -> list[str]:
    """Files that differ from their hash in the manifest, sorted; missing ones are not listed."""
    changed = []
    for name, digest in _listed(folder).items():
        path = folder / name
        if path.is_file() and not path.is_symlink() and hash_of(path) != digest:
            changed.append(name)
    return sorted(changed)


def missing_files(folder: Path) -> list[str]:
    """Files that the manifest lists and that are not there, sorted; none without a manifest."""
    return sorted(name for name in _listed(folder) if not (folder / name).is_file())


def remove_own(folder: Path) -> None:
    """Remove what this program made in a folder, and the folder if nothing else is in it."""
    own = list(_own(folder))
    # The manifest goes last: until then the folder says what belongs to it.
    for name in sorted(own, key=lambda name: (name == MANIFEST, name)):
        if not name.endswith("/"):
            (folder / name).unlink(missing_ok=True)
    below = [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]
    remove_empty([*sorted(below, key=lambda path: -len(path.parts)), folder])


def _names(folder: Path) -> Iterator[str]:
    """Names of files, and of empty folders with a slash at the end."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_dir():
            yield name
        elif not any(path.iterdir()):
            yield f"{name}/"


def _own(folder: Path) -> Iterator[str]:
    listed = _listed(folder)
    records: dict[str, Mapping[str, object]] = {}
    for name in _names(folder):
        path = folder / name
        inner = path.relative_to(folder).parent.as_posix()
        if name.endswith("/"):
            is_own = _FOLDERS.fullmatch(name[:-1]) is not None
        elif path.is_symlink():
            is_own = False
        elif name.startswith(f"{PARTS}/"):
            is_own = is_part(name)
        elif _LEFT_BEHIND.fullmatch(name):
            is_own = True
        elif name.startswith(f"{FIGURES}/"):
            if inner not in records:
                records[inner] = written_files(folder / inner)
            is_own = name in listed or path.name == RECORD or path.name in records[inner]
        else:
            is_own = (
                name in listed or name in (MANIFEST, TIMING) or (name == REPORT and is_report(path))
            )
        if is_own:
            yield name


def _listed(folder: Path) -> dict[str, str]:
    """Hashes by name of the files that the manifest lists."""
    try:
        outputs: Any = read_manifest(folder).get("outputs", [])
        return {str(one["file"]): str(one["sha256"]) for one in outputs}
    except (OverblockError, TypeError, KeyError):
        return {}
