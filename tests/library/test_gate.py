"""No shipped scenario leads with what its record refutes; each key measure has its grade.

An ensemble of each, and replicates of its point values: stances as dated in every simulation, point
values within the range, and nothing in the first sentence and figures that the record contradicts.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.catalogue.choices import KEY_FIGURES
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan, choose_root_seed
from sim.experiment.runs import Runs
from sim.measure.estimates import Grade, read_estimates
from sim.report.words.answer import answer
from sim.results.folder import RunFolder, open_run
from sim.scenario.library import scenario_names, shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.csv_rows import csv_rows
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
    resolved = resolve(load_scenario(name, overrides))
    n = (N_FIXED if fixed else N_MEMBERS) // (1 + (name == WHOLE))
    plan = Plan.of_run(resolved, choose_root_seed(resolved, None), 1).of_size(n, fixed=fixed)
    return open_run(carry_out(Runs(plan), folder=place / f"{name}-{fixed}").folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_simulation_departs_from_a_dated_stance(name: str, place: Path) -> None:
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
def test_point_values_lie_within_the_ensemble(name: str, place: Path) -> None:
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
def test_what_leads_is_graded_and_never_contradicted(name: str, place: Path) -> None:
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
