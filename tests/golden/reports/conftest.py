"""The tiny runs, each made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import made_once
from tests.golden.reports.runs import RUNS


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a run by its name; do not write into it."""
    return lambda name: made_once(tmp_path_factory, f"reports-{name}", RUNS[name])
