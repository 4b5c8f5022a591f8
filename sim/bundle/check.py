"""Checks a bundle: every file against the list in it, and what follows from the run.

Whether the run comes out the same is verified as for any run folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.bundle import wheel
from sim.bundle.bundle import RUN, SUMS, derived
from sim.errors import DataError, OverblockError, Problem
from sim.files import hash_of
from sim.results.folder import open_run
from sim.results.manifest import ABSENT
from sim.version import __version__


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
    """Pages of an unpacked bundle that are not what this program makes of the run in it."""
    try:
        run = open_run(folder / RUN)
        made = derived(run)
    except (OverblockError, KeyError, TypeError, AttributeError) as error:
        yield f"README.md, rerun.sh, report: cannot be made again: {error}"
        return
    for name, data in made.items():
        if (folder / name).is_file() and (folder / name).read_bytes() != data:
            yield f"{name}: is not what this program makes of the run"


def notes_on(folder: Path) -> Iterator[str]:
    """Explain a difference by the version that wrote the bundle."""
    if not (folder / "environment" / wheel.NAME).is_file():
        other = next(iter(sorted((folder / "environment").glob("*.whl"))), None)
        name = ABSENT if other is None else other.name
        yield f"bundled by another version than {__version__}: {name}"
