"""Scores of distributions by case, what counts once, and rankings."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.backtest.prediction import NotComputable, of_draws, of_replicates
from sim.backtest.quality import quality
from sim.backtest.rankings import score_rankings
from sim.backtest.tallies import mean_once, tally
from sim.backtest.verdicts import score
from sim.scenario.cases import CaseFile, read_cases

CASE = """\
  - id: c{n}
    title: T
    given: G
    role: {role}
    why_role: W
    predictor: {{kind: none, why: n}}
    {more}
    published: {{value: {value}, rounding: 0, relation: {relation}, nature: counted, unit: u, source: s{n}, date: 2018{range}}}
"""  # noqa: E501


def file_of(folder: Path, *cases: dict[str, object], rankings: str = "") -> CaseFile:
    defaults = {"role": "held-out", "relation": "equal", "more": "note: x", "range": ""}
    texts = [CASE.format(**(defaults | {"n": n} | case)) for n, case in enumerate(cases)]
    path = folder / "cases.yaml"
    path.write_text("format: overblock/backtest/1\ncases:\n" + "".join(texts) + rankings)
    return read_cases(path)


def drawn(*values: float):
    return of_draws(np.array(values, float), "s", "l")


def one(folder: Path, **case: object):
    return file_of(folder, case).cases[0]


GUESS = "guess: {low: 10, high: 10000}"


def test_a_figure_scores_on_the_logarithm_beside_its_guess(tmp_path):
    found = quality(one(tmp_path, value=100, more=GUESS).case, drawn(10, 100, 1000))
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
        ("at_least", "", 0.75, 2 / 3),
        ("at_most", "", 0.5, 1 / 3),
        ("between", ", low: 50, high: 1000", 0.75, math.log10(20) / 3),
    ],
)
def test_a_bound_scores_the_probability_that_it_is_kept(
    tmp_path, relation, range_, expected, of_guess
):
    case = one(tmp_path, value=100, relation=relation, range=range_, more=GUESS).case
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
    floored = one(tmp_path, value=0, more="floor: 1").case
    assert quality(floored, drawn(0, 0.5)).crps == 0
    assert quality(floored, drawn(0, 0.5)).log10_width == 0
    assert quality(floored, drawn(100)).crps == pytest.approx(2)
    assert quality(floored, drawn(1, 10, 0)).why_not == ""


def scored(cases, values):
    return [score(placed, drawn(*value)) for placed, value in zip(cases, values, strict=True)]


def test_cases_of_one_number_count_once_and_bounds_are_apart(tmp_path):
    same = f"counts_as: plateau\n    {GUESS}"
    cases = file_of(
        tmp_path,
        {"value": 100, "more": same},
        {"value": 101, "more": same},
        {"value": 1000, "more": GUESS},
        {"value": 100, "relation": "at_least", "more": GUESS},
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
    cases = file_of(tmp_path, {"value": 100, "more": GUESS}, {"value": 100}).cases
    found = tally("held-out", "", scored(cases, [(100,), (100,)]))
    assert found.crps == 0
    assert math.isnan(found.crps_guess)


RANKING = "rankings:\n  - {id: r, title: R, cases: [c0, c1, c2, c3]}\n"


def test_a_ranking_of_figures_by_hand_with_its_interval(tmp_path):
    file = file_of(tmp_path, *({"value": value} for value in (10, 20, 30, 40)), rankings=RANKING)
    by_replicate = [(1, 1), (3, 2), (2, 3), (4, 4)]
    scores = [
        score(placed, of_replicates([np.array([float(v)]) for v in values], "s", "l"))
        for placed, values in zip(file.cases, by_replicate, strict=True)
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
    file = file_of(tmp_path, *cases, rankings=RANKING)
    scores = scored(file.cases, [(40,), (30,), (20,), (10,)])
    assert scores[0].verdict == "in a ranking"
    assert math.isnan(scores[0].quality.crps)
    (found,) = score_rankings([file], scores)
    assert (found.rho, found.role) == (pytest.approx(1), "calibration")
    assert math.isnan(found.low)
    assert tally("held-out", "", scores).n_computable == 0


def test_a_ranking_leaves_out_what_is_not_computable_down_to_three(tmp_path):
    file = file_of(tmp_path, *({"value": value} for value in (1, 2, 3, 4)), rankings=RANKING)
    scores = scored(file.cases, [(1,), (2,), (3,), (4,)])
    scores[0] = score(file.cases[0], NotComputable("no"))
    (found,) = score_rankings([file], scores)
    assert (found.n_computable, found.rho) == (3, pytest.approx(1))
    scores[1] = score(file.cases[1], NotComputable("no"))
    (found,) = score_rankings([file], scores)
    assert found.n_computable == 2
    assert math.isnan(found.rho)
