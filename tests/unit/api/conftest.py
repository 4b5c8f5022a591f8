"""A comparison of point values, opened as a notebook opens it."""

import pytest

import sim
from sim.api.results import Results
from tests.shared_runs import made_once

BRIEF = {"population.n_businesses": 30, "end": "2018-04-16T20:00+03:00"}


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    asked = {"n_simulations": 2, "fixed": True, "set": BRIEF}
    ways = ["exact", "wide=aggregate:length=12"]
    folder = made_once(
        tmp_path_factory,
        "interactive",
        lambda folder: sim.compare("telegram-2018", ways, folder=folder, **asked),
    )
    return sim.open_results(folder)
