"""Readers of binary formats are optional packages."""

from __future__ import annotations

import pytest

from tests.optional import needs

READERS = {"mmdb": "maxminddb", "mrt": "pybgpkit_parser", "bgp-updates": "pybgpkit_parser"}


@pytest.fixture(autouse=True)
def _reader(request: pytest.FixtureRequest) -> None:
    """Leave out a case of a format whose reader is not there."""
    for name, module in READERS.items():
        if f"{name}]" in request.node.name:
            needs(module)
