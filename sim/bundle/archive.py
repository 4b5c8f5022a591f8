"""ZIP archives that are the same bytes each time, and a reader that trusts none.

Members are stored, not compressed: the output of a compressor depends on its version.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sim.errors import DataError, Problem

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

    Parameters
    ----------
    members
        Bytes, or the file that holds them, by name.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = _UNIX
            mode = 0o755 if name.endswith(EXECUTABLE) else 0o644
            info.external_attr = (stat.S_IFREG | mode) << 16
            given = members[name]
            archive.writestr(info, given if isinstance(given, bytes) else given.read_bytes())


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
