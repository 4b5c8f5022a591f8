"""Compiled code that came with the package is used where it is right, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.addresses import machine_code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where code of the sources as they are was shipped, with no setting of numba."""
    for name in [name for name in os.environ if name.startswith("NUMBA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(machine_code, "SHIPPED", tmp_path)
    (tmp_path / machine_code.build_name()).mkdir()
    machine_code.shipped.cache_clear()
    yield tmp_path / machine_code.build_name()
    machine_code.shipped.cache_clear()


def test_what_fits_is_found(folder: Path) -> None:
    assert machine_code.shipped() == folder


def test_a_clone_has_none() -> None:
    assert machine_code.shipped() is None


@pytest.mark.parametrize("name", ["NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"])
def test_a_setting_that_changes_no_code_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    assert machine_code.shipped() == folder


@pytest.mark.parametrize("name", ["NUMBA_BOUNDSCHECK", "NUMBA_OPT", "NUMBA_DISABLE_JIT"])
def test_with_another_setting_of_the_compiler_nothing_fits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    assert machine_code.shipped() is None


@pytest.mark.parametrize("name", ["numba", "llvmlite", "numpy"])
def test_with_another_compiler_nothing_fits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    version = machine_code.metadata.version
    monkeypatch.setattr(
        machine_code.metadata, "version", lambda asked: "0.0.1" if asked == name else version(asked)
    )
    assert machine_code.shipped() is None


@pytest.mark.parametrize(
    "other", ["sys.implementation.cache_tag", "sys.platform", "platform.machine"]
)
def test_on_another_python_or_machine_nothing_fits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setattr(other, (lambda: "abacus") if other == "platform.machine" else "abacus")
    assert machine_code.shipped() is None


def test_with_other_sources_nothing_fits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = machine_code.sources()[1:]
    monkeypatch.setattr(machine_code, "sources", lambda: files)
    assert machine_code.shipped() is None


SHIPPED = """
import json, os, sys
from pathlib import Path
from numba.core import event
from sim.addresses import machine_code
from sim.addresses import machine_code
from sim.engine import warm_up
from sim.engine.state import pressure_kernel

class Compiled(event.Listener):
    n = 0
    def on_start(self, event):
        self.n += 1
    def on_end(self, event):
        pass

def called(loop, *given):
    compiled.n = 0
    return loop(*given), compiled.n

compiled = Compiled()
event.register("numba:compile", compiled)
first, again = pressure_kernel.rates_of, pressure_kernel.rates_of.py_func
found = [called(first, 1.0, 0.0, 1.0)]
warm_up._call_every_loop = lambda: None
warm_up.write_code(Path(sys.argv[1]))
machine_code.SHIPPED = Path(sys.argv[1])
os.environ["NUMBA_CACHE_DIR"] = sys.argv[2]
machine_code.folder.cache_clear(), machine_code.shipped.cache_clear()
loop = machine_code.compiled(again)
found += [called(loop, 1.0, 0.0, 1.0)]
n_kept = len(list(Path(sys.argv[2]).rglob("*.nbc")))
found += [called(loop, 1, 0, 1)]
print(json.dumps([found, n_kept, len(list(Path(sys.argv[2]).rglob("*.nbc")))]))
"""


def test_shipped_code_is_called_and_what_it_lacks_is_compiled_and_kept(
    repository: Path, tmp_path: Path
) -> None:
    env = {key: text for key, text in os.environ.items() if not key.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", SHIPPED, str(tmp_path / "code"), str(tmp_path / "kept")],
        cwd=repository, capture_output=True, text=True,
        env=env | {"NUMBA_CACHE_DIR": str(tmp_path / "empty")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (first, again, others), n_kept, n_kept_then = json.loads(done.stdout)
    assert first[0] == again[0] == others[0] == [0.0, 0.0, 2.0]
    assert first[1] > 0
    assert again[1] == 0
    assert others[1] > 0  # of other types
    assert (n_kept, n_kept_then) == (0, 1)
