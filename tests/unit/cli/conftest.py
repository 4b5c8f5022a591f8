"""Commands that simulate find all loops compiled."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _loops_are_compiled(compiled_loops: None) -> None:
    """What a command says on stderr does not depend on which test is the first."""
