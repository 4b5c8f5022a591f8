"""Checks a bundle: every file against the list in it, and what follows from the run.

In: the folder of an unpacked bundle. Out: what differs, one line each. Pages are made again in the
language of the report in it. Whether the run comes out the same is verified as for any run folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.bundle import wheel
from sim.bundle.bundle import RUN, derived
from sim.bundle.crate import METADATA, read_crate
from sim.errors import OverblockError
from sim.files import hash_of
from sim.report.page.document import language_of
from sim.results.contents import REPORT
from sim.results.manifest import ABSENT
from sim.results.read import open_run
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
    listed, here = read_crate(folder), set(names) - {METADATA}
    found = [f"{name}: is not there" for name in sorted(set(listed) - here)]
    found += [f"{name}: is not in {METADATA}" for name in sorted(here - set(listed))]
    for name in sorted(here & set(listed)):
        if hash_of(folder / name) != listed[name].sha256:
            found.append(f"{name}: differs from its hash in {METADATA}")
        elif (folder / name).stat().st_size != listed[name].n_bytes:
            found.append(f"{name}: differs from its length in {METADATA}")
    return found


def changed_pages(folder: Path) -> Iterator[str]:
    """Pages of an unpacked bundle that are not what this program makes of the run in it."""
    try:
        run = open_run(folder / RUN)
        report = folder / RUN / REPORT
        made = derived(run, language_of(report.read_bytes() if report.is_file() else b""))
    except (OverblockError, KeyError, TypeError, AttributeError) as error:
        yield f"README.md, rerun.sh, report: cannot be made again: {error}"
        return
    for name, data in made.items():
        if (folder / name).is_file() and (folder / name).read_bytes() != data:
            yield f"{name}: is not what this program makes of the run"


def notes_on(folder: Path) -> Iterator[str]:
    """What may explain a difference: another version wrote the bundle."""
    if not (folder / "environment" / wheel.NAME).is_file():
        other = next(iter(sorted((folder / "environment").glob("*.whl"))), None)
        name = ABSENT if other is None else other.name
        yield f"bundled by another version than {__version__}: {name}"
