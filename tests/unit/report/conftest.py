"""Folders that the tests of the report share."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.comparisons import write_comparison
from tests.conftest import made_once
from tests.drawn_folders import add_draws


@pytest.fixture(scope="session")
def comparison_folder(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a comparison of eight strategies; do not write into it."""
    return made_once(
        tmp_path_factory, "comparison", lambda folder: write_comparison(shipped_run, folder)
    )


@pytest.fixture(scope="session")
def drawn_run(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run with draws of all that is not known; do not write into it."""
    return made_once(tmp_path_factory, "drawn", lambda folder: add_draws(shipped_run, folder))


@pytest.fixture(scope="session")
def drawn_comparison(comparison_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a comparison with draws; do not write into it."""
    metrics = ["business_hours_impaired"]
    return made_once(
        tmp_path_factory,
        "drawn-comparison",
        lambda folder: add_draws(comparison_folder, folder, metrics),
    )
