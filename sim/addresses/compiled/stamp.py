"""What compiled loops depend on: the files of loops, what these import, and the compilers.

An edit of any other file leaves compiled code as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
_KERNELS = "*_kernel.py"
"""Files of loops."""
_IMPORT = re.compile(
    rf"^(?:from|import) +({PACKAGE.name}\b[\w.]*)(?: +import +(\([^)]*\)|.*))?", re.M
)
"""What a file imports as it is loaded: not within a function, nor for type checkers alone."""
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
