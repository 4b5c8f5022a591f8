"""Shipped weights are of the scenario, its tables and its calibration figures as they are now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from sim.backtest.calibrated_draws import DrawCalibration
from sim.experiment.plan import Plan
from sim.experiment.weighted_draws import read_weighted_draws, shipped_draws
from sim.scenario import library
from sim.scenario.cases import shipped_cases
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.statistics.ensembles import effective_size
from tests.optional import needs
from tests.shipped_draws import SHIPPED, made_from

TABLES = sorted(SHIPPED.glob("*.csv"))


def test_weights_of_both_calibrated_scenarios_are_shipped() -> None:
    assert [path.stem for path in TABLES] == ["spain-2025-26", "telegram-2018"]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_shipped_weights_are_of_what_they_say(path: Path) -> None:
    needs("sklearn")
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    table = read_weighted_draws(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == about["sha256"]
    assert table.draw.size == about["n_draws"]
    assert effective_size(table.weight) == pytest.approx(about["n_effective"], abs=0.06)
    assert about["command"].startswith(f"overblock calibrate {path.stem} ")
    design = about["made_from"]
    now = DrawCalibration.of(
        path.stem,
        [],
        shipped_cases(),
        design["n_first"] + design["n_second"],
        design["discrepancy_log10"],
    ).plan.design
    assert json.loads(json.dumps(made_from(now))) == design, (
        f"run {about['command']} -o FOLDER again, then python -m tests.shipped_draws FOLDER"
    )


def test_shipped_weights_are_taken_where_they_are_of_the_unknowns() -> None:
    taken = shipped_draws(resolve(load_scenario("telegram-2018")))
    assert taken is not None
    assert taken.file == str(SHIPPED / "telegram-2018.csv")
    later = resolve(load_scenario("telegram-2018", ["root_seed=5"]))
    assert shipped_draws(later) is not None
    # What is given is not unknown: no figure has weighed the others beside it.
    fixed = resolve(load_scenario("telegram-2018", ["population.n_businesses=400"]))
    assert shipped_draws(fixed) is None


def test_a_plan_takes_them_unasked_and_none_of_them_where_that_is_asked_for() -> None:
    plan = Plan.of_run(resolve(load_scenario("telegram-2018")), 7, 1)
    unasked, alike = plan.with_draws_from(None, 8), plan.with_draws_from("none", 8)
    assert unasked.draws is not None
    assert alike.draws is not None
    about = json.loads((SHIPPED / "telegram-2018.json").read_text(encoding="utf-8"))
    assert unasked.draws.origin == about["sha256"]
    assert alike.draws.origin == ""
    assert alike.draws.n == 8
    named = plan.with_draws_from(SHIPPED / "telegram-2018.csv", 8)
    assert named.result_id == unasked.result_id != alike.result_id
    assert plan.with_draws_from(None, 0).draws is None


def test_weights_that_are_shipped_to_be_scored_are_taken_by_no_run() -> None:
    about = json.loads((SHIPPED / "spain-2025-26.json").read_text(encoding="utf-8"))
    assert about["why_not_taken"]
    assert shipped_draws(resolve(load_scenario("spain-2025-26"))) is None


def test_other_scenarios_have_none(tmp_path: Path) -> None:
    assert shipped_draws(resolve(load_scenario("match-days"))) is None
    copy = tmp_path / "telegram-2018.yaml"
    copy.write_bytes(library.find_scenario("telegram-2018").read_bytes())
    assert shipped_draws(resolve(load_scenario(str(copy)))) is None
