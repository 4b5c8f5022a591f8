"""The acceptable set of a model whose acceptable set is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.errors import Problem
from sim.experiment.answers import INTERRUPTED, PARTIAL, Answers, NothingFinishedError
from sim.experiment.executors.task import Failure
from sim.experiment.plan import ImpossiblePointsError, Plan
from sim.measure.measures import Measure
from sim.scenario.changes import Point
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.unknowns import Factor
from sim.uncertainty.acceptance import judge_fits, sheets_of
from sim.uncertainty.calibration import search
from sim.uncertainty.chosen_factors import fitted_factors
from sim.uncertainty.targets import Target

pytest.importorskip("optuna")

N_REPLICATES = 3
Ask = Callable[[tuple[Point, ...]], Answers]


@pytest.fixture(scope="module")
def resolved() -> Resolved:
    return resolve(load_scenario("telegram-2018-replay"))


@pytest.fixture(scope="module")
def factors(resolved: Resolved) -> list[Factor]:
    return fitted_factors(resolved, ["thresholds.impaired=0.02..0.5", "effects.name_evasion=0..1"])


def model(points: tuple[Point, ...]) -> Answers:
    """The answer ``a`` is 100 times the threshold, in each replicate a little off."""
    values = np.array(
        [
            [dict(point.keys)["thresholds.impaired"] * 100 + off for off in (-1, 0, 1)]
            for point in points
        ]
    )[:, None, :, None]
    measures = (Measure("a", "units", 0.0),)
    return Answers(("replay",), measures, values, np.full(values.shape, np.nan))


def found(
    resolved: Resolved, factors: list[Factor], target: Target, ask: Ask = model, n_trials: int = 80
) -> dict[str, list[dict[str, object]]]:
    trials = search(resolved, factors, [target], n_trials, 1, ask)
    fits = judge_fits(trials.answers, [target], 1)
    return {sheet.file: sheet.records() for sheet in sheets_of(factors, [target], trials, fits)}


def test_acceptable_trials_are_those_within_the_tolerance_and_fill_the_set(
    resolved: Resolved, factors: list[Factor]
) -> None:
    sheets = found(resolved, factors, Target("a", 20.0, 5.0, "made up"))
    trials = sheets["trials.csv"]
    assert len(trials) == 80
    for trial in trials:
        assert trial["is_acceptable"] == (0.15 <= trial["thresholds.impaired"] <= 0.25)
        assert trial["a"] == pytest.approx(100 * trial["thresholds.impaired"])
    fitted, free = sheets["calibration.csv"]
    assert 0.15 <= fitted["acceptable_low"] < 0.17
    assert 0.23 < fitted["acceptable_high"] <= 0.25
    assert (fitted["reaches_low"], fitted["reaches_high"]) == (False, False)
    # What the target says nothing about stays anywhere in its range: no single best fit.
    assert free["acceptable_low"] < 0.15
    assert free["acceptable_high"] > 0.85
    assert fitted["n_acceptable"] == sum(trial["is_acceptable"] for trial in trials) > 15
    assert fitted["n_trials"] == 80


def test_a_trial_must_meet_every_target(resolved: Resolved, factors: list[Factor]) -> None:
    targets = [Target("a", 20.0, 5.0, ""), Target("a", 27.0, 5.0, "")]
    fits = judge_fits(search(resolved, factors, targets, 60, 1, model).answers, targets, 1)
    met = (fits.miss <= 1).sum(axis=0)
    assert 0 < fits.is_acceptable.sum() < met.min()
    assert ((fits.mean[fits.is_acceptable] >= 22) & (fits.mean[fits.is_acceptable] <= 25)).all()


def test_the_search_does_not_draw_to_a_point_within_the_tolerances(
    resolved: Resolved, factors: list[Factor]
) -> None:
    def blunt(points: tuple[Point, ...]) -> Answers:
        answers = model(points)
        is_met = np.abs(answers.value.mean(axis=2, keepdims=True) - 20) <= 5
        values = np.where(is_met, 24.9, answers.value)
        return Answers(answers.labels, answers.measures, values, answers.denominator)

    targets = [Target("a", 20.0, 5.0, "")]
    fine, coarse = (
        search(resolved, factors, targets, 60, 1, ask).amounts for ask in (model, blunt)
    )
    np.testing.assert_array_equal(fine, coarse)


def test_the_first_trial_is_the_scenario_as_given(
    resolved: Resolved, factors: list[Factor]
) -> None:
    sheets = found(resolved, factors, Target("a", 20.0, 5.0, "made up"), n_trials=1)
    assert sheets["trials.csv"][0]["thresholds.impaired"] == 0.1
    assert sheets["targets.csv"][0]["as_given"] == pytest.approx(10)


def test_when_nothing_fits_it_says_so_and_how_near_it_came(
    resolved: Resolved, factors: list[Factor]
) -> None:
    sheets = found(resolved, factors, Target("a", 90.0, 5.0, "made up"))
    assert sheets["calibration.csv"][0]["n_acceptable"] == 0
    assert np.isnan(sheets["calibration.csv"][0]["acceptable_low"])
    assert sheets["calibration.csv"][0]["reaches_low"] is None
    assert sheets["targets.csv"][0]["n_met"] == 0
    assert 45 < sheets["targets.csv"][0]["nearest"] <= 50, "the search went to the near end"


def test_a_set_that_reaches_the_end_of_the_range_says_so(
    resolved: Resolved, factors: list[Factor]
) -> None:
    sheets = found(resolved, factors, Target("a", 50.0, 20.0, "made up"))
    fitted = sheets["calibration.csv"][0]
    assert (fitted["reaches_low"], fitted["reaches_high"]) == (False, True)


def test_the_same_question_has_the_same_answer(resolved: Resolved, factors: list[Factor]) -> None:
    target = Target("a", 20.0, 5.0, "made up")
    assert found(resolved, factors, target, n_trials=40) == found(
        resolved, factors, target, n_trials=40
    )


def test_a_trial_without_an_answer_is_neither_acceptable_nor_not(
    resolved: Resolved, factors: list[Factor]
) -> None:
    def holed(points: tuple[Point, ...]) -> Answers:
        answers = model(points)
        values = answers.value.copy()
        values[values[..., 1, 0] > 20] = np.nan
        return Answers(answers.labels, answers.measures, values, answers.denominator)

    sheets = found(resolved, factors, Target("a", 18.0, 5.0, "made up"), holed)
    trials = sheets["trials.csv"]
    failed = [trial for trial in trials if trial["status"] == "failed"]
    assert 0 < len(failed) < len(trials) / 2, "the search turns away from where there is none"
    assert all(trial["is_acceptable"] is None for trial in failed)
    assert sheets["calibration.csv"][0]["n_trials"] == len(trials) - len(failed)
    assert sheets["calibration.csv"][0]["acceptable_high"] <= 0.2


@pytest.mark.parametrize("is_impossible", [True, False])
def test_a_batch_that_cannot_be_loses_no_other(
    resolved: Resolved, factors: list[Factor], is_impossible: bool
) -> None:
    asked = []

    def failing(points: tuple[Point, ...]) -> Answers:
        asked.append(len(points))
        if len(asked) != 3:
            return model(points)
        why = {row: Failure("", f"point {row} of its batch") for row in range(len(points))}
        if is_impossible:
            problem = Problem("x", "no")
            raise ImpossiblePointsError([problem], {(row,): why[row] for row in why})
        plan = Plan("calibration", resolved, 1, 1)
        raise NothingFinishedError(plan, {(row, "x", 0): why[row] for row in why})

    trials = search(resolved, factors, [Target("a", 20.0, 5.0, "")], 80, 1, failing)
    assert len(trials.amounts) == len(trials.answers.value) == sum(asked) == 80
    first, stop = sum(asked[:2]), sum(asked[:3])
    assert np.isnan(trials.answers.value[first:stop]).all()
    assert not np.isnan(trials.answers.value[:first]).any()
    assert not np.isnan(trials.answers.value[stop:]).any()
    assert trials.answers.status == PARTIAL
    assert [key[0] for key in trials.answers.failures] == list(range(first, stop))
    assert trials.answers.reason(first + 1) == "point 1 of its batch"


def test_an_interrupt_keeps_the_trials_that_are_finished(
    resolved: Resolved, factors: list[Factor]
) -> None:
    asked = []

    def interrupted(points: tuple[Point, ...]) -> Answers:
        asked.append(len(points))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return model(points)

    trials = search(resolved, factors, [Target("a", 20.0, 5.0, "")], 80, 1, interrupted)
    assert len(trials.amounts) == len(trials.answers.value) == sum(asked[:2])
    assert trials.answers.status == INTERRUPTED
