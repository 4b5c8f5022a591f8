"""Writes the bundle of a run or comparison: one archive that other people can check and rerun.

It is the same bytes for the same folder, program and environment::

    README.md       question, answer, verdicts, what is here
    run/            the folder as the manifest lists it, and its report
    environment/    lock file, the program as a wheel
    rerun.sh        makes the run again and compares all bytes
    SHA256SUMS      hash of every file: sha256sum -c SHA256SUMS
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.bundle import wheel
from sim.bundle.archive import is_plain, write_archive
from sim.bundle.environment import check_same_versions, installed, lock_text
from sim.bundle.rerun import rerun_script
from sim.bundle.statement import statement
from sim.errors import DataError, Problem, UsageError
from sim.files import hash_of, new_file
from sim.report.page.document import check_manifest, render
from sim.results.folder import COMPLETE, MANIFEST, RunFolder
from sim.results.integrity import REPORT, changed_files, unlisted_files

RUN = "run"
README, RERUN, SUMS = "README.md", "rerun.sh", "SHA256SUMS"
LOCK = "environment/requirements.lock"
_NEEDED = ("outputs", "scenario", "python", "packages", "n_replicates_asked")


@dataclass(frozen=True)
class Written:
    """A bundle that was written.

    Attributes
    ----------
    n_files, n_bytes
        Files in it, and its length.
    sha256
        Of the archive: what to write down elsewhere, since no file can hold its own.
    """

    n_files: int
    n_bytes: int
    sha256: str


def write_bundle(run: RunFolder, path: Path, *, force: bool = False) -> Written:
    """Write the bundle of a run or comparison.

    Raises
    ------
    DataError
        If a file of the folder differs from its hash, is missing, or is not this program's.
    UsageError
        If the result is not complete, was made with other versions than are here, or the file is
        taken.
    """
    check_bundled(run)
    check_same_versions(run.manifest)
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / wheel.NAME
        wheel.write_wheel(program)
        members: dict[str, bytes | Path] = {**run_members(run), **derived(run)}
        lock = lock_text(installed(run.manifest), str(run.manifest["python"]))
        members |= {LOCK: lock.encode(), f"environment/{wheel.NAME}": program}
        members[SUMS] = sums_text(members).encode()
        with new_file(path, force=force) as partial:
            write_archive(partial, members)
            return Written(len(members), partial.stat().st_size, hash_of(partial))


def sums_text(members: Mapping[str, bytes | Path]) -> str:
    """Hash of every file of a bundle, as ``sha256sum`` writes and checks them."""
    hashes = {
        name: hashlib.sha256(one).hexdigest() if isinstance(one, bytes) else hash_of(one)
        for name, one in sorted(members.items())
    }
    return "".join(f"{digest}  {name}\n" for name, digest in hashes.items())


def check_bundled(run: RunFolder) -> None:
    """Refuse a folder that could not be handed over.

    Raises
    ------
    DataError, UsageError
        As `write_bundle`.
    """
    where = str(run.path / MANIFEST)
    if absent := [key for key in _NEEDED if key not in run.manifest]:
        message = "expected a value, got nothing"
        raise DataError([Problem(where, message, key=key) for key in absent])
    check_manifest(run)
    if run.manifest["status"] != COMPLETE:
        status = run.manifest["status"]
        raise UsageError(f"{run.path}: expected a complete result, got one that is {status}")
    foreign, _ = unlisted_files(run)
    mistakes = [*changed_files(run), *(f"{name}: is not in the manifest" for name in foreign)]
    names = [str(one["file"]) for one in run.manifest["outputs"]]
    mistakes += [f"{name!r}: is no name for a bundle" for name in names if not is_plain(name)]
    if mistakes:
        raise DataError([Problem(str(run.path), one) for one in mistakes])


def run_members(run: RunFolder) -> dict[str, Path]:
    """Files of a run that go into its bundle: without timing, which holds the typed command."""
    names = [MANIFEST, *(str(one["file"]) for one in run.manifest["outputs"])]
    return {f"{RUN}/{name}": run.path / name for name in names}


def derived(run: RunFolder) -> dict[str, bytes]:
    """Files of a bundle that follow from the run and this version alone."""
    return {
        README: statement(run).encode(),
        RERUN: rerun_script(str(run.manifest["python"]), wheel.NAME).encode(),
        f"{RUN}/{REPORT}": render(run).encode(),
    }
