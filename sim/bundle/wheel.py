"""The program that is running, as a wheel: no network, no build tool.

In: the files of the package, of a clone or of an installation. Out: the bytes of a wheel with the
same files, changes of a clone that were never committed or published among them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from sim.addresses.machine_code import SHIPPED as SHIPPED_CODE
from sim.bundle.archive import write_archive
from sim.errors import UsageError
from sim.scenario.library import shipped
from sim.version import __version__

NAME = f"overblock-{__version__}-py3-none-any.whl"
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
    try:
        own = metadata.distribution("overblock")
    except metadata.PackageNotFoundError:
        own = None
    if own is None or own.version != __version__:
        got = "none" if own is None else own.version
        raise UsageError(f"expected overblock {__version__} to be installed, got {got}: install it")
    info = f"overblock-{__version__}.dist-info"
    members: dict[str, bytes | Path] = dict(_files())
    for name in ("METADATA", "entry_points.txt"):
        members[f"{info}/{name}"] = (own.read_text(name) or "").encode()
    members[f"{info}/WHEEL"] = _TAGS.encode()
    members[f"{info}/licenses/LICENSE"] = _license(own)
    record = [f"{name},{_digest(members[name])}" for name in sorted(members)]
    members[f"{info}/RECORD"] = "".join(
        f"{line}\n" for line in [*record, f"{info}/RECORD,,"]
    ).encode()
    write_archive(path, members)


def _license(own: metadata.Distribution) -> bytes:
    """Text of the licence, wherever the installer put it."""
    for name in ("licenses/LICENSE", "LICENSE"):
        if text := own.read_text(name):
            return text.encode()
    return (_PACKAGE.parent / "LICENSE").read_bytes()


def _files() -> Iterator[tuple[str, Path]]:
    """Files of the package by their names in the wheel, with what it ships."""
    yield from _below(_PACKAGE, "sim")
    yield from _below(_PACKAGE.with_name("overblock"), "overblock")
    for folder in SHIPPED:
        yield from _below(shipped(folder), f"sim/shipped/{folder}")


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
