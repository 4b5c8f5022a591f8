"""The environment of a result: every distribution it was made with, as a lock file and as an SBOM.

In: the manifest of a run, and what is installed here. Out: names and versions, or a refusal where
the run was made with others. Hashes of distributions are not known to an installation.
"""

from __future__ import annotations

import json
import platform
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sim.errors import OverblockError, UsageError
from sim.results.manifest import ABSENT, package_version
from sim.version import __version__

OWN = "overblock"
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/overblock")


@dataclass(frozen=True)
class Distribution:
    """One distribution that is installed.

    Attributes
    ----------
    name, version
        As it names itself.
    license
        As it states it; empty where it does not.
    needs
        Normal names of those that it needs here, sorted.
    """

    name: str
    version: str
    license: str
    needs: tuple[str, ...]

    @property
    def purl(self) -> str:
        """Package URL, as an SBOM names it."""
        return f"pkg:pypi/{canonicalize_name(self.name)}@{self.version}"


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


def installed(manifest: Mapping[str, Any]) -> dict[str, Distribution]:
    """What overblock needs without extras, and the packages of a manifest, with all these need.

    Returns
    -------
    found
        By normal name, sorted; overblock is among them.

    Raises
    ------
    OverblockError
        If one that is needed is not installed.
    """
    packages = manifest.get("packages", {})
    wanted = [OWN, *(str(name) for name, version in packages.items() if version != ABSENT)]
    asked: list[tuple[str, frozenset[str]]] = [(canonicalize_name(n), frozenset()) for n in wanted]
    needs: dict[str, set[str]] = {}
    done = set()
    while asked:
        name, extras = asked.pop()
        if (name, extras) in done:
            continue
        done.add((name, extras))
        for one in _requirements(name, extras):
            other = canonicalize_name(one.name)
            needs.setdefault(name, set()).add(other)
            asked.append((other, frozenset(one.extras)))
        needs.setdefault(name, set())
    return {name: _distribution(name, needs[name]) for name in sorted(needs)}


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


def _distribution(name: str, needs: Iterable[str]) -> Distribution:
    found = _metadata(name)
    told = found.metadata
    stated = next((told[key] for key in ("License-Expression", "License") if key in told), "")
    # A whole text of a licence is no name of one.
    is_name = len(stated) <= 80 and "\n" not in stated
    return Distribution(
        told["Name"], found.version, stated if is_name else "", tuple(sorted(needs))
    )


def lock_text(found: Mapping[str, Distribution], python: str) -> str:
    """Requirements with exact versions, for pip; overblock itself is left out."""
    lines = [f"# Python {python}; every distribution that the result was made with"]
    lines += [f"{one.name}=={one.version}" for name, one in found.items() if name != OWN]
    return "".join(f"{line}\n" for line in lines)


def sbom_text(found: Mapping[str, Distribution], result_id: str) -> str:
    """Software bill of materials, CycloneDX 1.5, without a time: the same text each time.

    References
    ----------
    CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/
    """
    own = found[OWN]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, result_id)}",
        "version": 1,
        "metadata": {"component": _component(own, "application")},
        "components": [_component(one, "library") for one in found.values() if one is not own],
        "dependencies": [
            {"ref": one.purl, "dependsOn": [found[name].purl for name in one.needs]}
            for one in found.values()
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _component(one: Distribution, kind: str) -> dict[str, Any]:
    licenses = {"licenses": [{"license": {"name": one.license}}]} if one.license else {}
    return {
        "type": kind,
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        **licenses,
        "purl": one.purl,
    }
