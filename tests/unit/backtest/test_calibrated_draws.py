"""A calibration of draws: which cases it reads, what it writes, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.backtest.calibrated_draws import DrawCalibration, made_from
from sim.errors import UsageError
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.question import find_unfinished, read_question
from sim.experiment.weighted_draws import read_weighted_draws
from sim.results.checkpoints import n_runs
from sim.results.place import partial_folders
from sim.scenario.cases import CaseFile, shipped_cases
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.cases import case_file
from tests.experiments import Scripted, files_of

pytestmark = pytest.mark.laws

pytest.importorskip("sklearn")

BRIEF = ("population.n_businesses=20", "end=2018-04-16T16:00+03:00")
PREDICTOR = "{{kind: run, scenario: telegram-2018, curve: addresses_listed, at: {}}}"


def listed(folder: Path, *cases: dict[str, object]) -> CaseFile:
    """Cases of addresses listed at a time, calibration unless it is said."""
    plain = {"role": "calibration", "value": 100_000, "nature": "computed"}
    predictor = PREDICTOR.format("2018-04-16T15:00+03:00")
    return case_file(folder, *({**plain, "predictor": predictor, **case} for case in cases))


def asked(folder: Path, *cases: dict[str, object], n_draws: int = 64) -> DrawCalibration:
    return DrawCalibration.of("telegram-2018", BRIEF, [listed(folder, *cases)], n_draws)


def test_only_calibration_figures_of_the_scenario_are_read() -> None:
    found = DrawCalibration.of("telegram-2018", (), shipped_cases(), 64)
    cases = [each.case for group in found.groups for each in group.cases]
    assert {case.role for case in cases} == {"calibration"}
    assert {case.subject for case in cases} == {"scenario telegram-2018"}
    assert len(cases) == len(found.figures) > 10
    assert (found.n_first, found.n_second) == (38, 26)
    assert [row["file"] for row in made_from(found)["cases"]] == ["telegram-2018.yaml"]


def test_a_figure_in_another_unit_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    times = "{value: 2, why: every address twice}"
    found = asked(tmp_path, {"id": "one"}, {"id": "twice", "times": times})
    assert [figure.name for figure in found.figures] == ["one"]
    assert found.left_out == ("twice: calibration knows no factor (times)",)


def test_a_held_out_figure_moves_nothing(tmp_path: Path) -> None:
    one = asked(tmp_path, {"id": "one"}, {"id": "other", "role": "held-out", "value": 7})
    assert [figure.name for figure in one.figures] == ["one"]
    with pytest.raises(UsageError, match="expected calibration figures of this scenario"):
        asked(tmp_path, {"id": "other", "role": "held-out"})


@pytest.mark.parametrize("n_draws", [32, 63, 2**16 + 1])
def test_draws_that_are_too_few_or_too_many_are_refused(tmp_path: Path, n_draws: int) -> None:
    """Sixteen are looked at for each that is made, and there are at most 2**20 in all."""
    with pytest.raises(UsageError, match=f"expected 64 to 65536 draws to .* got {n_draws}"):
        asked(tmp_path, {"id": "one"}, n_draws=n_draws)


@pytest.mark.long
def test_a_calibration_gives_weights_that_a_run_takes(tmp_path: Path) -> None:
    calibration = asked(tmp_path, {"id": "one"}, {"id": "same", "counts_as": "one"})
    executor = SerialExecutor()
    done: list[tuple[int, int]] = []
    made = carry_out(
        calibration,
        folder=tmp_path / "out",
        executor=executor,
        on_progress=lambda *step: done.append(step),
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
    low = np.quantile(first, 0.05, method="averaged_inverted_cdf")
    assert float(figures[0]["prior_low"]) == low
    assert figures[0]["discrepancy"] == "0.15"


@pytest.mark.long
def test_an_interrupted_calibration_is_gone_on_with_to_the_same_bytes(tmp_path: Path) -> None:
    """Once in the first wave, once in the second; no draw is run twice."""
    case = {"id": "one"}
    whole = carry_out(asked(tmp_path, case), folder=tmp_path / "whole", executor=Scripted())
    n_first = asked(tmp_path, case).n_first
    folder, n_run = tmp_path / "out", 0
    for n_more in (n_first - 9, 15, None):
        executor = Scripted(interrupt_after=n_more)
        again, earlier = asked(tmp_path, case), None
        if n_run:
            parts, _ = find_unfinished(folder)
            question = read_question(parts)
            assert question.kind == "calibration"
            again, earlier = question.ask_again(DrawCalibration.again), parts
        if n_more is None:
            made = carry_out(again, folder=folder, executor=executor, earlier=earlier)
            assert len(executor.asked) == 64 - n_run
            assert made.status == "complete"
            break
        with pytest.raises(KeyboardInterrupt):
            carry_out(again, folder=folder, executor=executor, earlier=earlier)
        assert not folder.exists()
        n_run += n_more
        # As if the process had ended.
        (left,) = [one for one in partial_folders(folder) if n_runs(one) == n_run]
        left.rename(tmp_path / f".out.partial-{999999990 + n_run}")
    assert files_of(folder) == files_of(whole.folder)


def test_figures_that_changed_are_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        carry_out(
            asked(tmp_path, {"id": "one"}), folder=tmp_path / "out",
            executor=Scripted(interrupt_after=2),
        )  # fmt: skip
    (left,) = partial_folders(tmp_path / "out")
    question = read_question(left / "parts")
    assert question.ask_again(DrawCalibration.again).plan.result_id == question.result_id
    listed(tmp_path, {"id": "one", "value": 200000})
    with pytest.raises(UsageError, match="now says something else than when this was begun"):
        question.ask_again(DrawCalibration.again)
