"""No shipped scenario leads with what its record refutes; each key measure has its grade.

An ensemble of each, and replicates of its point values: stances as dated in every simulation, point
values within the range, and nothing in the first sentence and figures that the record contradicts.
"""

import math
from datetime import datetime
from functools import cache
from itertools import count
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

N_MEMBERS, N_FIXED = 24, 5
WHOLE = "telegram-2018"
"""Run unchanged, since its kept simulations need that; each takes seconds, so there are few."""
N_LEADING, N_SPANNING = 2, 8
DAILY = (WHOLE, "austria-2022")
"""Scenarios whose gate is no long test: one with a record that is conditioned on, one without."""


def daily(*names: str) -> list[Any]:
    """All scenarios; the daily run takes only these."""
    long = pytest.mark.long
    return [pytest.param(one, marks=() if one in names else long) for one in scenario_names()]


pytestmark = pytest.mark.laws


def folder(name: str, place: Path, *, fixed: bool = False, n_whole: int = N_LEADING) -> RunFolder:
    n = n_whole if name == WHOLE else N_FIXED if fixed else N_MEMBERS
    return simulations(name, place, n, fixed)


@cache
def simulations(name: str, place: Path, n: int, fixed: bool) -> RunFolder:
    resolved = resolved_of(name, () if name == WHOLE else SMALLER.get(name, FEW))
    plan = Plan.of_run(resolved, choose_root_seed(resolved, None), 1).of_size(n, fixed=fixed)
    return open_run(carry_out(Runs(plan), folder=place / f"{name}-{n}-{fixed}").folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.mark.parametrize("name", daily(*DAILY))
def test_no_simulation_departs_from_a_dated_stance(name, place):
    run = folder(name, place)
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


@pytest.mark.parametrize("name", daily(DAILY[-1]))
def test_point_values_lie_within_the_ensemble(name, place):
    """Within what its simulations span: two dozen have no ends of nine in ten worth the name."""
    spans = {}
    for fixed in (False, True):
        run = folder(name, place, fixed=fixed, n_whole=1 if fixed else N_SPANNING)
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


@pytest.mark.parametrize("name", daily(*DAILY))
def test_what_leads_is_graded_and_never_contradicted(name, place):
    run = folder(name, place)
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


N_KEPT = 300
TWO = [0, pytest.param(-1, marks=pytest.mark.long)]
"""Kept simulations that are run again: the first, and in a long run the last."""


@cache
def scenario() -> Resolved:
    return resolved_of(WHOLE)


@cache
def kept() -> tuple[int, ...]:
    lines = (REPOSITORY / "seeds/kept" / f"{WHOLE}.csv").read_text(encoding="utf-8").splitlines()
    return tuple(int(line.split(",")[0]) for line in lines[1:])


def run_again(draw: int, folder: Path) -> Path:
    """Curves of a draw, each at every change, as ``curves.parquet`` has them."""
    resolved, root_seed = scenario(), scenario().scenario.root_seed
    assert root_seed is not None
    variant = own_variant(resolved)
    point = lay_draws([variant], [draw], root_seed).point(0, variant.label)
    case = {(variant.label,): point.change(resolved)}
    record = Simulation(case, root_seed).begin()((variant.label, draw))
    (folder / "curves.parquet").write_bytes(record.tables["curves"])
    return folder / "curves.parquet"


def windows() -> list[dict[str, Any]]:
    """The evidence as the file has it."""
    text = (shipped("scenarios") / f"{WHOLE}.yaml").read_text(encoding="utf-8")
    pieces: list[dict[str, Any]] = YAML(typ="safe").load(text)["evidence"]
    assert len(pieces) == 6
    return pieces


def seconds(at: str | datetime) -> float:
    when = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return (when - scenario().scenario.start).total_seconds()


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


@pytest.mark.parametrize("which", TWO)
def test_a_kept_simulation_lies_in_every_window(which, tmp_path):
    assert len(kept()) == N_KEPT
    assert missed(run_again(kept()[which], tmp_path)) == []


@pytest.mark.parametrize("which", TWO)
def test_the_next_draw_that_is_not_kept_lies_outside_one(which, tmp_path):
    draw = next(draw for draw in count(kept()[which]) if draw not in kept())
    assert missed(run_again(draw, tmp_path))
