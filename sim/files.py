"""Files written whole or not at all, and never over what somebody else wrote.

::

    .NAME.partial-PROCESS.SUFFIX    a file under way; one that a killed process left is removed by
                                    the next that writes the same file
    .overblock.json                 beside files that are drawn again and again: which they are
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from sim.errors import UsageError

RECORD = ".overblock.json"
RECORD_SCHEMA = "overblock/written/1"


class RepeatedKeyError(ValueError):
    """An object of JSON has a key twice; which of its values is meant, nobody knows."""


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text, in which each object has each key once.

    Raises
    ------
    RepeatedKeyError
        If a key stands twice.
    ValueError
        If it is no JSON.
    """
    return json.loads(text, object_pairs_hook=_each_key_once)


# Encodings in which spreadsheets save, the letters beyond ASCII of the languages that they are for,
# and how many of these come together: letters of Greek or Russian fill words.
_LETTERS = {
    "windows-1252": (2, "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüŒœ"),
    "windows-1254": (4, "ÂÇÎÖÛÜâçîöûüĞğİıŞş"),
    "windows-1250": (4, "ÓóĄąĆćĘęŁłŃńŚśŹźŻż"),
}
_MARKS = "€‘’“”–—…ªº°·¿¡«»\xa0"


def _encoding_of(text: bytes) -> str:
    """First encoding in which all that is beyond ASCII are letters of its languages, or marks."""
    for code, (most, letters) in _LETTERS.items():
        beyond = re.sub(f"[\0-\x7f{_MARKS}]+", " ", text.decode(code, "replace"))
        if not beyond.translate(dict.fromkeys(map(ord, letters))).strip():
            return code if max(map(len, beyond.split()), default=0) <= most else ""
    return ""


def to_utf8(text: bytes, note: str = "") -> tuple[bytes, str]:
    """Return a text as UTF-8, and a note, one for all of a file, if it was in another encoding."""
    with suppress(UnicodeDecodeError):
        text.isascii() or text.decode()
        return text, note
    if not (code := _encoding_of(text)):
        return text, note
    read = text.decode(code)
    example = next(cell for cell in re.split(r"[,;\t\r\n\"]", read) if not cell.isascii())
    told = f"not UTF-8: read as {code}, such as {example.strip()[:80]!r}"
    return read.encode(), note or f"{told}; save it as UTF-8 if that is misspelt"


def not_utf8(data: bytes, got: str) -> str:
    """Return what is wrong with a text that is not UTF-8, and how to make it so."""
    code = "windows-1251" if re.search(rb"[\xc0-\xff]{4}", data) else "windows-1250"
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        code = "utf-16"
    way = f"`iconv -f {_encoding_of(data) or code} -t utf-8 FILE > NEW`"
    save = 'save it as UTF-8 (a spreadsheet as "CSV UTF-8")'
    return f"expected UTF-8 text, got {got}: {save}, or run {way}"


def without_nan(value: Any) -> Any:
    """Replace numbers that are not finite by None, wherever they are, as JSON has none."""
    if isinstance(value, dict):
        return {key: without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _each_key_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        again = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise RepeatedKeyError(f"expected each key once, got {again[:60]!a} again")
    return found


_READ: ContextVar[set[tuple[int, int]] | None] = ContextVar("_READ", default=None)


@contextmanager
def keeps_what_is_read() -> Iterator[None]:
    """Refuse to write over any file that `note_read` names while the block lasts."""
    token = _READ.set(set())
    try:
        yield
    finally:
        _READ.reset(token)


def note_read(path: Path) -> None:
    """Name a file as one that is read, by whatever link; without effect outside of a block."""
    read = _READ.get()
    if read is not None:
        with suppress(OSError):
            read.add(_identity(path))


def _check_not_read(path: Path) -> None:
    if path.exists() and _identity(path) in (_READ.get() or ()):
        raise UsageError(f"{path}: is a file that this command reads; choose another output")


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that a reader or a killed process never sees half of it.

    Raises
    ------
    OSError
        If it cannot be written; then the older one is as it was.
    """
    temporary = _temporary(path)
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_free(path: Path, *, force: bool = False) -> None:
    """Refuse to write over a file unless forced, over what is read, and where nothing can be.

    Raises
    ------
    UsageError
        If the path is taken, or read, or no file could be made there.
    """
    _check_not_read(path)
    if path.is_file():
        if not force:
            raise UsageError(f"{path}: exists; give --force to replace it")
    elif path.exists() or path.is_symlink():
        raise UsageError(f"{path}: exists and is no file; choose another place")
    above = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        # Rights alone do not tell: some folders take no file of anybody.
        tempfile.TemporaryFile(dir=above).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: cannot write a file in {above}: {reason}") from None


@contextmanager
def new_file(
    path: Path, *, force: bool = False, check: Callable[[Path], None] | None = None
) -> Iterator[Path]:
    """Give a temporary path with the same suffix, and move what is written there to ``path``.

    The block should do nothing but write. If it ends with an error, nothing of it is left.

    Parameters
    ----------
    force
        Replace a file that is there.
    check
        Refuses a path in place of `check_free`.

    Raises
    ------
    UsageError
        If the path is taken, or cannot be written.
    """
    refuse = check or partial(check_free, force=force)
    refuse(path)
    made = [parent for parent in path.parents if not parent.exists()]
    temporary = _temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_behind(path)
        yield temporary
        refuse(path)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        remove_empty(made)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise UsageError(f"{path}: cannot write this file: {reason}") from None
        raise


def check_all_free(folder: Path, names: Sequence[str], *, force: bool = False) -> None:
    """Refuse to write over files of a folder, but for those that are as `new_files` wrote them.

    Raises
    ------
    UsageError
        With every name that is taken.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: exists and is no folder; choose another place")
    written = written_files(folder)
    taken = []
    for name in names:
        path = folder / name
        _check_not_read(path)
        if path.is_file() and not path.is_symlink():
            if not force and name not in written:
                taken.append(f"{path}: exists; give --force to replace it")
        elif path.exists() or path.is_symlink():
            taken.append(f"{path}: exists and is no file; choose another place")
    if taken:
        raise UsageError("\n".join(taken))


@contextmanager
def new_files(folder: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder, and move the files that are written there into ``folder``.

    ``folder`` keeps a record of them: those that are still as they were written are replaced by the
    next of their name.

    Raises
    ------
    UsageError
        If a file of the same name is there and not forced, or the files cannot be written.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    temporary = folder / f".partial-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.glob(".partial-*"):
            if _is_left_behind(other.name.removeprefix(".partial-")):
                shutil.rmtree(other, ignore_errors=True)
        temporary.mkdir()
        yield temporary
        files = sorted(temporary.iterdir(), key=lambda path: path.name)
        check_all_free(folder, [file.name for file in files], force=force)
        # The record comes first: killed in between, it names files that are not there yet.
        written = written_files(folder)
        digests = {file.name: [*written.get(file.name, ()), hash_of(file)] for file in files}
        record = {"schema": RECORD_SCHEMA, "sha256": dict(sorted((written | digests).items()))}
        _remove_left_behind(folder / RECORD)
        text = json.dumps(record, indent=1, ensure_ascii=False)
        write_whole(folder / RECORD, f"{text}\n".encode())
        for file in files:
            file.replace(folder / file.name)
        temporary.rmdir()
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        remove_empty(made)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise UsageError(f"{folder}: cannot write here: {reason}") from None
        raise


def written_files(folder: Path) -> dict[str, list[str]]:
    """Files that `new_files` wrote into a folder and nobody changed since, with their SHA-256."""
    try:
        record = parse_json((folder / RECORD).read_text(encoding="utf-8"))
        entries = record["sha256"].items() if record["schema"] == RECORD_SCHEMA else ()
        known = {str(name): {str(digest) for digest in digests} for name, digests in entries}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    found = {}
    for name, digests in known.items():
        path = folder / name
        is_here = Path(name).name == name and path.is_file() and not path.is_symlink()
        if is_here and (digest := hash_of(path)) in digests:
            found[name] = [digest]
    return found


def hash_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as there is nothing in them."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial-{os.getpid()}{path.suffix}")


def _remove_left_behind(path: Path) -> None:
    """Remove what killed processes left of the same file."""
    pattern = re.compile(rf"{re.escape(f'.{path.name}.partial-')}(\d+){re.escape(path.suffix)}")
    for other in path.parent.iterdir():
        if (match := pattern.fullmatch(other.name)) and _is_left_behind(match[1]):
            other.unlink(missing_ok=True)


def _is_left_behind(process: str) -> bool:
    return process.isdecimal() and not is_running(int(process))


def is_running(process: int) -> bool:
    """Whether another process of that number is running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return process != os.getpid()
