"""Small folders of ensembles that the tests of figures share."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.results.folder import RunFolder, open_run
from tests.conftest import made_once

N_SIMULATIONS = 4


@pytest.fixture(scope="session")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of four simulations; do not write into its folder."""
    changes = {"population.n_businesses": 400}

    def make(folder: Path) -> None:
        sim.run(
            "austria-2022", n_simulations=N_SIMULATIONS, root_seed=1, set=changes, folder=folder
        )

    return open_run(made_once(tmp_path_factory, "figures-run", make))


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A comparison of two strategies in four simulations; do not write into its folder."""
    changes = {"population.n_businesses": 60, "end": "2018-04-19T00:00+03:00"}

    def make(folder: Path) -> None:
        sim.compare(
            "telegram-2018", ("exact", "covering-prefix"), n_simulations=N_SIMULATIONS,
            root_seed=1, set=changes, folder=folder,
        )  # fmt: skip

    return open_run(made_once(tmp_path_factory, "figures-comparison", make))
