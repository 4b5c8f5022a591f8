"""Compares the files of a run folder with its manifest, without reading what is in them.

In: a run folder. Out: files that differ from their hashes, and files that are not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sim.errors import DataError
from sim.files import hash_of
from sim.results.checkpoints import PARTS
from sim.results.contents import FIGURES, REPORT, TIMING
from sim.results.folder import MANIFEST, read_object
from sim.results.read import RunFolder

_BESIDE = (MANIFEST, TIMING)
"""Files that the manifest cannot list: itself, and the timing, which differs each time."""
MANIFEST_HASH = "manifest_sha256"
"""Key of the hash of the manifest in the timing; folders of earlier versions have none."""


def is_inside(run: RunFolder, file: Path) -> bool:
    """Whether a path leads into the folder, links followed."""
    return file.resolve().is_relative_to(run.path.resolve())


def changed_tables(run: RunFolder) -> list[tuple[str, str]]:
    """Files that reports and figures are made from, and what is wrong with each."""
    lines = (line.partition(": ")[::2] for line in changed_files(run))
    found = [(name, why) for name, why in lines if not name.startswith(f"{FIGURES}/")]
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


def changed_files(run: RunFolder) -> Iterator[str]:
    """Files that are missing or differ from the manifest, one line each."""
    listed = {str(one["file"]): str(one["sha256"]) for one in run.manifest["outputs"]}
    if len(listed) < len(run.manifest["outputs"]):
        yield f"{MANIFEST}: outputs: lists a file twice"
    for name, digest in listed.items():
        file = run.path / name
        if not is_inside(run, file):
            yield f"{name}: lies outside the folder"
        elif not file.is_file():
            yield f"{name}: is not there"
        elif hash_of(file) != digest:
            yield f"{name}: differs from its hash in the manifest"


def unlisted_files(run: RunFolder) -> tuple[list[str], list[str]]:
    """Files and links that the manifest does not list, sorted.

    Returns
    -------
    foreign
        Those that no command writes.
    unchecked
        Those beside the results: a report, figures, and the folder of parts, if any.
    """
    listed = {str(one["file"]) for one in run.manifest["outputs"]}
    names = sorted(
        path.relative_to(run.path).as_posix()
        for path in run.path.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
    foreign, unchecked = [], []
    for name in names:
        place = name.split("/")[0]
        if name in listed or name in _BESIDE:
            continue
        if place in (REPORT, FIGURES):
            unchecked.append(name)
        elif place == PARTS:
            unchecked += [] if PARTS in unchecked else [PARTS]
        else:
            foreign.append(name)
    return foreign, unchecked
