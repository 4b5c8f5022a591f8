"""Writes the bundle of a run or comparison: one archive that other people can check and rerun.

It is the same bytes for the same folder, program and environment::

    README.md       question, answer, verdicts, what is here
    run/            the folder as the manifest lists it, and its report
    environment/    lock file, the program as a wheel
    rerun.sh        makes the run again and compares all bytes
    SHA256SUMS      hash of every file: sha256sum -c SHA256SUMS
"""

from __future__ import annotations

import base64
import hashlib
import platform
import re
import shlex
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sim.addresses.machine_code import SHIPPED as SHIPPED_CODE
from sim.errors import DataError, OverblockError, Problem, UsageError
from sim.files import hash_of, new_file
from sim.report.page.document import render
from sim.report.words.answer import answer
from sim.report.words.tables import markdown_text
from sim.results.folder import COMPLETE, MANIFEST, RunFolder, check_keys, open_run
from sim.results.integrity import REPORT, changed_files
from sim.results.manifest import ABSENT, package_version
from sim.scenario.library import shipped
from sim.version import __version__

RUN = "run"
README, RERUN, SUMS = "README.md", "rerun.sh", "SHA256SUMS"
LOCK = "environment/requirements.lock"
_NEEDED = ("outputs", "scenario", "python", "packages", "n_replicates_asked")


def write_bundle(run: RunFolder, path: Path, *, force: bool = False) -> tuple[int, int, str]:
    """Write the bundle of a run or comparison.

    Returns
    -------
    n_files, n_bytes, sha256
        Files in it, its length, and the hash of the archive: what to write down elsewhere, since no
        file can hold its own.

    Raises
    ------
    DataError
        If a file of the folder differs from its hash, is missing, or is not this program's.
    UsageError
        If the result is not complete, was made with other versions than are here, or the file is
        taken.
    """
    _check_bundled(run)
    _check_same_versions(run.manifest)
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / WHEEL
        write_wheel(program)
        # Without timing, which holds the typed command.
        names = [MANIFEST, *(str(one["file"]) for one in run.manifest["outputs"])]
        members: dict[str, bytes | Path] = {f"{RUN}/{name}": run.path / name for name in names}
        members |= derived(run)
        lock = lock_text(installed(run.manifest), str(run.manifest["python"]))
        members |= {LOCK: lock.encode(), f"environment/{WHEEL}": program}
        hashes = {
            name: hashlib.sha256(one).hexdigest() if isinstance(one, bytes) else hash_of(one)
            for name, one in sorted(members.items())
        }
        members[SUMS] = "".join(f"{one}  {name}\n" for name, one in hashes.items()).encode()
        with new_file(path, force=force) as partial:
            write_archive(partial, members)
            return len(members), partial.stat().st_size, hash_of(partial)


def _check_bundled(run: RunFolder) -> None:
    """Refuse a folder that could not be handed over."""
    check_keys(run.manifest, _NEEDED, run.path / MANIFEST)
    if (status := run.manifest["status"]) != COMPLETE:
        raise UsageError(f"{run.path}: expected a complete result, got one that is {status}")
    mistakes = changed_files(run)
    names = [str(one["file"]) for one in run.manifest["outputs"]]
    mistakes += [f"{name!r}: is no name for a bundle" for name in names if not is_plain(name)]
    DataError.raise_any([Problem(str(run.path), one) for one in mistakes])


def derived(run: RunFolder) -> dict[str, bytes]:
    """Files of a bundle that follow from the run and this version alone."""
    return {
        README: ("\n\n".join(_paragraphs(run)) + "\n").encode(),
        RERUN: _rerun_script(str(run.manifest["python"])).encode(),
        f"{RUN}/{REPORT}": render(run).encode(),
    }


CONTENTS = {
    "run/report.html": "the report, one file to be opened offline",
    "run/scenario.yaml": "what was asked; `run/scenario.resolved.json` has every value spelled out",
    "run/inputs/": "the tables it rests on, each with a note of its sources",
    "run/manifest.json": "hashes of all inputs and outputs, seed, versions, assumptions and ranges",
    "run/datapackage.json": "every column of every table",
    "environment/requirements.lock": "the exact version of every package",
    "SHA256SUMS": "the hash of every file: `sha256sum -c SHA256SUMS`",
    "rerun.sh": "makes the run again and compares all bytes",
}
"""Files for readers, in the sequence of the page."""


def _paragraphs(run: RunFolder) -> Iterator[str]:
    manifest = run.manifest
    yield f"# {markdown_text(run.title)}"
    yield "## Question"
    names = ", ".join(markdown_text(one) for one in run.strategies)
    several = (
        "Strategies compared in the same simulations" if len(run.strategies) > 1 else "Strategy"
    )
    kind = "simulations that vary every assumption" if run.is_ensemble else "of the point values"
    yield f"{several}: {names}. {run.n_replicates} {kind}."
    if about := str(run.scenario.get("description", "")):
        yield markdown_text(" ".join(about.split()))
    yield "## Answer"
    yield "\n".join(f"- {markdown_text(line)}" for line in answer(run).lines())
    yield "## What is here"
    yield "\n".join(f"- [{name}]({name}): {what}" for name, what in CONTENTS.items())
    yield "## Check it, and make it again"
    yield (
        "`overblock verify CASE.zip` checks all hashes, simulates a sample again, and makes every "
        "table over simulations, the report and this page again. `sh rerun.sh` needs Python, a "
        "shell and network: it installs the locked versions and the program from this bundle, "
        "makes the whole run again and compares every byte."
    )
    codes = [f"run/{one['copy']}" for one in manifest["inputs"] if one["copy"].endswith(".py")]
    if codes:
        trust = " ".join(f"--trust {shlex.quote(one)}" for one in codes)
        yield (
            "Python code of whoever made the run is part of it, and runs with your rights. Read "
            f"it, then give both commands these words: `sh rerun.sh again {trust}`."
        )
    tool, python = manifest["tool"]["version"], manifest["python"]
    yield f"Made by overblock {tool} with Python {python}; the result is {manifest['result_id']}."
    for warning in manifest.get("warnings", []):
        yield f"Warning: {markdown_text(str(warning))}"


def _rerun_script(python: str) -> str:
    """Script for a version of Python, and the file of the program."""
    values = {"@PYTHON@": python, "@MINOR@": ".".join(python.split(".")[:2]), "@WHEEL@": WHEEL}
    script = Path(__file__).with_name(RERUN).read_text(encoding="utf-8")
    return re.sub("@[A-Z]+@", lambda found: values[found[0]], script)


def changed_members(folder: Path, names: Sequence[str]) -> list[str]:
    """Files that are missing, added, or differ from the list in the bundle, one line each.

    Parameters
    ----------
    folder
        Where the bundle is unpacked.
    names
        Of the files in it.

    Raises
    ------
    DataError
        If there is no list.
    """
    listed, here = _read_sums(folder), set(names) - {SUMS}
    found = [f"{name}: is not there" for name in sorted(set(listed) - here)]
    found += [f"{name}: is not in {SUMS}" for name in sorted(here - set(listed))]
    return found + [
        f"{name}: differs from its hash in {SUMS}"
        for name in sorted(here & set(listed))
        if hash_of(folder / name) != listed[name]
    ]


def _read_sums(folder: Path) -> dict[str, str]:
    """Hashes by name."""
    file = folder / SUMS
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"expected the list of hashes of a bundle, got an error: {error}"
        raise DataError([Problem(str(file), message)]) from None
    found = {}
    for row, line in enumerate(lines, 1):
        digest, gap, name = line.partition("  ")
        if len(digest) != 64 or not gap or name in found:
            message = f"expected a hash, two blanks and a new name, got {line[:80]!r}"
            raise DataError([Problem(str(file), message, row)])
        found[name] = digest
    return found


def changed_pages(folder: Path) -> Iterator[str]:
    """Files that are missing though promised, and pages that this program would make otherwise."""
    for name in (README, *CONTENTS):
        if not (folder / name).exists():
            yield f"{name}: is not there"
    try:
        made = derived(open_run(folder / RUN))
    except (OverblockError, KeyError, TypeError, AttributeError) as error:
        yield f"README.md, rerun.sh, report: cannot be made again: {error}"
        return
    for name, data in made.items():
        if (folder / name).is_file() and (folder / name).read_bytes() != data:
            yield f"{name}: is not what this program makes of the run"


def unchecked_members(names: Sequence[str]) -> list[str]:
    """Files of a bundle that nothing but the list in it vouches for: lock file, program, others."""
    known = (README, RERUN, SUMS)
    return [name for name in names if name not in known and not name.startswith(f"{RUN}/")]


def notes_on(folder: Path) -> Iterator[str]:
    """Explain a difference by the version that wrote the bundle."""
    if not (folder / "environment" / WHEEL).is_file():
        other = next(iter(sorted((folder / "environment").glob("*.whl"))), None)
        name = ABSENT if other is None else other.name
        yield f"bundled by another version than {__version__}: {name}"


OWN = "overblock"


def _check_same_versions(manifest: Mapping[str, Any]) -> None:
    """Refuse where a result was made with other versions than are here."""
    made = {OWN: str(manifest["tool"]["version"]), "python": str(manifest.get("python", ABSENT))}
    here = {OWN: __version__, "python": platform.python_version()}
    for name, version in manifest.get("packages", {}).items():
        made[str(name)], here[str(name)] = str(version), package_version(str(name))
    # What was not there when the run was made is left out of the lock, and does no harm here.
    if differ := [
        f"made with {name} {made[name]}, here is {here[name]}: bundle it where it was made"
        for name in made
        if made[name] not in (here[name], ABSENT)
    ]:
        raise UsageError("\n".join(differ))


def installed(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of what overblock needs without extras, and of a manifest's packages.

    Returns
    -------
    versions
        By the name that each distribution gives itself, sorted; overblock is excluded.

    Raises
    ------
    OverblockError
        If one that is needed is not installed.
    """
    packages = manifest.get("packages", {})
    wanted = [OWN, *(str(name) for name, version in packages.items() if version != ABSENT)]
    asked: list[tuple[str, frozenset[str]]] = [(canonicalize_name(n), frozenset()) for n in wanted]
    done: set[tuple[str, frozenset[str]]] = set()
    while asked:
        if (one := asked.pop()) in done:
            continue
        done.add(one)
        asked += [
            (canonicalize_name(need.name), frozenset(need.extras)) for need in _requirements(*one)
        ]
    found = [_metadata(name) for name in sorted({name for name, _ in done} - {OWN})]
    return {one.metadata["Name"]: one.version for one in found}


def _requirements(name: str, extras: frozenset[str]) -> Iterable[Requirement]:
    for text in _metadata(name).requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield one


def _metadata(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise OverblockError(f"{name}: is needed and is not installed") from None


def lock_text(found: Mapping[str, str], python: str) -> str:
    """Requirements with exact versions, for pip."""
    lines = [f"# Python {python}; every distribution that the result was made with"]
    lines += [f"{name}=={version}" for name, version in found.items()]
    return "".join(f"{line}\n" for line in lines)


WHEEL = f"overblock-{__version__}-py3-none-any.whl"
SHIPPED = ("scenarios", "seeds", "samples")
_LEFT_OUT = "__pycache__", SHIPPED_CODE.name
"""Folders of what is made from the rest, here for this platform."""
_PACKAGE = Path(__file__).resolve().parent.parent
_TAGS = """\
Wheel-Version: 1.0
Generator: overblock bundle
Root-Is-Purelib: true
Tag: py3-none-any
"""


def write_wheel(path: Path) -> None:
    """Write the wheel of the program that is running.

    Raises
    ------
    UsageError
        If it is not installed, or what is installed describes another version.

    References
    ----------
    Binary distribution format, https://packaging.python.org/specifications/binary-distribution-format/
    """
    if (got := package_version("overblock")) != __version__:
        raise UsageError(f"expected overblock {__version__} to be installed, got {got}: install it")
    own = metadata.distribution("overblock")
    info = f"overblock-{__version__}.dist-info"
    members: dict[str, bytes | Path] = {"sim/shipped/CITATION.cff": shipped("CITATION.cff")}
    folders = {"sim": _PACKAGE, "overblock": _PACKAGE.with_name("overblock")}
    folders |= {f"sim/shipped/{name}": shipped(name) for name in SHIPPED}
    for name, folder in folders.items():
        members |= _below(folder, name)
    for name in ("METADATA", "entry_points.txt"):
        members[f"{info}/{name}"] = (own.read_text(name) or "").encode()
    members[f"{info}/WHEEL"] = _TAGS.encode()
    members[f"{info}/licenses/LICENSE"] = _license(own)
    record = [f"{name},{_digest(members[name])}\n" for name in sorted(members)]
    members[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    write_archive(path, members)


def _license(own: metadata.Distribution) -> bytes:
    """Text of the licence, wherever the installer put it."""
    for name in ("licenses/LICENSE", "LICENSE"):
        if text := own.read_text(name):
            return text.encode()
    return (_PACKAGE.parent / "LICENSE").read_bytes()


def _below(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_kept = not any(part in _LEFT_OUT or part.startswith(".") for part in parts)
        if path.is_file() and is_kept and path.suffix != ".pyc":
            yield f"{name}/{'/'.join(parts)}", path


def _digest(given: bytes | Path) -> str:
    data = given if isinstance(given, bytes) else given.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(data)}"


MOST_FILES = 10_000
MOST_LETTERS = 240
"""Longest name of a member."""
EXECUTABLE = (".sh",)
_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_UNIX = 3
_NAME = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|]+")


def write_archive(path: Path, members: Mapping[str, bytes | Path]) -> None:
    """Write an archive whose bytes follow from its members alone.

    They are stored, not compressed: the output of a compressor depends on its version.

    Parameters
    ----------
    members
        Bytes, or the file that holds them, by name.
    """
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, given in sorted(members.items()):
                info = zipfile.ZipInfo(name, _TIME)
                info.create_system = _UNIX
                mode = 0o755 if name.endswith(EXECUTABLE) else 0o644
                info.external_attr = (stat.S_IFREG | mode) << 16
                archive.writestr(info, given if isinstance(given, bytes) else given.read_bytes())
    except OSError as error:
        error.filename = error.filename or path  # a full disk names none
        raise


def unpack_archive(path: Path, folder: Path, max_bytes: int) -> list[str]:
    """Unpack an archive into an empty folder, and return the names of its files, sorted.

    Names and stated sizes of all members are checked before the first is unpacked, and none is read
    beyond its stated size.

    Parameters
    ----------
    max_bytes
        Most bytes of all files together, after decompression.

    Raises
    ------
    DataError
        If it is no archive, or holds what is not taken: a name that leads elsewhere, two of one
        name, a link, a member that is encrypted, too many files or bytes. All mistakes at once;
        nothing is unpacked then.
    """
    try:
        if path.stat().st_size > max_bytes:
            raise _refused(path, [f"expected at most {max_bytes:,} bytes, got more"])
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if mistakes := _mistakes(members, max_bytes):
                raise _refused(path, mistakes)
            for one in members:
                target = folder / one.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                # zipfile gives no more of a member than it says it holds.
                with archive.open(one) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file, _CHUNK)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise _refused(path, [f"expected a whole ZIP archive, got an error: {error}"]) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise _refused(path, [f"expected a readable file, got an error: {why}"]) from None
    return sorted(one.filename for one in members)


def _refused(path: Path, mistakes: list[str]) -> DataError:
    return DataError([Problem(str(path), mistake) for mistake in mistakes])


def _mistakes(members: list[zipfile.ZipInfo], max_bytes: int) -> list[str]:
    if len(members) > MOST_FILES:
        return [f"expected at most {MOST_FILES:,} files, got {len(members):,}"]
    found = []
    if (n_bytes := sum(one.file_size for one in members)) > max_bytes:
        found.append(f"expected at most {max_bytes:,} bytes unpacked, got {n_bytes:,}")
    seen: set[str] = set()
    folders = {
        "/".join(parts[:n]).casefold()
        for parts in (one.filename.split("/") for one in members)
        for n in range(1, len(parts))
    }
    for one in members:
        name = one.filename
        shown = name[:MOST_LETTERS].encode("unicode_escape").decode("ascii")
        if not is_plain(name):
            found.append(f"expected names below the archive, got {shown!r}")
        # Two names that differ in case are one file on some machines.
        elif name.casefold() in seen | folders:
            found.append(f"expected each name once, got {shown!r} twice")
        kind = stat.S_IFMT(one.external_attr >> 16)
        if one.is_dir() or kind not in (0, stat.S_IFREG):
            found.append(f"expected files, got {shown!r}, which is none")
        if one.flag_bits & 0x1:
            found.append(f"expected no encryption, got {shown!r} encrypted")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            found.append(f"expected files stored or deflated, got {shown!r} otherwise")
        seen.add(name.casefold())
    return found


def is_plain(name: str) -> bool:
    """Whether a name leads to a file below the folder it is taken from, on every system."""
    parts = name.split("/")
    return (
        0 < len(name) <= MOST_LETTERS
        and _NAME.fullmatch(name) is not None
        and all(part and part == part.strip(" .") for part in parts)
    )
