"""Scenarios and real runs that many tests share, each made once in a session."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import sim.experiment.pipeline
import sim.names.listed
from sim.scenario.resolve import Resolved
from tests import remembered
from tests.conftest import compile_loops
from tests.experiments import resolved_of, run_experiment, write_comparison

# Before tests are imported.
remembered.remember()


@pytest.fixture(autouse=True, scope="session")
def _a_busy_machine_writes_what_is_finished() -> None:
    """Give tables after an interrupt all their time, however busy the machine is."""
    sim.experiment.pipeline.MOST_WRITING_S = 600.0


@pytest.fixture(autouse=True, scope="session")
def _few_draws_of_names() -> None:
    """Estimating names takes half of a small run; 1,000 draws instead of 20,000 suffice here."""
    sim.names.listed.N_DRAWS, sim.names.listed.N_LAWS = 1000, 10


@pytest.fixture(scope="session")
def replay() -> Resolved:
    return resolved_of("telegram-2018-replay")


@pytest.fixture(scope="session")
def chase() -> Resolved:
    return resolved_of("telegram-2018")


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Folder that the first process of a session to ask makes; others wait, and read the same."""
    compile_loops()
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


def run_of(scenario: Resolved, root_seed: int, n: int) -> Callable[[Path], object]:
    return lambda folder: run_experiment(
        scenario, root_seed=root_seed, n_replicates=n, folder=folder
    )


@pytest.fixture(scope="session")
def shipped_run(tmp_path_factory: pytest.TempPathFactory, replay: Resolved) -> Path:
    """Folder of the shipped scenario run with two replicates; do not write into it."""
    return made_once(tmp_path_factory, "shipped", run_of(replay, 20180416, 2))


@pytest.fixture(scope="session")
def shipped_single_run(tmp_path_factory: pytest.TempPathFactory, replay: Resolved) -> Path:
    """Folder of the shipped scenario run with one replicate; do not write into it."""
    return made_once(tmp_path_factory, "shipped-single", run_of(replay, 20180416, 1))


@pytest.fixture(scope="session")
def chase_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three weeks of the chase: fronts, exemptions, evictions; do not write into it."""
    changes = ["population.n_businesses=60", "end=2018-05-10T00:00+03:00"]
    return made_once(tmp_path_factory, "chase", run_of(resolved_of("telegram-2018", changes), 3, 2))


@pytest.fixture(scope="session")
def comparison_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a short comparison of two strategies and none; do not write into it."""
    return made_once(tmp_path_factory, "comparison", write_comparison)
