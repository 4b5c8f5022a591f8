"""Folders of small ensembles, opened for the tests of figures."""

from pathlib import Path

import pytest

from sim.results.folder import RunFolder, open_run


@pytest.fixture
def ensemble(ensemble_run: Path) -> RunFolder:
    """A run of eight simulations; do not write into its folder."""
    return open_run(ensemble_run)


@pytest.fixture
def compared(comparison_folder: Path) -> RunFolder:
    """A comparison of two strategies and none; do not write into its folder."""
    return open_run(comparison_folder)
