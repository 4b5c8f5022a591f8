"""Compiled loops: where numba keeps them, and those that came with the package.

A folder is named by the sources and compilers that the code comes from. numba itself looks at the
file of a function alone: it would use old code after a constant changed in another file, and two
versions of the package that save into one folder could read each other's code.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, cached_property
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, TypeVar, cast

PACKAGE = Path(__file__).resolve().parents[1]
_KERNELS = "*_kernel.py"
"""Files of loops."""
_IMPORT = re.compile(
    rf"^(?:from|import) +({PACKAGE.name}\b[\w.]*)(?: +import +(\([^)]*\)|.*))?", re.M
)
"""Imports that run when a file is loaded: none in functions or for type checkers alone."""
_COMPILERS = ("numba", "llvmlite", "numpy")
"""Distributions whose versions compiled code may depend on."""


def sources() -> list[Path]:
    """Files that compiled code may depend on: of loops, and what these import, sorted."""
    found: set[Path] = set()
    waiting = list(PACKAGE.rglob(_KERNELS))
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imported(file.read_text(encoding="utf-8")))
    return sorted(found)


def _imported(text: str) -> Iterator[Path]:
    """Files of the package that a file imports."""
    for module, names in _IMPORT.findall(text):
        place = PACKAGE.parent.joinpath(*module.split("."))
        # A name may be that of a module.
        inside = (place / f"{name}.py" for name in re.findall(r"\w+", names))
        for file in (place.with_suffix(".py"), place / "__init__.py", *inside):
            if file.is_file():
                yield file


def digest(files: list[Path]) -> str:
    """Sixteen hexadecimal digits that tell sources apart by name and content, and compilers."""
    sha256 = hashlib.sha256()
    for name in _COMPILERS:
        sha256.update(f"{name} {metadata.version(name)}\0".encode())
    for file in files:
        content = file.read_bytes()
        sha256.update(f"{file.relative_to(PACKAGE).as_posix()}\0{len(content)}\0".encode())
        sha256.update(content)
    return sha256.hexdigest()[:16]


SHIPPED = PACKAGE / "compiled_code"
_HARMLESS = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}
"""Settings of numba that do not change what it compiles."""


@cache
def shipped() -> Path | None:
    """Folder of the code that came with the package and is right here; None if there is none."""
    given = {name for name in os.environ if name.startswith("NUMBA_")}
    if given - _HARMLESS or not SHIPPED.is_dir():
        return None
    found = SHIPPED / build_name()
    return found if found.is_dir() else None


def build_name() -> str:
    """Name of what shipped code depends on: sources, compilers, Python, kind of machine."""
    python = sys.implementation.cache_tag
    return f"{digest(sources())}-{python}-{sys.platform}-{platform.machine()}"


def name_of(function: Any) -> str:
    """Name of the file that has the code of a loop."""
    return f"{function.__module__}.{function.__qualname__}"


class ShippedCode:
    """Where numba looks for the code of a loop: what was shipped, then what it kept itself.

    Parameters
    ----------
    file
        Pickled code by types of arguments.
    kept
        numba's own, which also takes what is compiled here.
    """

    def __init__(self, file: Path, kept: Any) -> None:
        self._file, self._kept = file, kept

    def __getattr__(self, name: str) -> Any:
        """All else is numba's own."""
        return getattr(self._kept, name)

    @cached_property
    def _code(self) -> dict[Any, bytes]:
        try:
            found: dict[Any, bytes] = pickle.loads(self._file.read_bytes())
        except FileNotFoundError:  # never called by what was shipped
            return {}
        return found

    def load_overload(self, types: Any, target: Any) -> Any:
        """Code for arguments of these types; None if it has to be compiled."""
        code = self._code.get(types)
        if code is None:
            return self._kept.load_overload(types, target)
        target.refresh()
        return import_module("numba.core.compiler").CompileResult._rebuild(
            target, *pickle.loads(code)
        )


Function = TypeVar("Function")
_GIVEN = "NUMBA_CACHE_DIR"
_PREFIX = "compiled-"
_OURS = re.compile(rf"{_PREFIX}[0-9a-f]{{16}}")
_N_KEPT = 10
"""Folders kept in one place, of some megabytes each."""
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
    if hasattr(loop, "_cache") and (ours := shipped()):
        loop._cache = ShippedCode(ours / name_of(function), loop._cache)
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
    """Remove what was used longest ago; a process that finds code missing compiles it again."""
    used_ns = {}
    with suppress(OSError):
        os.utime(kept)
        for other in kept.parent.iterdir():
            if _OURS.fullmatch(other.name) and other.is_dir() and not other.is_symlink():
                # Others may be removing the same one.
                with suppress(OSError):
                    used_ns[other] = other.stat().st_mtime_ns
    used_ns.pop(kept, None)
    for old in sorted(used_ns, key=lambda path: -used_ns[path])[_N_KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
