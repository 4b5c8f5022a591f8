"""Shells complete measures from the catalogue."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from sim.catalogue.measures import MEASURES
from sim.cli.app import app


def completed(*words: str) -> list[str]:
    """What bash is told, the last word being what is typed so far."""
    env = {
        "_OVERBLOCK_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["overblock", *words]),
        "COMP_CWORD": str(len(words)),
    }
    return CliRunner().invoke(app, env=env, prog_name="overblock").stdout.splitlines()


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("compare", "--metric"),
        ("sweep", "--metric"),
        ("sensitivity", "--metric"),
        ("assess", "--efficacy"),
        ("assess", "--collateral"),
    ],
)
def test_measures_are_completed(verb: str, option: str) -> None:
    assert completed(verb, "telegram-2018", option, "moves_") == [
        name for name in MEASURES if name.startswith("moves_")
    ]
