"""A wheel brings the engine's loops along, compiled for any processor of the platform."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sim.addresses.machine_code import build_name

pytestmark = pytest.mark.long

RUNS = """
import json, sys
from numba.core import event
from numba.core.dispatcher import Dispatcher
import overblock, sim
from sim.addresses.machine_code import shipped

class Compiled(event.Listener):
    names = []
    def on_start(self, event):
        self.names.append(str(event.data["dispatcher"].py_func))
    def on_end(self, event):
        pass

event.register("numba:compile", Compiled())
for row, (name, keys) in enumerate(json.loads(sys.argv[2])):
    small = keys | {"population.n_businesses": 60}
    overblock.run(name, n_simulations=2, set=small, folder=f"{sys.argv[1]}/{row}")
print(json.dumps([sim.__file__, str(shipped()), Compiled.names]))
"""
FORTNIGHT = {"end": "2018-04-30T00:00+03:00"}
CASES = [
    ("telegram-2018", FORTNIGHT),
    ("telegram-2018", FORTNIGHT | {"strategy": {"id": "cover", "rules": 60}}),
    ("telegram-2018-replay", FORTNIGHT),
    ("sni-era", {}),
    ("match-days", {"end": "2026-01-20T00:00+01:00"}),
]


@pytest.fixture(scope="module")
def installed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that was built in isolation, unpacked where nothing can be written."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), "."],
        cwd=repository, capture_output=True, text=True, env=_plain(),
    )  # fmt: skip
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("the build backend cannot be had here (no network)")
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("overblock-*.whl")
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert path.name.split("-")[2:4] == [tag, tag]
    assert "any" not in path.stem.split("-")[4]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "installed")
    for one in (folder / "installed").rglob("*"):
        one.chmod(0o555 if one.is_dir() else 0o444)
    return folder / "installed"


def _plain() -> dict[str, str]:
    """The environment without what chooses other code."""
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("NUMBA_", "OVERBLOCK_PURE", "XDG_CACHE"))
    }


def _run(package: Path, folder: Path, env: dict[str, str]) -> tuple[str, str, list[str]]:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(folder), json.dumps(CASES)],
        cwd=folder, capture_output=True, text=True,
        env=_plain() | env | {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    file, shipped, names = json.loads(done.stdout.splitlines()[-1])
    assert Path(file).is_relative_to(package)
    return shipped, file, names


def test_nothing_is_compiled_with_it_and_every_number_is_that_of_code_compiled_here(
    installed, repository, tmp_path
):
    """For any processor, and for this one: the same bytes."""
    empty = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    shipped, _, names = _run(installed, tmp_path / "shipped", empty)
    assert Path(shipped) == installed / "sim" / "compiled_code" / build_name()
    assert names == []
    assert not list(tmp_path.rglob("*.nb[ic]"))
    assert not list(installed.rglob("*.nb[ic]"))
    none, *_ = _run(repository, tmp_path / "here", {})
    assert none == "None"
    tables = [
        path.relative_to(tmp_path / "here")
        for path in (tmp_path / "here").rglob("*")
        if path.suffix in (".csv", ".parquet")
    ]
    assert len(tables) > 10 * len(CASES)
    for table in tables:
        ours, theirs = (tmp_path / name / table for name in ("shipped", "here"))
        assert ours.read_bytes() == theirs.read_bytes(), table
