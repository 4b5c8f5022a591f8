"""The analysis finds on what a made-up answer hangs, and says what it left out."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sim.errors import ScenarioError, UsageError
from sim.experiment.execution import PARTIAL, Answers
from sim.experiment.executors.task import Failure
from sim.measure.measures import Measure
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.unknowns import Factor
from sim.uncertainty.sensitivity import (
    Design,
    Sensitivity,
    choose_factors,
    lay_design,
    rank_factors,
)
from tests.experiments import dial_of

KEYS = ["thresholds.impaired", "thresholds.down", "effects.name_evasion", "front-pools-2018.weight"]


@pytest.fixture(scope="module")
def resolved() -> Resolved:
    return resolve(load_scenario("telegram-2018"))


@pytest.fixture(scope="module")
def factors(resolved: Resolved) -> list[Factor]:
    chosen, _ = choose_factors(resolved, KEYS, [])
    assert [factor.key for factor in chosen] == KEYS
    return chosen


@pytest.mark.parametrize("key", ["thresholds.nobody", "strategy.id"])
def test_a_range_of_what_holds_no_number_is_refused(resolved, key):
    told = f"--range {key}=0..1: expected a key that holds a number, got '{key}'"
    with pytest.raises(ScenarioError, match=re.escape(told)):
        choose_factors(resolved, [], [f"{key}=0..1"])


def respond(design: Design) -> Answers:
    """The answer is a sum over factors of slope times position in the range.

    Slopes are 10, -4 and 0; the three weights count 1 each.
    """
    slopes = [10.0, -4.0, 0.0, 1.0]
    values = []
    for amounts in design.amounts:
        total = 100.0
        for factor, slope in zip(design.factors, slopes, strict=True):
            dials = amounts.get(factor.key, (factor.given,) * factor.n_dials)
            total += slope * sum(dial_of(factor, dial) for dial in dials)
        values.append([total - 0.5, total + 0.5])
    table = np.array(values)[:, None, :, None]
    return Answers(("x",), (Measure("a", "units", 0.0),), table, np.full(table.shape, np.nan))


def test_ends_and_trajectories_of_a_linear_answer(resolved, factors):
    design = lay_design(resolved, factors, 8, 1)
    lines = rank_factors(design, respond(design), "a", 1)
    by_key = {line["factor"]: line for line in lines}
    first, second, none, weights = (by_key[key] for key in KEYS)
    dial = dial_of(factors[0], factors[0].given)
    assert first["at_low"] == pytest.approx(first["given"] - 10 * dial)
    assert first["at_high"] == pytest.approx(first["given"] + 10 * (1 - dial))
    assert (first["mu"], first["mu_star"]) == pytest.approx((10, 10))
    assert (second["mu"], second["mu_star"]) == pytest.approx((-4, 4))
    assert (none["mu_star"], none["at_low"]) == pytest.approx((0, none["given"]))
    assert np.isnan(weights["at_low"])
    assert np.isnan(weights["mu"])
    assert 0 < weights["mu_star"] <= 3
    assert weights["n_dials"] == 3
    assert [line["factor"] for line in lines] == [KEYS[0], KEYS[1], KEYS[3], KEYS[2]]


@pytest.mark.parametrize(("expected", "is_known"), [(0.0, False), (2.0, True)])
def test_a_zero_of_a_sample_that_could_not_be_hit_is_no_answer(
    resolved: Resolved, factors: list[Factor], expected: float, is_known: bool
) -> None:
    design = lay_design(resolved, factors, 2, 1)
    hours = "business_hours_impaired"
    measures = (
        Measure(hours, "business-hours", 0.0, 0.0, "business-hours"),
        Measure("addresses_listed_peak", "addresses", 0.0),
        Measure("businesses_ever_affected", "businesses", 0.0, 0.0, "businesses"),
        Measure("businesses_expected_listed", "businesses", 0.0, 0.0, "businesses"),
    )
    shape = (len(design.points), 1, 2, len(measures))
    value = np.broadcast_to([0.0, 16.0, 0.0, expected], shape)
    whole = np.broadcast_to([2.4e5, np.nan, 1000.0, 1000.0], shape)
    lines = rank_factors(design, Answers(("x",), measures, value, whole), hours, 1)
    columns = ("given", "mu_star", "mu_star_low", "sigma")
    found = {name: {line[name] for line in lines} for name in columns}
    assert all(np.isnan(of) != is_known for name in columns for of in found[name])
    assert {line["n_trajectories"] for line in lines} == {2 if is_known else 0}


def test_without_trajectories_the_ends_rank_the_factors(
    resolved: Resolved, factors: list[Factor]
) -> None:
    design = lay_design(resolved, factors, 0, 1)
    lines = rank_factors(design, respond(design), "a", 1)
    assert [line["factor"] for line in lines][:2] == KEYS[:2]
    assert np.isnan([line["mu_star"] for line in lines]).all()
    assert {line["n_trajectories"] for line in lines} == {0}


def analysis(resolved: Resolved, trajectories: int) -> Sensitivity:
    return Sensitivity.of(resolved, 1, 2, only=KEYS, trajectories=trajectories)


def test_a_failed_point_leaves_out_its_trajectory_and_is_listed(resolved, tmp_path):
    asked = replace(analysis(resolved, 4), metrics=("a",))
    answers = respond(asked.design)
    row = asked.design.n_ends + 2
    values = answers.value.copy()
    values[row] = np.nan
    broken = Failure("ValueError", "broken")
    failures = {(row, "x", 0): broken, (row, "x", 1): broken}
    failed = Answers(
        answers.labels, answers.measures, values, answers.denominator, failures, PARTIAL
    )
    sheets = asked.write(tmp_path, failed).sheets
    assert {line["n_trajectories"] for line in sheets["sensitivity.csv"].records()} == {3}
    points = sheets["points.csv"].records()
    assert points[row]["status"] == "failed"
    assert points[row]["error"] == "ValueError: broken"
    assert [point["part"] for point in points].count("morris") == 4 * 5
    assert points[0][KEYS[0]] is None
    assert len(str(points[row][KEYS[3]]).split()) == 3
    third = asked.design.factors[2]
    ends = [point[third.key] for point in points if point["part"] == "ends"]
    assert {end for end in ends if end is not None} == {third.low, third.high}
    assert all(point[third.key] is not None for point in points if point["part"] == "morris")


def test_trajectories_keep_to_what_the_scenario_can_be(resolved):
    keys = ["population.share_components_at_home", "population.share_components_domestic"]
    factors, _ = choose_factors(resolved, keys, [f"{keys[1]}=0..0.6"])
    design = lay_design(resolved, factors, 6, 1)
    assert len(design.dials) == 6
    assert design.n_rejected > 0
    for amounts in design.amounts[design.n_ends :]:
        assert amounts[keys[0]][0] + amounts[keys[1]][0] <= 1
    never, _ = choose_factors(resolved, keys, [f"{keys[0]}=0.7..0.9", f"{keys[1]}=0.7..0.9"])
    with pytest.raises(UsageError, match="none in 100 draws: their ranges contradict each other"):
        lay_design(resolved, never, 2, 1)


def test_the_design_is_luck_of_the_root_seed_alone(resolved, factors):
    one, same, other = (lay_design(resolved, factors, 3, seed) for seed in (1, 1, 2))
    assert one.amounts == same.amounts
    assert one.amounts != other.amounts
