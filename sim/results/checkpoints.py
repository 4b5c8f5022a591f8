"""Checkpoints: finished runs, saved one by one until the experiment is complete.

::

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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import DataError
from sim.files import remove_empty, write_whole
from sim.results.folder import read_object

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

    def take_over(self, other: Checkpoints, names: Sequence[str]) -> int:
        """Take finished runs of another folder; return how many.

        A run whose files were changed counts as not finished.
        """
        n_taken = 0
        for name in names:
            if not other.has(name) or not other.is_whole(name):
                continue
            for table in set(other._read(name)["sha256"]) & set(self.tables):
                _link(other._part(table, name), self._part(table, name))
            _link(other.folder / f"{name}.json", self.folder / f"{name}.json")
            n_taken += 1
        return n_taken

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
