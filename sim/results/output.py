"""Makes a run folder under a temporary name and moves it into place when it is complete.

::

    .NAME.partial-PROCESS     a folder being made; its process holds a lock on it
    .NAME.replaced-PROCESS    an earlier run while a new one is moved into its place

The lock tells a folder that is being made from one that a killed process left, since the system
releases it with the process. The number does not: it may be another process by now, or one in
another container.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from sim.errors import PartialError, UsageError
from sim.files import is_running, remove_empty
from sim.results.folder import is_run_folder
from sim.results.integrity import DIFFERS, changes_of, foreign_files

MOST_NAMED = 5
"""Most files that a message names."""
_PARTIAL = re.compile(r"\.(.+)\.partial-(\d+)(-\d+)?")
_REPLACED = re.compile(r"\.(.+)\.replaced-(\d+)(-\d+)?")


def check_free(path: Path, *, force: bool) -> None:
    """Refuse to write over anything but, when forced, an earlier run as it was written.

    Raises
    ------
    UsageError
        If the path is taken, a process is at work on it, or it has no name that a folder could be
        moved to.
    """
    if path.name in {"", ".."}:
        raise UsageError(f"{path}: expected a folder with a name of its own; choose another")
    _check_idle(path)
    _check_own(path, force=force)


def _check_idle(path: Path, but: Path | None = None) -> None:
    for partial in partial_folders(path):
        if partial != but:
            check_left_behind(partial)


def _check_own(path: Path, *, force: bool) -> None:
    if not path.exists() and not path.is_symlink():
        return
    is_folder = path.is_dir() and not path.is_symlink()
    if is_folder and not any(path.iterdir()):
        return
    if not is_folder or not is_run_folder(path):
        raise UsageError(f"{path}: exists and is not a run's folder; choose another --output")
    if not force:
        raise UsageError(f"{path}: holds an earlier run; give --force to replace it")
    modified = (name for name, why in changes_of(path) if why == DIFFERS)
    names = sorted({*foreign_files(path), *modified})
    if names:
        more = f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
        raise UsageError(
            f"{path}: holds {', '.join(names[:MOST_NAMED])}{more}, which is not this program's, or "
            "was changed; move it away, or choose another --output"
        )


@contextmanager
def new_folder(
    path: Path, *, force: bool, is_worth: Callable[[Path], object] = lambda partial: None
) -> Iterator[Path]:
    """Yield a temporary folder, and move it to ``path`` if the block ends without an error.

    Parameters
    ----------
    is_worth
        Whether the temporary folder is worth keeping after an error; else it is removed.

    Raises
    ------
    UsageError
        If ``path`` is taken or being made, or the folder cannot be made.
    PartialError
        If ``path`` is taken when the block has ended; the folder is then kept.
    """
    _check_idle(path)
    put_back(path)
    check_free(path, force=force)
    made = [parent for parent in path.parents if not parent.exists()]
    partial, is_held = _beside(path, "partial"), False
    with ExitStack() as until_moved:
        try:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                partial.mkdir()
            except OSError as error:
                raise UsageError(f"{path}: cannot make this folder: {error.strerror}") from None
            if (handle := _lock(partial, is_shared=False)) is not None:
                until_moved.callback(os.close, handle)
            is_held = True
            # A process that started at the same moment is seen now, if not before.
            _check_idle(path, partial)
            yield partial
        except BaseException as error:
            if is_worth(partial):
                error.add_note(f"what is finished is kept in {partial}; --resume {partial} goes on")
                raise
            if is_held:
                shutil.rmtree(partial, ignore_errors=True)
            remove_empty([partial, *made])  # only what was made for this run
            if isinstance(error, KeyboardInterrupt):
                error.add_note("nothing was finished and nothing is left behind")
            raise
        try:
            _check_own(path, force=force)
            _move(partial, path)
        except (UsageError, OSError) as error:
            how = f"; --resume {partial} -o OTHER puts it elsewhere" if is_worth(partial) else ""
            raise PartialError(f"{error}\nwhat is finished is kept in {partial}{how}") from None
    for other in partial_folders(path):
        if not is_worth(other) and not _is_locked(other):
            shutil.rmtree(other, ignore_errors=True)


def partial_folders(path: Path) -> list[Path]:
    """Temporary folders for a path, the newest first."""
    return sorted(_siblings(path, _PARTIAL), key=lambda other: other.stat().st_mtime, reverse=True)


def destination(partial: Path) -> Path | None:
    """Path that a temporary folder is for; None if it is no temporary folder."""
    match = _PARTIAL.fullmatch(partial.name)
    return partial.with_name(match[1]) if match else None


def check_left_behind(partial: Path) -> None:
    """Refuse a temporary folder that a process is working on.

    Raises
    ------
    UsageError
        If one is.
    """
    match = _PARTIAL.fullmatch(partial.name)
    if match is None:
        return
    is_locked = _is_locked(partial)
    if is_locked or (is_locked is None and is_running(int(match[2]))):
        raise UsageError(f"{partial}: process {match[2]} is still at it")


def _siblings(path: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Folders beside a path that are named after it."""
    if not path.parent.is_dir():
        return []
    return [
        other
        for other in path.parent.iterdir()
        if (match := pattern.fullmatch(other.name)) and match[1] == path.name and other.is_dir()
    ]


def _beside(path: Path, kind: str) -> Path:
    """A free name beside a path."""
    names = (f".{path.name}.{kind}-{os.getpid()}{f'-{n}' if n else ''}" for n in count())
    return next(one for name in names if not (one := path.with_name(name)).exists())


def _move(partial: Path, path: Path) -> None:
    if not path.exists() or not any(path.iterdir()):
        partial.rename(path)
        return
    replaced = _beside(path, "replaced")
    path.rename(replaced)
    try:
        partial.rename(path)
    except OSError:
        replaced.rename(path)
        raise
    shutil.rmtree(replaced)


def put_back(path: Path) -> None:
    """Undo the replacement of an earlier run by a process that was killed, or complete it."""
    for replaced in _siblings(path, _REPLACED):
        if is_run_folder(path):
            shutil.rmtree(replaced)
        elif not path.exists() and not path.is_symlink():
            replaced.rename(path)


def _is_locked(folder: Path) -> bool | None:
    """Whether a process holds a lock on a folder; None where this cannot be found out."""
    try:
        handle = _lock(folder, is_shared=True)
    except BlockingIOError:
        return True
    if handle is None:
        return None
    os.close(handle)
    return False


def _lock(folder: Path, *, is_shared: bool) -> int | None:
    """Lock a folder until the handle is closed; None where a file system or machine cannot."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        # Shared locks are held for a moment only: the exclusive one waits for them.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB if is_shared else fcntl.LOCK_EX)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return handle
