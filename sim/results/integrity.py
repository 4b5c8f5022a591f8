"""Finds which files of a run folder this program wrote, and which differ from the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.errors import DataError, OverblockError
from sim.files import RECORD, hash_of, written_files
from sim.results.checkpoints import PARTS, is_part
from sim.results.folder import MANIFEST, RunFolder, read_manifest, read_object

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
        Paths in the folder, sorted; a folder ends in a slash. Files in the manifest are
        excluded, whatever their hash.
    """
    listed = _listed(folder)
    records: dict[str, Mapping[str, object]] = {}
    found = []
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
        if not is_own:
            found.append(name)
    return sorted(found)


def changes_of(folder: Path) -> list[tuple[str, str]]:
    """Files that are not as the manifest of a folder lists them, and why; none without one."""
    return sorted(_changes(folder, _listed(folder)))


NOT_THERE, DIFFERS = "is not there", "differs from its hash in the manifest"


def _changes(folder: Path, listed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Files that are not as a manifest lists them, and why."""
    for name, digest in listed.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            yield name, "lies outside the folder"
        elif not file.is_file():
            yield name, NOT_THERE
        elif hash_of(file) != digest:
            yield name, DIFFERS


def _names(folder: Path) -> Iterator[str]:
    """Names of files, and of empty folders with a slash at the end."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_dir():
            yield name
        elif not any(path.iterdir()):
            yield f"{name}/"


def _listed(folder: Path) -> dict[str, str]:
    """Hashes by name of the files that the manifest lists."""
    try:
        return _hashes(read_manifest(folder))
    except (OverblockError, TypeError, KeyError):
        return {}


def _hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {str(one["file"]): str(one["sha256"]) for one in manifest["outputs"]}


MANIFEST_HASH = "manifest_sha256"
"""Key of the hash of the manifest in the timing; folders of earlier versions have none."""


def is_inside(run: RunFolder, file: Path) -> bool:
    """Whether a path leads into the folder, links followed."""
    return file.resolve().is_relative_to(run.path.resolve())


def changed_tables(run: RunFolder) -> list[tuple[str, str]]:
    """Files that reports and figures are made from, and what is wrong with each."""
    found = [one for one in _changed(run) if not one[0].startswith(f"{FIGURES}/")]
    file = run.path / TIMING
    try:
        timing = read_object(file) if file.is_file() else {}
    except DataError:
        return [(TIMING, "cannot be read"), *found]
    # Folders of older versions state none.
    stated = timing.get(MANIFEST_HASH)
    if stated is not None and stated != hash_of(run.path / MANIFEST):
        found.insert(0, (MANIFEST, f"differs from its hash in {TIMING}"))
    return found


def changed_files(run: RunFolder) -> list[str]:
    """Files that are missing, differ from the manifest or are not in it, one line each."""
    foreign, _ = unlisted_files(run)
    found = [*_changed(run), *((name, "is not in the manifest") for name in foreign)]
    return [f"{name}: {why}" for name, why in found]


def _changed(run: RunFolder) -> Iterator[tuple[str, str]]:
    listed = _hashes(run.manifest)
    if len(listed) < len(run.manifest["outputs"]):
        yield MANIFEST, "outputs: lists a file twice"
    yield from _changes(run.path, listed)


def unlisted_files(run: RunFolder) -> tuple[list[str], list[str]]:
    """Files and links that the manifest does not list, sorted.

    Returns
    -------
    foreign
        Those that no command writes.
    unchecked
        Those beside the results: a report, figures, and the folder of parts, if any.
    """
    names = {name for name in _names(run.path) if not name.endswith("/")}
    names -= {*_hashes(run.manifest), MANIFEST, TIMING}
    beside = {name for name in names if name.split("/")[0] in (REPORT, FIGURES, PARTS)}
    unchecked = {PARTS if name.startswith(f"{PARTS}/") else name for name in beside}
    return sorted(names - beside), sorted(unchecked)
