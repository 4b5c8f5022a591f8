"""What many tests share: a small scenario to change, and one real run made once."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sim.engine.warm_up import warm_up
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests import examples
from tests.experiments import run_experiment

# Before tests are imported, which ask for numbers of examples, and before the option is read.
examples.register()

REPOSITORY = Path(__file__).resolve().parent.parent

MINIMAL = """\
format: overblock/scenario/1
name: small
title: A small scenario
start: 2018-04-16T00:00+03:00
end: 2018-04-20T00:00+03:00
root_seed: 7
n_replicates: 2
target:
  name: Target
  prefixes: telegram-prefixes-2018
strategy:
  id: replay
  orders: telegram-2018-orders
population:
  n_businesses: 40
"""
"""Valid; each line is said once, so that a test can replace it. ``strategy`` stands in line 11."""

WriteScenario = Callable[..., Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite files of tests/golden whose numbers moved (see tests/golden/README.md)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave thousands of collected tests out of every later collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _a_broken_pipe_kills_no_test() -> Iterator[None]:
    """Hold that a test leaves broken pipes to Python: else a later one, with a pool, kills all."""
    yield
    if hasattr(signal, "SIGPIPE"):
        assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(pytestconfig.getoption("update_golden"))


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def write_scenario(tmp_path: Path) -> WriteScenario:
    """Write the minimal scenario with lines replaced, added at the end, or raw text instead."""

    def write(replace: dict[str, str] | None = None, add: str = "", text: str = MINIMAL) -> Path:
        for old, new in (replace or {}).items():
            assert text.count(old) == 1, f"{old!r} must stand once in the minimal scenario"
            text = text.replace(old, new)
        path = tmp_path / "scenario.yaml"
        path.write_text(text + add, encoding="utf-8")
        return path

    return write


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Folder that the first process of a session to ask makes; others wait, and read the same."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / name).exists():
            unfinished = base / f"{name}.unfinished"
            unfinished.mkdir()
            make(unfinished / "run")
            unfinished.rename(base / name)
    return base / name / "run"


@pytest.fixture(scope="session")
def compiled_loops(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile all loops beforehand, so that no command says that it does."""

    def compile_all(folder: Path) -> None:
        folder.mkdir()
        warm_up()

    made_once(tmp_path_factory, "compiled", compile_all)


@pytest.fixture(scope="session")
def shipped_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the shipped scenario run with two replicates; do not write into it."""
    resolved = resolve(load_scenario("telegram-2018-replay"))
    return made_once(
        tmp_path_factory,
        "shipped",
        lambda folder: run_experiment(resolved, root_seed=20180416, n_replicates=2, folder=folder),
    )


@pytest.fixture(scope="session")
def shipped_single_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the shipped scenario run with one replicate; do not write into it."""
    resolved = resolve(load_scenario("telegram-2018-replay"))
    return made_once(
        tmp_path_factory,
        "shipped-single",
        lambda folder: run_experiment(resolved, root_seed=20180416, n_replicates=1, folder=folder),
    )


@pytest.fixture(scope="session")
def chase_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three weeks of the chase: fronts, exemptions, evictions; do not write into it."""
    changes = ["population.n_businesses=60", "end=2018-05-10T00:00+03:00"]
    resolved = resolve(load_scenario("telegram-2018", changes))
    return made_once(
        tmp_path_factory,
        "chase",
        lambda folder: run_experiment(resolved, root_seed=3, n_replicates=2, folder=folder),
    )
