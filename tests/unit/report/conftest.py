"""Folders that the tests of the report share."""

from pathlib import Path

import pytest

from sim.results.folder import RunFolder, open_run
from tests.experiments import write_run, write_sessions, write_sites
from tests.shared_runs import made_once


@pytest.fixture(scope="session")
def ensemble_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of eight simulations of a shipped scenario; do not write into it."""
    return made_once(tmp_path_factory, "ensemble", write_run)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of eight simulations of four sessions; do not write into it."""
    return made_once(tmp_path_factory, "sessions", write_sessions)


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a case with five sites of its own; do not write into it."""
    return made_once(tmp_path_factory, "sites", write_sites)


@pytest.fixture
def ensemble(ensemble_run: Path) -> RunFolder:
    return open_run(ensemble_run)


@pytest.fixture
def compared(comparison_folder: Path) -> RunFolder:
    return open_run(comparison_folder)
