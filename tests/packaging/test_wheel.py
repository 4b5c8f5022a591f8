"""An installed wheel carries the scenarios and the seed tables, and finds them."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.checkout import files_of_checkout

LICENCES = {
    "LICENSE": "Apache License",
    "LICENSES/CC-BY-SA-4.0.txt": "Creative Commons Attribution-ShareAlike 4.0 International",
    "LICENSES/OFL-1.1.txt": "SIL OPEN FONT LICENSE Version 1.1",
}


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), "."],
        cwd=repository, capture_output=True, text=True,
        env=os.environ | {"OVERBLOCK_PURE_WHEEL": "1"},
    )  # fmt: skip
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("the build backend cannot be had here (no network)")
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("overblock-*-py3-none-any.whl")
    return path


def test_the_wheel_holds_every_scenario_and_seed_table(wheel: Path, repository: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for folder in ("scenarios", "seeds", "samples"):
            paths = [path for path in (repository / folder).iterdir() if path.is_file()]
            assert paths
            for path in paths:
                inside = f"sim/shipped/{folder}/{path.name}"
                assert inside in names
                assert archive.read(inside) == path.read_bytes()
        assert {"sim/py.typed", "overblock/__init__.py", "overblock/py.typed"} <= names
        assert not any(
            name.startswith(("tests/", "seeds/", "scenarios/", "samples/")) for name in names
        )


def test_the_wheel_names_both_licences_and_holds_their_texts(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (info,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(info))
        assert metadata["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0 AND OFL-1.1"
        folder = info.rpartition("/")[0]
        for name, title in LICENCES.items():
            assert name in metadata.get_all("License-File", [])
            assert title in archive.read(f"{folder}/licenses/{name}").decode()


def test_a_source_distribution_holds_what_its_tests_read(repository: Path) -> None:
    asked = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    included = asked["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    top = {name.split("/")[0] for name in files_of_checkout(repository)}
    held = {one for name in top for one in included if fnmatch(name, one.removeprefix("/"))}
    assert held == set(included)
    missing = {name for name in top if not any(fnmatch(name, one.lstrip("/")) for one in included)}
    assert missing <= {"pyproject.toml", "PKG-INFO"}  # these are always in it
