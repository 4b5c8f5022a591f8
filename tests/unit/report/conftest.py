"""Folders that the tests of the report share."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.comparisons import write_comparison


@pytest.fixture(scope="session")
def comparison_folder(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a comparison of eight strategies; do not write into it."""
    return write_comparison(shipped_run, tmp_path_factory.mktemp("comparison") / "folder")
