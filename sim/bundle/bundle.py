"""Writes the bundle of a run or comparison: one archive that a stranger can check and rerun.

In: a run folder. Out: an archive, the same bytes for the same folder, program and environment::

    README.md                    question, answer, error rate, what would change it
    run/                         the folder as the manifest lists it, and its report
    environment/                 lock file, bill of materials, the program as a wheel
    rerun.sh                     makes the run again and compares all bytes
    ro-crate-metadata.json       what each file is, with its hash
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.bundle import wheel
from sim.bundle.archive import is_plain, write_archive
from sim.bundle.crate import METADATA, Member, Subject, crate_text
from sim.bundle.environment import check_same_versions, installed, lock_text, sbom_text
from sim.bundle.rerun import rerun_script
from sim.bundle.statement import statement, words_of
from sim.errors import DataError, Problem, UsageError
from sim.files import hash_of, new_file
from sim.report.page.document import check_manifest, render
from sim.report.page.head.opening import Said
from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.contents import REPORT, TIMING
from sim.results.folder import COMPLETE, MANIFEST, read_object
from sim.results.integrity import changed_files, unlisted_files
from sim.results.read import RunFolder

RUN = "run"
README, RERUN = "README.md", "rerun.sh"
LOCK, SBOM = "environment/requirements.lock", "environment/sbom.cdx.json"
_NEEDED = ("outputs", "scenario", "python", "packages", "n_replicates_asked")
_ABOUT = {
    README: "Question, answer in words, error rate, what would change the answer",
    RERUN: "Makes the run again and compares all bytes",
    LOCK: "Exact version of every package that the result was made with",
    SBOM: "The same as a bill of materials, CycloneDX 1.5",
    f"environment/{wheel.NAME}": "The program that wrote this bundle",
    f"{RUN}/{MANIFEST}": "What the result was made from, and the hash of every file of it",
    f"{RUN}/{REPORT}": "The report, to be opened offline",
    f"{RUN}/scenario.yaml": "The scenario as it was given",
    f"{RUN}/scenario.resolved.json": "The scenario with every value spelled out",
}


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


def write_bundle(
    run: RunFolder, path: Path, words: Language = IN_ENGLISH, *, force: bool = False
) -> Written:
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
    date = _date(run)
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / wheel.NAME
        wheel.write_wheel(program)
        members = {**run_members(run), **derived(run, words), **_environment(run.manifest, program)}
        described = {name: _described(name, given) for name, given in members.items()}
        subject = _subject(run, words_of(run, words), date, words)
        members[METADATA] = crate_text(subject, described).encode()
        with new_file(path, force=force) as partial:
            write_archive(partial, members)
            return Written(len(members), partial.stat().st_size, hash_of(partial))


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


def derived(run: RunFolder, words: Language = IN_ENGLISH) -> dict[str, bytes]:
    """Files of a bundle that follow from the run, this version and the language alone."""
    return {
        README: statement(run, words_of(run, words), words).encode(),
        RERUN: rerun_script(str(run.manifest["python"]), wheel.NAME, words.code).encode(),
        f"{RUN}/{REPORT}": render(run, words).encode(),
    }


def _environment(manifest: Mapping[str, Any], program: Path) -> dict[str, bytes | Path]:
    found = installed(manifest)
    return {
        LOCK: lock_text(found, str(manifest["python"])).encode(),
        SBOM: sbom_text(found, str(manifest["result_id"])).encode(),
        f"environment/{wheel.NAME}": program,
    }


def _described(name: str, given: bytes | Path) -> Member:
    about = _ABOUT.get(name, "")
    if isinstance(given, bytes):
        return Member(about, len(given), hashlib.sha256(given).hexdigest())
    return Member(about, given.stat().st_size, hash_of(given))


def _subject(run: RunFolder, told: Said, date: str, words: Language) -> Subject:
    tool = run.manifest["tool"]
    return Subject(
        title=words.name(run.title),
        description=" ".join(told.headline.sentences),
        date=date,
        result_id=str(run.manifest["result_id"]),
        tool=f"{tool['name']} {tool['version']}",
    )


def _date(run: RunFolder) -> str:
    """Day on which the run was made, in UTC."""
    file = run.path / TIMING
    started = read_object(file, "a readable timing").get("started_utc", "")
    try:
        return datetime.fromisoformat(str(started)).date().isoformat()
    except ValueError:
        message = f"expected the time of the run, got {started!r}"
        raise DataError([Problem(str(file), message, key="started_utc")]) from None
