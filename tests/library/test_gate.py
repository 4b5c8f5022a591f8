"""No shipped scenario leads with what its record refutes; each key measure has its grade.

An ensemble of each, and replicates of its point values: stances as dated in every simulation, point
values within the range, and nothing in the first sentence and figures that the record contradicts.
"""

import math
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from ruamel.yaml import YAML

from sim.catalogue.choices import KEY_FIGURES
from sim.experiment.draws import lay_draws
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan, choose_root_seed
from sim.experiment.runs import Runs
from sim.experiment.simulation import Simulation
from sim.measure.estimates import Grade, read_estimates
from sim.report.words.answer import answer
from sim.results.folder import RunFolder, open_run
from sim.scenario.library import scenario_names, shipped
from sim.scenario.resolve import Resolved
from sim.scenario.variants import own_variant
from tests.conftest import REPOSITORY
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of
from tests.library.test_scenario_library import FEW, SMALLER

N_MEMBERS, N_FIXED = 16, 5
WHOLE = "telegram-2018"
"""Run as it is, for kept simulations are of that; so it has half as many."""
DAILY = (WHOLE, "austria-2022")
"""Scenarios whose gate is no long test: one with a record that is conditioned on, one without."""
SCENARIOS = [
    pytest.param(name, marks=() if name in DAILY else pytest.mark.long) for name in scenario_names()
]
pytestmark = pytest.mark.laws


@cache
def folder(name: str, place: Path, *, fixed: bool) -> RunFolder:
    overrides = () if name == WHOLE else SMALLER.get(name, FEW)
    resolved = resolved_of(name, overrides)
    n = N_FIXED if fixed else N_MEMBERS
    if name == WHOLE:
        n = 1 if fixed else N_MEMBERS // 2
    plan = Plan.of_run(resolved, choose_root_seed(resolved, None), 1).of_size(n, fixed=fixed)
    return open_run(carry_out(Runs(plan), folder=place / f"{name}-{fixed}").folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_simulation_departs_from_a_dated_stance(name, place):
    run = folder(name, place, fixed=False)
    table = (run.scenario.get("stances") or {}).get("events")
    if table is None:
        return
    dated = csv_rows(shipped("seeds") / f"{table}.csv")
    end_s = run.horizon_s
    expected = {
        (max(0.0, seconds), row["provider"], row["stance"])
        for row in dated
        if (seconds := (datetime.fromisoformat(row["at"]) - run.start).total_seconds()) < end_s
    }
    providers = {row["provider"] for row in dated}
    rows = duckdb.execute(
        "SELECT replicate, t_s, provider, stance FROM read_parquet(?) WHERE kind = 'stance'",
        [str(run.path / "events.parquet")],
    ).fetchall()
    for member in range(run.n_replicates):
        mine = {(t, who, what) for n, t, who, what in rows if n == member and who in providers}
        assert mine == expected, member


@pytest.mark.parametrize("name", SCENARIOS)
def test_point_values_lie_within_the_ensemble(name, place):
    """Within what its simulations span: two dozen have no ends of nine in ten worth the name."""
    spans = {}
    for fixed in (False, True):
        run = folder(name, place, fixed=fixed)
        rows = duckdb.execute(
            "SELECT metric, list(value) FROM read_parquet(?) WHERE metric IN "
            "(SELECT unnest(?)) AND value IS NOT NULL GROUP BY metric",
            [str(run.path / "measures.parquet"), list(KEY_FIGURES)],
        ).fetchall()
        spans[fixed] = {metric: np.array(values, dtype=float) for metric, values in rows}
    outside = {}
    for metric, point in spans[True].items():
        members, value = spans[False].get(metric, np.array([np.nan])), float(np.median(point))
        if value < members.min() or value > members.max():
            outside[metric] = (value, float(members.min()), float(members.max()))
    assert outside == {}


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_leads_is_graded_and_never_contradicted(name, place):
    run = folder(name, place, fixed=False)
    found = answer(run)
    estimates = read_estimates(run)
    bad = {metric for (_, metric), one in estimates.items() if one.grade is Grade.CONTRADICTED}
    assert bool(bad) == bool(found.withheld)
    for figure in found.figures:
        assert figure.found.grade is not Grade.CONTRADICTED
        assert figure.reason, figure.what
        # No figure was kept out of what made the model, so none is a check.
        assert figure.found.grade in (Grade.NEVER_CHECKED, Grade.GIVEN)
    evidence = run.scenario.get("evidence") or ()
    if run.manifest.get("kept") and evidence:
        assert any("chose the simulations" in one.reason for one in found.figures)


# Simulations shipped as kept agree with the record, read off their tables by other code.


NAME = "telegram-2018"
N_KEPT = 300
PLACES = (0, N_KEPT - 1)
"""Which of the kept simulations are run again: the first and the last."""


@cache
def scenario() -> Resolved:
    return resolved_of(NAME)


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
        point = lay_draws([variant], [draw], root_seed).point(0, variant.label)
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
def test_a_kept_simulation_lies_in_every_window(place, curves):
    assert len(kept()) == N_KEPT
    assert missed(curves[kept()[place]]) == []


@pytest.mark.parametrize("place", range(len(PLACES)))
def test_a_draw_that_is_not_kept_lies_outside_one(place, curves):
    assert missed(curves[others()[place]])
