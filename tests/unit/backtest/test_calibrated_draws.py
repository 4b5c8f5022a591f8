"""A calibration of draws: which cases it reads, what it writes, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.backtest.calibrated_draws import DrawCalibration, made_from
from sim.errors import UsageError
from sim.experiment.execution import carry_out
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.plan import Plan
from sim.experiment.weighted_draws import read_weighted_draws
from sim.scenario.cases import CaseFile, read_cases, shipped_cases
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve

pytest.importorskip("sklearn")

BRIEF = ("population.n_businesses=20", "end=2018-04-16T16:00+03:00")
CASE = """
  - id: {id}
    title: Addresses in the register
    given: The scenario.
    role: {role}
    why_role: So that it is tried.
    predictor: {{kind: run, scenario: telegram-2018, curve: addresses_listed, at: {at}}}
    counts_as: "{number}"
    published:
      value: {value}
      rounding: 0
      nature: computed
      unit: IPv4 addresses
      source: made up
      date: 2018-04-16
"""


def case_file(folder: Path, *cases: dict[str, object]) -> CaseFile:
    path = folder / "cases.yaml"
    plain = {"role": "calibration", "at": "2018-04-16T15:00+03:00", "number": "", "value": 100000}
    text = "".join(CASE.format(**{**plain, **case}) for case in cases)
    path.write_text(f"format: overblock/backtest/1\ncases:{text}", encoding="utf-8")
    return read_cases(path)


def asked(folder: Path, *cases: dict[str, object], n_draws: int = 64) -> DrawCalibration:
    return DrawCalibration.of("telegram-2018", BRIEF, [case_file(folder, *cases)], n_draws)


def test_only_calibration_figures_of_the_scenario_are_read() -> None:
    found = DrawCalibration.of("telegram-2018", (), shipped_cases(), 64)
    cases = [each.case for group in found.groups for each in group.cases]
    assert {case.role for case in cases} == {"calibration"}
    assert {case.subject for case in cases} == {"scenario telegram-2018"}
    assert len(cases) == len(found.figures) > 10
    assert (found.n_first, found.n_second) == (38, 26)
    assert [row["file"] for row in made_from(found)["cases"]] == ["telegram-2018.yaml"]


def test_a_held_out_figure_moves_nothing(tmp_path: Path) -> None:
    one = asked(tmp_path, {"id": "one"}, {"id": "other", "role": "held-out", "value": 7})
    assert [figure.name for figure in one.figures] == ["one"]
    with pytest.raises(UsageError, match="expected calibration figures of this scenario"):
        asked(tmp_path, {"id": "other", "role": "held-out"})


def test_too_few_draws_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected 64 to"):
        asked(tmp_path, {"id": "one"}, n_draws=32)


def test_a_calibration_gives_weights_that_a_run_takes(tmp_path: Path) -> None:
    calibration = asked(tmp_path, {"id": "one"}, {"id": "same", "number": "one"})
    executor = SerialExecutor()
    done: list[tuple[int, int]] = []
    made = carry_out(
        calibration.by(executor, lambda *step: done.append(step), lambda: None),
        folder=tmp_path / "out",
        executor=executor,
    )
    assert made.status == "complete"
    assert done[-1][1] == 64
    table = read_weighted_draws(made.folder / "weights.csv")
    history = made.history
    assert table.draw.tolist() == history.draw[history.weight > 0].tolist()
    assert table.weight == pytest.approx(history.weight[history.weight > 0])
    assert history.numbers == ("one",)
    resolved = resolve(load_scenario("telegram-2018", BRIEF))
    draws = Plan.of_run(resolved, 1, 1).with_draws(None, 1, table).draws
    assert draws is not None
    with (made.folder / "draw_values.csv").open(encoding="utf-8") as file:
        values = [row for row in csv.DictReader(file) if row["draw"] == str(table.draw[0])]
    flat = np.concatenate([amount[0] for amount in draws.amounts])
    assert [float(row["amount"]) for row in values] == pytest.approx(flat.tolist())
    with (made.folder / "figures.csv").open(encoding="utf-8") as file:
        figures = list(csv.DictReader(file))
    assert [row["case"] for row in figures] == ["one", "same"]
    first = history.values[history.wave == 1, 0]
    assert float(figures[0]["prior_low"]) == np.quantile(first, 0.05, method="inverted_cdf")
    assert figures[0]["discrepancy"] == "0.15"
