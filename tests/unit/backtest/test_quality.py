"""Scores of distributions by case, what counts once, and rankings."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.backtest.persistence import persistence
from sim.backtest.prediction import NotComputable, of_draws, of_ensemble
from sim.backtest.quality import quality
from sim.backtest.rankings import score_rankings
from sim.backtest.tallies import interval_once, mean_once, tally
from sim.backtest.verdicts import score
from sim.errors import ScenarioError
from sim.scenario.cases import read_cases
from tests.cases import case_file


def drawn(*values: float):
    return of_draws(np.array(values, float), "s", "l")


def one(folder: Path, **case: object):
    return case_file(folder, case).cases[0]


GUESS = "{low: 10, high: 10000}"


def test_a_figure_scores_on_the_logarithm_beside_its_guess(tmp_path):
    found = quality(one(tmp_path, value=100, guess=GUESS).case, drawn(10, 100, 1000))
    # Draws at -1, 0 and 1 decade: mean distance 2/3, mean mutual distance 8/9.
    assert found.crps == pytest.approx(2 / 3 - 4 / 9)
    assert found.crps_guess == pytest.approx(1 / 3)  # a third into three decades
    low, high = np.quantile([10, 100, 1000], [0.05, 0.95])
    assert found.log10_width == pytest.approx(math.log10(high / low))
    assert math.isnan(found.probability)
    assert math.isnan(found.brier)


def test_without_a_range_there_is_a_score_and_no_guess(tmp_path):
    found = quality(one(tmp_path, value=100).case, drawn(100))
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
    found = quality(case, drawn(10, 100, 500, 1000))
    assert found.probability == expected
    assert found.brier == pytest.approx((1 - expected) ** 2)
    assert found.brier_guess == pytest.approx((1 - of_guess) ** 2)
    assert math.isnan(found.crps)
    assert math.isnan(found.log10_width)


def test_zero_has_no_logarithm_and_counts_as_the_floor_where_one_is_stated(tmp_path):
    case = one(tmp_path, value=100).case
    assert quality(case, drawn(0, 100)).why_not == (
        "a predicted number is not above zero, and the case states no floor"
    )
    assert math.isnan(quality(case, drawn(0, 100)).crps)
    nothing = one(tmp_path, value=0).case
    assert "the published figure is not above zero" in quality(nothing, drawn(1)).why_not
    floored = one(tmp_path, value=0, floor=1).case
    assert quality(floored, drawn(0, 0.5)).crps == 0
    assert quality(floored, drawn(0, 0.5)).log10_width == 0
    assert quality(floored, drawn(100)).crps == pytest.approx(2)
    assert quality(floored, drawn(1, 10, 0)).why_not == ""


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
    assert (found.n_cases, found.n_figures, found.n_bounds) == (4, 2, 1)
    assert found.crps == pytest.approx((0.5 * (1 + 0) + 0) / 2)
    assert found.coverage == pytest.approx((0.5 * (0 + 1) + 1) / 2)
    assert found.probability == 0.5
    assert found.brier == 0.25
    assert mean_once(scores[:1], lambda each: each.quality.crps) == pytest.approx(1)
    assert math.isnan(tally("calibration", "", scores).crps)


def test_a_mean_of_guesses_needs_a_range_of_every_case(tmp_path):
    cases = case_file(tmp_path, {"value": 100, "guess": GUESS}, {"value": 100}).cases
    found = tally("held-out", "", scored(cases, [(100,), (100,)]))
    assert found.crps == 0
    assert math.isnan(found.crps_guess)


RANKING = "rankings:\n  - {id: r, title: R, cases: [c0, c1, c2, c3]}\n"


def test_a_ranking_of_figures_by_hand_with_its_interval(tmp_path):
    file = case_file(tmp_path, *({"value": value} for value in (10, 20, 30, 40)), more=RANKING)
    by_member = [(1, 1), (3, 2), (2, 3), (4, 4)]
    scores = [
        score(placed, of_ensemble([np.array([float(v)]) for v in values], "s", "l"))
        for placed, values in zip(file.cases, by_member, strict=True)
    ]
    (found,) = score_rankings([file], scores)
    # Medians 1, 2.5, 2.5, 4: Pearson's correlation of (1, 2.5, 2.5, 4) with (1, 2, 3, 4).
    assert found.rho == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert (found.low, found.high) == pytest.approx((0.8 + 0.05 * 0.2, 1 - 0.05 * 0.2))
    assert found.role == "held-out"
    assert score_rankings([file], scores[:3]) == ()


def test_ranks_are_from_the_greatest_and_score_in_their_ranking_alone(tmp_path):
    cases = [{"value": rank, "relation": "rank", "role": role} for rank, role in
             ((1, "held-out"), (2, "calibration"), (3, "held-out"), (4, "held-out"))]  # fmt: skip
    file = case_file(tmp_path, *cases, more=RANKING)
    scores = scored(file.cases, [(40,), (30,), (20,), (10,)])
    assert scores[0].verdict == "in a ranking"
    assert math.isnan(scores[0].quality.crps)
    (found,) = score_rankings([file], scores)
    assert (found.rho, found.role) == (pytest.approx(1), "calibration")
    assert math.isnan(found.low)
    assert tally("held-out", "", scores).n_computable == 0


def test_a_ranking_leaves_out_what_is_not_computable_down_to_three(tmp_path):
    file = case_file(tmp_path, *({"value": value} for value in (1, 2, 3, 4)), more=RANKING)
    scores = scored(file.cases, [(1,), (2,), (3,), (4,)])
    scores[0] = score(file.cases[0], NotComputable("no"))
    (found,) = score_rankings([file], scores)
    assert (found.n_computable, found.rho) == (3, pytest.approx(1))
    scores[1] = score(file.cases[1], NotComputable("no"))
    (found,) = score_rankings([file], scores)
    assert found.n_computable == 2
    assert math.isnan(found.rho)


def test_persistence_is_the_figure_before_and_what_figures_moved_until_then(tmp_path):
    cases = case_file(
        tmp_path,
        {"value": 100},
        {"value": 1000, "before": "c0"},
        {"value": 10, "before": "c1"},
        {"value": 20, "before": "c2"},
    ).cases
    assert persistence(cases[0]) is None
    assert persistence(cases[1]) == pytest.approx([2])  # a point
    assert sorted(persistence(cases[2])) == pytest.approx([2, 4])  # 3, one up or down
    assert sorted(persistence(cases[3])) == pytest.approx([-1, 0, 2, 3])  # 1, by 1 and by 2
    second = score(cases[1], drawn(1000)).quality
    assert (second.crps, second.crps_persistence) == pytest.approx((0, 1))
    # At distances 2 and 0.70 of log10 20; two points 2 apart have a mean mutual distance of 1.
    third = score(cases[2], drawn(10)).quality
    assert third.crps_persistence == pytest.approx((1 + 3) / 2 - 1 / 2)


def test_a_figure_before_below_the_floor_counts_as_the_floor(tmp_path):
    more = {"floor": 10, "before": "c0"}
    nothing, after = case_file(tmp_path, {"value": 0}, {"value": 100, **more}).cases
    assert persistence(after) == pytest.approx([1])
    _, plain = case_file(tmp_path, {"value": 0}, {"value": 100, "before": "c0"}).cases
    assert persistence(plain) is None
    assert math.isnan(score(nothing, drawn(1)).quality.crps_persistence)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({}, {"before": "c2"}, "expected the id of a case of this file that stands before"),
        ({}, {"before": "c1"}, "that stands before this one, got 'c1'"),
        ({"relation": "at_least"}, {"before": "c0"}, "expected two figures with relation"),
    ],
)
def test_a_figure_before_that_cannot_be_is_refused(tmp_path, first, second, message):
    with pytest.raises(ScenarioError, match=message) as refusal:
        case_file(tmp_path, {"value": 1, **first}, {"value": 1, **second}, {"value": 1})
    assert "cases.1.before: " in str(refusal.value)


def test_figures_of_other_units_are_not_before_each_other(tmp_path):
    path = tmp_path / "cases.yaml"
    case_file(tmp_path, {"value": 1}, {"value": 1, "before": "c0"})
    path.write_text(path.read_text().replace("unit: u", "unit: w", 1))
    with pytest.raises(ScenarioError, match="expected a figure in u, got one in w"):
        read_cases(path)


def test_means_with_a_figure_before_are_of_the_same_numbers(tmp_path):
    cases = case_file(tmp_path, {"value": 10}, {"value": 100, "before": "c0"}).cases
    found = tally("held-out", "", scored(cases, [(1000,), (100,)]))
    assert (found.n_figures, found.n_before) == (2, 1)
    assert (found.crps, found.crps_before, found.crps_persistence) == pytest.approx((1, 0, 1))


def test_the_interval_of_a_mean_resamples_numbers_with_all_their_cases(tmp_path):
    """By scipy on the numbers; as if its cases were apart, the interval would be too narrow."""
    stats = pytest.importorskip("scipy.stats")
    cases = case_file(
        tmp_path,
        *({"value": 1, "counts_as": f"number-{n // 4}"} for n in range(24)),
    ).cases
    values = (1, 3, 10, 2, 30, 5)
    scores = scored(cases, [(values[n // 4],) for n in range(24)])
    low, high = interval_once(scores, lambda each: each.quality.crps)
    logs = np.log10(values)
    expected = stats.bootstrap((logs,), np.mean, method="BCa", rng=np.random.default_rng(1))
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval), rel=0.03)
    apart = stats.bootstrap(
        (np.repeat(logs, 4),), np.mean, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    assert high - low > 1.5 * (apart.high - apart.low)
    found = tally("held-out", "", scores)
    assert found.intervals["crps"] == (low, high)
    assert low < found.crps < high
    assert interval_once(scores[:8], lambda each: each.quality.crps) is None  # two numbers
    assert "crps_guess" not in found.intervals
