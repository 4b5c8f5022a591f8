"""Optional packages that a test may go without."""

from importlib.util import find_spec

import pytest


def needs(module: str) -> None:
    """Skip the test where a package is not there; never import it."""
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
