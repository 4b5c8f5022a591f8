"""Finds which files of a run folder this program wrote, and which differ from the manifest.

Among them are finished runs, saved one by one until the experiment is complete::

    parts/
        experiment.json       what is run; next to it scenario.yaml and inputs/
        4f1d…-0000017.json    a finished run, named by the identity of the result: its facts, and
                              the hashes of them and of its parts of the tables
        curves/4f1d…-0000017.parquet …
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import DataError, OverblockError
from sim.files import RECORD, hash_of, remove_empty, write_whole, written_files
from sim.results.folder import MANIFEST, RunFolder, read_manifest, read_object

PARTS = "parts"
EXPERIMENT = "experiment.json"
EXPERIMENT_SCHEMA = "overblock/parts/6"
_RUN = re.compile(r"[0-9a-f]+-\d+\.json")
_PART = re.compile(
    rf"{PARTS}/(experiment\.json|scenario\.yaml|{_RUN.pattern}|[a-z_]+/[0-9a-f]+-\d+\.parquet"
    r"|inputs/[0-9a-f]+/[^/]+|scratch/[^/]+"
    r"|(inputs/([0-9a-f]+/)?)?\..+\.partial-\d+(\.[a-z]+)?)"
)


class Checkpoints:
    """Finished runs below one folder.

    Parameters
    ----------
    folder
        The folder ``parts``, which is made if it is not there.
    tables
        Names of the tables that a run may have a part of.
    """

    def __init__(self, folder: Path, tables: Sequence[str]) -> None:
        self.folder = folder
        self.tables = tuple(tables)
        self.scratch = folder / "scratch"
        for place in (folder, self.scratch, *(folder / table for table in tables)):
            place.mkdir(exist_ok=True)

    def keep(self, name: str, tables: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
        """Save one finished run.

        Raises
        ------
        OSError
            If it cannot be written; then the run counts as not finished.
        """
        assert set(tables) <= set(self.tables)
        for table, data in tables.items():
            self._part(table, name).write_bytes(data)
        hashes = {table: hashlib.sha256(data).hexdigest() for table, data in tables.items()}
        document = {"sha256": {**hashes, "facts": _hash_of(name, facts)}, "facts": facts}
        text = json.dumps(document, separators=(",", ":"))
        write_whole(self.folder / f"{name}.json", text.encode())

    def has(self, name: str) -> bool:
        """Whether a run is finished."""
        return (self.folder / f"{name}.json").exists()

    def facts(self, name: str) -> dict[str, Any]:
        """Facts of a finished run."""
        facts: dict[str, Any] = self._read(name)["facts"]
        return facts

    def parts(self, table: str, names: Sequence[str]) -> list[Path]:
        """Parts of a table, in the order of the names."""
        return [self._part(table, name) for name in names]

    def take_over(self, other: Checkpoints) -> None:
        """Take the finished runs of another folder.

        A run whose files were changed counts as not finished.
        """
        for name in filter(other.is_whole, other.names):
            for table in set(other._read(name)["sha256"]) & set(self.tables):
                _link(other._part(table, name), self._part(table, name))
            _link(other.folder / f"{name}.json", self.folder / f"{name}.json")

    def is_whole(self, name: str) -> bool:
        """Whether the files of a run have the hashes they were written with."""
        try:
            document = self._read(name)
            hashes = document["sha256"]
            if hashes.pop("facts") != _hash_of(name, document["facts"]):
                return False
            return set(hashes) <= set(self.tables) and all(
                hashlib.sha256(self._part(table, name).read_bytes()).hexdigest() == digest
                for table, digest in hashes.items()
            )
        except (DataError, OSError, AttributeError, KeyError, TypeError):
            return False

    @property
    def names(self) -> list[str]:
        """Names of the finished runs, sorted."""
        return sorted(path.stem for path in self.folder.glob("*-*.json"))

    def _part(self, table: str, name: str) -> Path:
        return self.folder / table / f"{name}.parquet"

    def _read(self, name: str) -> dict[str, Any]:
        return read_object(self.folder / f"{name}.json")


def n_runs(folder: Path) -> int:
    """How many runs are finished in the ``parts`` of a folder, of an experiment that was begun."""
    names = [path.name for path in (folder / PARTS).glob("*-*.json")]
    return (
        sum(map(bool, map(_RUN.fullmatch, names))) if (folder / PARTS / EXPERIMENT).exists() else 0
    )


def is_part(name: str) -> bool:
    """Whether a file of a run folder is one of its parts, by its path in the folder."""
    return _PART.fullmatch(name) is not None


def remove_parts(folder: Path) -> None:
    """Remove the parts of a run folder: they are in its tables now."""
    parts = folder / PARTS
    # Without this file, what is left cannot be resumed, should the removal be interrupted.
    (parts / EXPERIMENT).unlink(missing_ok=True)
    below = list(parts.rglob("*"))
    for path in below:
        if is_part(path.relative_to(folder).as_posix()) and not path.is_dir():
            path.unlink()
    folders = [path for path in below if path.is_dir() and not path.is_symlink()]
    remove_empty([*sorted(folders, key=lambda path: -len(path.parts)), parts])


def _hash_of(name: str, facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([name, facts], separators=(",", ":")).encode()).hexdigest()


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


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
