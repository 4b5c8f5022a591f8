"""Numbers chosen at random are traced, by one command each, to what they rest on."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from tests.conftest import REPOSITORY
from tests.references import can_be_followed
from tests.traced import (
    N_CHOSEN,
    OUTCOME,
    RANGE,
    Claim,
    choose,
    claims,
    falsified,
    is_same,
)

SEED = int(os.environ.get("OVERBLOCK_TRACED", "1"))
"""Which numbers are chosen; any other seed must do as well."""
PAGES = {"README", "report", "scenario.md", "seeds", "validation.json"}
KINDS = {"fact", "derived", "assumption"}


@cache
def said_by(command: tuple[str, ...]) -> dict[str, Any]:
    """What a command says."""
    result = CliRunner().invoke(app, [*command])
    assert result.exit_code == 0, result.output
    return cast("dict[str, Any]", json.loads(result.stdout))


def traced(claim: Claim) -> list[dict[str, Any]]:
    """Lines of what a command says that have the number."""
    document = said_by(claim.command)
    if claim.kind == OUTCOME:
        (score,) = document["scores"]
        published = {**score["published"], "kind": "fact"}
        return [published] if is_same(claim.said, published["value"]) else []
    lines = document["sources"]
    keys = (claim.key, claim.key.replace(":", "."))
    return [
        one
        for one in lines
        if (not claim.key or one["key"] in keys)
        and (not claim.row or claim.row in (one.get("row"), f"line {one.get('lines')}"))
        and _has(one, claim)
    ]


def _has(line: dict[str, Any], claim: Claim) -> bool:
    """Whether a line has the number: as its value, or as an end of its range."""
    if claim.kind != RANGE:
        return is_same(claim.said, line.get("value"))
    ends = line.get("range", {}).get("absolute", [])
    return any(f"{float(end):g}" == claim.said for end in ends)


def rests_on_something(line: dict[str, Any]) -> bool:
    """Whether a line has a reference, a formula, or a range with a reason."""
    kind = line["kind"]
    if kind == "fact":
        return can_be_followed(line.get("source", ""), line.get("date", ""))
    if kind == "derived":
        return bool(line.get("formula"))
    return bool(line.get("why")) and (kind == "choice" or "range" in line)


@pytest.fixture(scope="module")
def every_claim(shipped_run: Path) -> list[Claim]:
    """Numbers of documents and tables, and of a folder."""
    return claims(shipped_run)


@pytest.mark.laws
def test_twenty_numbers_chosen_at_random_are_traced(every_claim: list[Claim]) -> None:
    found = every_claim
    chosen = choose(found, SEED)
    assert len(chosen) == N_CHOSEN
    # Each kind of page and of number is among them.
    assert {(one.where, one.kind) for one in chosen} == {(one.where, one.kind) for one in found}
    assert {one.where for one in chosen} >= PAGES
    assert {one.kind for one in chosen} >= {"published figure", RANGE, OUTCOME, *KINDS}
    owed = [one for one in chosen if not any(map(rests_on_something, traced(one)))]
    assert owed == []


@pytest.mark.laws
def test_a_falsified_number_is_traced_to_nothing(every_claim: list[Claim]) -> None:
    """One of each kind of page and number, with another last digit.

    Not of README: two digits without a key are those of some row by chance.
    """
    first: dict[tuple[str, str], Claim] = {}
    for one in choose([one for one in every_claim if one.where != "README"], SEED):
        first.setdefault((one.where, one.kind), one)
    assert len(first) == len({(one.where, one.kind) for one in every_claim}) - 1
    assert [one for one in map(falsified, first.values()) if traced(one)] == []


def test_every_published_outcome_has_a_reference_that_can_be_followed() -> None:
    """Also of those that are told by simulated days alone."""
    path = REPOSITORY / "docs/explanation/validation.json"
    published = [one["published"] for one in json.loads(path.read_text("utf-8"))["scores"]]
    assert len(published) > 80
    owed = [one for one in published if not can_be_followed(one["source"], one["date"])]
    assert owed == []


@pytest.mark.long
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
