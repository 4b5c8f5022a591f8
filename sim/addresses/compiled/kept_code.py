"""Where numba keeps compiled loops: a folder named by sources and compiler they come from."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast

from sim.addresses.compiled.shipped_code import with_shipped
from sim.addresses.compiled.stamp import PACKAGE, digest, sources

Function = TypeVar("Function")
_GIVEN = "NUMBA_CACHE_DIR"
_PREFIX = "compiled-"
_OURS = re.compile(rf"{_PREFIX}[0-9a-f]{{16}}")
_N_SHARED = 10
"""Folders kept where several installations keep theirs, of some megabytes each."""
_BUSY_NS = 3600 * 10**9
"""How long after it was last used somebody may still be compiling into a folder."""
_STARTED_NS = time.time_ns()


def compiled(function: Function) -> Function:
    """Compile a loop that Python calls when it is first called, and keep its code.

    It is kept for the sources as they are now.
    """
    config: Any = import_module("numba.core.config")
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder())
    try:
        # A loop notes its folder here; other users of numba in this process keep theirs.
        keep = import_module("numba").njit(cache=True, nogil=True, no_cfunc_wrapper=True)
        loop: Any = keep(function)
    finally:
        config.CACHE_DIR = before
    # With NUMBA_DISABLE_JIT it is the function itself.
    if hasattr(loop, "_cache"):
        loop._cache = with_shipped(function, loop._cache)
    return cast("Function", loop)


@cache
def folder() -> Path:
    """Folder of this process's compiled code; made if it is not there.

    The first of these that can be written: that of ``NUMBA_CACHE_DIR``, which stands alone if it is
    given; the package's own; the user's. Else, and where a source changed after this process
    started, so that what is compiled may not be what is in the files, a folder that goes with it.
    """
    files = sources()
    is_of_files = max(_changed_ns(file) for file in files) < _STARTED_NS
    name = f"{_PREFIX}{digest(files)}" if is_of_files else f"{_PREFIX}changed"
    for base in _bases() if is_of_files else ():
        kept = base / name
        if _is_writable(kept):
            _forget_others(kept)
            return kept
    base = Path(tempfile.mkdtemp(prefix=f"overblock-{_PREFIX}"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    (base / name).mkdir()
    return base / name


def environment() -> dict[str, str]:
    """Variables by which a process that this one starts finds the folder of this one.

    Code of sources that changed meanwhile is in a folder that no other process looks for.
    """
    return {_GIVEN: str(folder().parent)}


def _changed_ns(file: Path) -> int:
    """When a file was written, or put where it is."""
    status = file.stat()
    return max(status.st_mtime_ns, status.st_ctime_ns)


def _bases() -> Iterator[Path]:
    if given := os.environ.get(_GIVEN):
        yield Path(given)
        return
    yield PACKAGE / "__pycache__"
    if user := os.environ.get("XDG_CACHE_HOME"):
        yield Path(user, "overblock")
    elif (home := os.path.expanduser("~")) != "~":
        yield Path(home, ".cache", "overblock")


def _is_writable(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError:
        return False
    return True


def _forget_others(kept: Path) -> None:
    """Remove code of sources that the package no longer has, elsewhere what was used longest ago.

    What a process that began before an edit is saving into stays: numba fails where the folder of a
    file that it writes is gone. What it reads it takes for granted nowhere, and compiles again.
    """
    used_ns = {}
    with suppress(OSError):
        os.utime(kept)
        for other in kept.parent.iterdir():
            if _OURS.fullmatch(other.name) and other.is_dir() and not other.is_symlink():
                # Others may be removing the same one.
                with suppress(OSError):
                    used_ns[other] = other.stat().st_mtime_ns
    used_ns.pop(kept, None)
    if kept.parent == PACKAGE / "__pycache__":
        busy_ns = time.time_ns() - _BUSY_NS
        n_left = min(sum(at_ns > busy_ns for at_ns in used_ns.values()), _N_SHARED - 1)
    else:
        n_left = _N_SHARED - 1
    for old in sorted(used_ns, key=lambda path: -used_ns[path])[n_left:]:
        shutil.rmtree(old, ignore_errors=True)
