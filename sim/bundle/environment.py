"""The environment of a result: every distribution it was made with, as a lock file.

An installation does not know the hashes of its distributions.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sim.errors import OverblockError, UsageError
from sim.results.manifest import ABSENT, package_version
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
