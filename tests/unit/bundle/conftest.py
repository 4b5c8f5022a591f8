"""What the tests of bundles share."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a folder, to be falsified."""

    def copied(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copy"))

    return copied
