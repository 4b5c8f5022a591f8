"""Simulations shipped as kept agree with the record, read off their tables by other code.

In: the shipped list of ``telegram-2018``, its scenario as text, and runs of some of its draws.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from sim.experiment.draws import lay_draws
from sim.experiment.simulation import Simulation
from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import own_variant
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.laws

NAME = "telegram-2018"
N_KEPT = 300
PLACES = (0, N_KEPT - 1)
"""Which of the kept simulations are run again: the first and the last."""


@cache
def scenario() -> Resolved:
    return resolve(load_scenario(NAME))


@cache
def kept() -> tuple[int, ...]:
    lines = (REPOSITORY / "seeds/kept" / f"{NAME}.csv").read_text(encoding="utf-8").splitlines()
    return tuple(int(line.split(",")[0]) for line in lines[1:])


def chosen() -> list[int]:
    return [kept()[place] for place in PLACES]


def others() -> list[int]:
    """After each of these the next draw that is not kept."""
    return [
        next(one for one in range(draw, draw + N_KEPT) if one not in kept()) for draw in chosen()
    ]


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Curves of the draws, each at every change, as ``curves.parquet`` has them."""
    resolved, folder = scenario(), tmp_path_factory.mktemp("curves")
    root_seed = resolved.scenario.root_seed
    assert root_seed is not None
    variant = own_variant(resolved)
    found = {}
    for draw in (*chosen(), *others()):
        point = lay_draws([variant], [draw], root_seed).point(0, variant.label, resolved)
        case = {(variant.label,): point.change(resolved)}
        record = Simulation(case, root_seed).begin()((variant.label, draw))
        found[draw] = folder / f"{draw}.parquet"
        found[draw].write_bytes(record.tables["curves"])
    return found


def windows() -> list[dict[str, Any]]:
    """The evidence as the file has it."""
    text = (shipped("scenarios") / f"{NAME}.yaml").read_text(encoding="utf-8")
    pieces: list[dict[str, Any]] = YAML(typ="safe").load(text)["evidence"]
    assert len(pieces) == 6
    return pieces


def seconds(at: str | datetime) -> float:
    when = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    start = scenario().scenario.start
    return (when - start).total_seconds()


def read(path: Path, piece: dict[str, Any]) -> float:
    """What a draw has for a piece of evidence: a curve at a time, or its mean over some."""
    steps = duckdb.execute(
        f"SELECT t_s, value FROM '{path}' WHERE metric = ? AND provider IS NULL AND sector IS NULL "
        "ORDER BY t_s",
        [piece["curve"]],
    ).fetchall()
    if "at" in piece:
        return [value for t_s, value in steps if t_s <= seconds(piece["at"])][-1]
    assert piece["take"] == "mean"
    since, until = seconds(piece["since"]), seconds(piece["until"])
    ends = [t_s for t_s, _ in steps[1:]] + [math.inf]
    lasts = [max(0.0, min(end, until) - max(t_s, since))
             for (t_s, _), end in zip(steps, ends, strict=True)]  # fmt: skip
    assert sum(lasts) == until - since
    whole = sum(value * span for (_, value), span in zip(steps, lasts, strict=True))
    return whole / (until - since)


def missed(path: Path) -> list[str]:
    """Pieces of evidence in whose windows a draw does not lie."""
    found = []
    for piece in windows():
        factor = piece.get("factor", math.inf)
        low = piece.get("low", piece["value"] / factor)
        high = piece.get("high", piece["value"] * factor)
        if not low <= read(path, piece) <= high:
            found.append(piece["id"])
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_kept_simulation_lies_in_every_window(place: int, curves: dict[int, Path]) -> None:
    assert len(kept()) == N_KEPT
    assert missed(curves[kept()[place]]) == []


@pytest.mark.parametrize("place", range(len(PLACES)))
def test_a_draw_that_is_not_kept_lies_outside_one(place: int, curves: dict[int, Path]) -> None:
    assert missed(curves[others()[place]])
