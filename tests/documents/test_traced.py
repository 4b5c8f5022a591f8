"""Numbers chosen at random are traced, by one command each, to what they rest on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from tests.references import can_be_followed
from tests.traced import N_CHOSEN, Claim, choose, claims, is_same

SEED = int(os.environ.get("OVERBLOCK_TRACED", "1"))
"""Which numbers are chosen; any other seed must do as well."""


def traced(claim: Claim) -> list[dict[str, Any]]:
    """Lines of what a command says that have the number."""
    result = CliRunner().invoke(app, [*claim.command])
    assert result.exit_code == 0, result.output
    lines = json.loads(result.stdout)["sources"]
    keys = (claim.key, claim.key.replace(":", "."))
    return [
        one
        for one in lines
        if (not claim.key or one["key"] in keys) and is_same(claim.said, one.get("value"))
    ]


def rests_on_something(line: dict[str, Any]) -> bool:
    """Whether a line has a reference, a formula, or a range with a reason."""
    kind = line["kind"]
    if kind == "fact":
        return can_be_followed(line.get("source", ""), line.get("date", ""))
    if kind == "derived":
        return bool(line.get("formula"))
    return bool(line.get("why")) and (kind == "choice" or "range" in line)


def test_fifteen_numbers_chosen_at_random_are_traced(shipped_run: Path) -> None:
    found = claims(shipped_run)
    chosen = choose(found, SEED)
    assert len(chosen) == N_CHOSEN
    assert {one.where for one in chosen} == {"README", "parameters.md", "report"}
    owed = [one for one in chosen if not any(map(rests_on_something, traced(one)))]
    assert owed == []


@pytest.mark.laws
def test_every_number_that_may_be_chosen_of_the_documents_is_traced() -> None:
    assert [one for one in claims() if not any(map(rests_on_something, traced(one)))] == []


@pytest.mark.parametrize(
    ("said", "value", "is_right"),
    [
        ("17.77", 17771008, True),
        ("17.78", 17771008, False),
        ("400", 400, True),
        ("0.6", 0.6, True),
        ("0.6", 0.64, True),
        ("6", 7, False),
        ("6", "text", False),
    ],
)
def test_a_number_is_told_at_the_digits_that_are_said(
    said: str, value: object, is_right: bool
) -> None:
    assert is_same(said, value) is is_right


def test_what_nobody_can_follow_is_found() -> None:
    assert not rests_on_something({"kind": "fact", "source": "somebody said so", "date": ""})
    assert not rests_on_something({"kind": "assumption", "why": "a guess"})
    assert rests_on_something({"kind": "fact", "source": "a.example/report", "date": "2018-04-20"})
