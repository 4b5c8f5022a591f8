"""Scores of distributions by case, and numbers that count once."""

import math
from pathlib import Path

import numpy as np
import pytest

from sim.backtest.document import mean_once, tally
from sim.backtest.predictions import Prediction
from sim.backtest.scores import rate, score
from tests.cases import case_file


def drawn(*values: float):
    ends = np.quantile(values, [0.5, 0.05, 0.95])
    return Prediction(*ends, 0.9, (), "s", "l", np.array(values, float))


def one(folder: Path, **case: object):
    return case_file(folder, case).cases[0]


GUESS = "{low: 10, high: 10000}"


def test_a_figure_scores_on_the_logarithm_beside_its_guess(tmp_path):
    found = rate(one(tmp_path, value=100, guess=GUESS).case, drawn(10, 100, 1000))
    # Draws at -1, 0 and 1 decade: mean distance 2/3, mean mutual distance 8/9.
    assert found.crps == pytest.approx(2 / 3 - 4 / 9)
    assert found.crps_guess == pytest.approx(1 / 3)  # a third into three decades
    low, high = np.quantile([10, 100, 1000], [0.05, 0.95])
    assert found.log10_width == pytest.approx(math.log10(high / low))
    assert math.isnan(found.probability)
    assert math.isnan(found.brier)


def test_without_a_range_there_is_a_score_and_no_guess(tmp_path):
    found = rate(one(tmp_path, value=100).case, drawn(100))
    assert found.crps == 0
    assert math.isnan(found.crps_guess)


@pytest.mark.parametrize(
    ("relation", "range_", "expected", "of_guess"),
    [
        ("at_least", {}, 0.75, 2 / 3),
        ("at_most", {}, 0.5, 1 / 3),
        ("between", {"low": 50, "high": 1000}, 0.75, math.log10(20) / 3),
    ],
)
def test_a_bound_scores_the_probability_that_it_is_kept(
    tmp_path, relation, range_, expected, of_guess
):
    case = one(tmp_path, value=100, relation=relation, **range_, guess=GUESS).case
    found = rate(case, drawn(10, 100, 500, 1000))
    assert found.probability == expected
    assert found.brier == pytest.approx((1 - expected) ** 2)
    assert found.brier_guess == pytest.approx((1 - of_guess) ** 2)
    assert math.isnan(found.crps)
    assert math.isnan(found.log10_width)


def test_zero_has_no_logarithm_and_counts_as_the_floor_where_one_is_stated(tmp_path):
    case = one(tmp_path, value=100).case
    assert rate(case, drawn(0, 100)).why_not == (
        "a predicted number is not above zero, and the case states no floor"
    )
    assert math.isnan(rate(case, drawn(0, 100)).crps)
    nothing = one(tmp_path, value=0).case
    assert "the published figure is not above zero" in rate(nothing, drawn(1)).why_not
    floored = one(tmp_path, value=0, floor=1).case
    assert rate(floored, drawn(0, 0.5)).crps == 0
    assert rate(floored, drawn(0, 0.5)).log10_width == 0
    assert rate(floored, drawn(100)).crps == pytest.approx(2)
    assert rate(floored, drawn(1, 10, 0)).why_not == ""


def scored(cases, values):
    return [score(placed, drawn(*value)) for placed, value in zip(cases, values, strict=True)]


def test_cases_of_one_number_count_once_and_bounds_are_apart(tmp_path):
    same = {"counts_as": "plateau", "guess": GUESS}
    cases = case_file(
        tmp_path,
        {"value": 100, **same},
        {"value": 101, **same},
        {"value": 1000, "guess": GUESS},
        {"value": 100, "relation": "at_least", "guess": GUESS},
    ).cases
    scores = scored(cases, [(10,), (101,), (1000,), (1, 1000)])
    found = tally("held-out", "", scores)
    assert (found["n_cases"], found["n_figures"], found["n_bounds"]) == (4, 2, 1)
    assert found["crps"] == pytest.approx((0.5 * (1 + 0) + 0) / 2)
    assert found["coverage"] == pytest.approx((0.5 * (0 + 1) + 1) / 2)
    assert found["probability"] == 0.5
    assert found["brier"] == 0.25
    assert mean_once(scores[:1], lambda each: each.quality.crps) == pytest.approx(1)
    assert math.isnan(tally("calibration", "", scores)["crps"])


def test_a_mean_of_guesses_needs_a_range_of_every_case(tmp_path):
    cases = case_file(tmp_path, {"value": 100, "guess": GUESS}, {"value": 100}).cases
    found = tally("held-out", "", scored(cases, [(100,), (100,)]))
    assert found["crps"] == 0
    assert math.isnan(found["crps_guess"])


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        ((0, 100, 1000), 2 / 3 - 4 / 9),  # zero counts as the guess's low end, 10
        ((0, 1, 100), 4 / 3 - 4 / 9),  # or as the least draw above zero
    ],
)
def test_a_zero_among_draws_counts_as_the_least_that_was_expected(tmp_path, draws, expected):
    found = rate(one(tmp_path, value=100, guess=GUESS).case, drawn(*draws))
    assert found.crps == pytest.approx(expected)
