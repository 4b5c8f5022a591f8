"""Compiled loops that came with the package, for any processor of its platform.

Nothing is looked up where sources, compilers, Python, platform or settings differ from those of
the build.
"""

from __future__ import annotations

import os
import pickle
import platform
import sys
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.addresses.compiled.stamp import PACKAGE, digest, sources

SHIPPED = PACKAGE / "compiled_code"
_HARMLESS = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}
"""Settings of numba that do not change what it compiles."""


def with_shipped(loop: Any, kept: Any) -> Any:
    """Where numba looks for the code of a loop, given where it would."""
    folder = shipped()
    return ShippedCode(folder / name_of(loop), kept) if folder else kept


@cache
def shipped() -> Path | None:
    """Folder of the code that came with the package and is right here; None if there is none."""
    given = {name for name in os.environ if name.startswith("NUMBA_")}
    if given - _HARMLESS or not SHIPPED.is_dir():
        return None
    found = SHIPPED / build_name()
    return found if found.is_dir() else None


def build_name() -> str:
    """What shipped code depends on: sources and compilers, Python, and the kind of machine."""
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
