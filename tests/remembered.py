"""What thousands of tests would do again, and what comes out the same: remembered in a process.

Commands are called by ``CliRunner``, which builds the whole command line for every call; scenarios
are read, which parses the same YAML text again. Both depend on their arguments alone.
"""

from __future__ import annotations

from functools import cache, lru_cache

import typer.testing

from sim.scenario import document, load
from sim.scenario.tree import Document


def remember() -> None:
    """Build a command line once, and parse a text of a scenario once."""
    typer.testing._get_command = cache(typer.testing._get_command)
    load.parse_document = parse_document


def parse_document(data: bytes, file: str) -> Document:
    """Return a copy of its own: overrides and assumptions are written into it."""
    return _parsed(data, file).copied()


@lru_cache(maxsize=64)
def _parsed(data: bytes, file: str) -> Document:
    return document.parse_document(data, file)
