"""An installed wheel carries the scenarios and the seed tables, and finds them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), "."],
        cwd=repository, capture_output=True, text=True,
    )  # fmt: skip
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("the build backend cannot be had here (no network)")
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("overblock-*.whl")
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
        assert "sim/py.typed" in names
        assert not any(
            name.startswith(("tests/", "seeds/", "scenarios/", "samples/")) for name in names
        )


@pytest.mark.long
def test_an_installed_wheel_runs_its_scenario_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    # Unpacked, and put before the clone on the path: the same as installed beside the
    # dependencies that are here already.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "import sim, sys\n"
        "from sim.scenario.library import shipped\n"
        f"assert sim.__file__.startswith({str(tmp_path)!r}), sim.__file__\n"
        f"assert str(shipped('seeds')).startswith({str(tmp_path)!r}), shipped('seeds')\n"
        "from sim.cli.app import main\n"
        "main()\n"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("OVERBLOCK_")}
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "telegram-2018-replay", "-n", "1", "-o", "out",
         "--set", "population.n_businesses=10"],
        cwd=tmp_path, env=env | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "out\n"), done.stderr
