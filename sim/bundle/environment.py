"""The environment of a result: its distributions as a lock file, and the program as a wheel.

The wheel holds the files of the running package, of a clone or an installation, with the changes of
a clone that were never committed. An installation does not know the hashes of its distributions.
"""

from __future__ import annotations

import base64
import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sim.addresses.machine_code import SHIPPED as SHIPPED_CODE
from sim.bundle.archive import write_archive
from sim.errors import OverblockError, UsageError
from sim.results.manifest import ABSENT, package_version
from sim.scenario.library import shipped
from sim.version import __version__

OWN = "overblock"


def check_same_versions(manifest: Mapping[str, Any]) -> None:
    """Refuse where a result was made with other versions than are here.

    Raises
    ------
    UsageError
        With every version that differs.
    """
    tool = str(manifest["tool"]["version"])
    made = {OWN: tool, "python": str(manifest.get("python", ABSENT))}
    here = {OWN: __version__, "python": platform.python_version()}
    for name, version in manifest.get("packages", {}).items():
        made[str(name)], here[str(name)] = str(version), package_version(str(name))
    # What was not there when the run was made is left out of the lock, and does no harm here.
    differ = [name for name in made if made[name] not in (here[name], ABSENT)]
    if differ:
        raise UsageError(
            "\n".join(
                f"made with {name} {made[name]}, here is {here[name]}: bundle it where it was made"
                for name in differ
            )
        )


def installed(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of what overblock needs without extras, and of a manifest's packages.

    Returns
    -------
    versions
        By the name that each distribution gives itself, sorted; overblock is excluded.

    Raises
    ------
    OverblockError
        If one that is needed is not installed.
    """
    packages = manifest.get("packages", {})
    wanted = [OWN, *(str(name) for name, version in packages.items() if version != ABSENT)]
    asked: list[tuple[str, frozenset[str]]] = [(canonicalize_name(n), frozenset()) for n in wanted]
    done: set[tuple[str, frozenset[str]]] = set()
    while asked:
        if (one := asked.pop()) in done:
            continue
        done.add(one)
        asked += [
            (canonicalize_name(need.name), frozenset(need.extras)) for need in _requirements(*one)
        ]
    found = [_metadata(name) for name in sorted({name for name, _ in done} - {OWN})]
    return {one.metadata["Name"]: one.version for one in found}


def _requirements(name: str, extras: frozenset[str]) -> Iterable[Requirement]:
    for text in _metadata(name).requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield one


def _metadata(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise OverblockError(f"{name}: is needed and is not installed") from None


def lock_text(found: Mapping[str, str], python: str) -> str:
    """Requirements with exact versions, for pip."""
    lines = [f"# Python {python}; every distribution that the result was made with"]
    lines += [f"{name}=={version}" for name, version in found.items()]
    return "".join(f"{line}\n" for line in lines)


WHEEL = f"overblock-{__version__}-py3-none-any.whl"
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
