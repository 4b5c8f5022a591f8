"""The analysis finds on what a made-up answer hangs, and says what it left out."""

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sim.experiment.execution import PARTIAL, Answers
from sim.experiment.executors.task import Failure
from sim.experiment.studies import BY_ROW, Sensitivity, choose_factors, rank_factors
from sim.measure.measures import Measure
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor
from tests.experiments import dial_of

KEYS = ["thresholds.impaired", "thresholds.down", "effects.name_evasion", "front-pools-2018.weight"]


@pytest.fixture(scope="module")
def factors(chase: Resolved) -> list[Factor]:
    chosen, _ = choose_factors(chase, KEYS)
    assert [factor.key for factor in chosen] == KEYS
    return chosen


def respond(factors: Sequence[Factor]) -> Answers:
    """The answer is a sum over factors of slope times position in the range: 10, -4 and 0."""
    slopes, given = (10.0, -4.0, 0.0), [dial_of(one, one.given) for one in factors]
    points = [
        given,
        *([*given[:row], end, *given[row + 1 :]] for row in range(3) for end in (0, 1)),
    ]
    values = [[100 + sum(map(operator.mul, slopes, point))] * 2 for point in points]
    table = np.array(values)[:, :, None]
    return Answers("x", (Measure("a", "units", 0.0),), table, np.full(table.shape, np.nan))


def test_ends_of_a_linear_answer(factors):
    lines = rank_factors(factors[:3], respond(factors[:3]), "a")
    first, second, none = lines
    dial = dial_of(factors[0], factors[0].given)
    assert [line["factor"] for line in lines] == KEYS[:3]
    assert first["at_low"] == pytest.approx(first["given"] - 10 * dial)
    assert first["at_high"] == pytest.approx(first["given"] + 10 * (1 - dial))
    assert second["at_low"] - second["at_high"] == pytest.approx(4)
    assert none["at_low"] == none["at_high"] == none["given"]


@pytest.mark.parametrize(("expected", "is_known"), [(0.0, False), (2.0, True)])
def test_a_zero_of_a_sample_that_could_not_be_hit_is_no_answer(
    factors: list[Factor], expected: float, is_known: bool
) -> None:
    hours = "business_hours_impaired"
    measures = (
        Measure(hours, "business-hours", 0.0, 0.0, "business-hours"),
        Measure("addresses_listed_peak", "addresses", 0.0),
        Measure("businesses_ever_affected", "businesses", 0.0, 0.0, "businesses"),
        Measure("businesses_expected_listed", "businesses", 0.0, 0.0, "businesses"),
    )
    shape = (7, 2, len(measures))
    value = np.broadcast_to([0.0, 16.0, 0.0, expected], shape)
    whole = np.broadcast_to([2.4e5, np.nan, 1000.0, 1000.0], shape)
    lines = rank_factors(factors[:3], Answers("x", measures, value, whole), hours)
    columns = ("given", "at_low", "at_high")
    assert all(np.isnan(line[name]) != is_known for name in columns for line in lines)


def test_every_point_is_an_end_and_what_failed_is_listed(chase, tmp_path):
    asked = replace(Sensitivity.of(chase, 1, 2, only=KEYS), metrics=("a",))
    assert [one.key for one in asked.factors] == KEYS[:3]
    assert {one.key: one.why for one in asked.left_out}[KEYS[3]] == BY_ROW
    answers = respond(asked.factors)
    values = answers.value.copy()
    values[2] = np.nan
    broken = Failure("ValueError", "broken")
    failures = {(2, "x", 0): broken, (2, "x", 1): broken}
    failed = Answers(
        answers.label, answers.measures, values, answers.denominator, failures, PARTIAL
    )
    sheets = asked.write(tmp_path, failed).sheets
    points = sheets["points.csv"].records()
    assert (points[2]["status"], points[2]["error"]) == ("failed", "ValueError: broken")
    found = [(point["factor"], point["amount"]) for point in points]
    ends = [(one.key, end) for one in asked.factors for end in (one.low, one.high)]
    assert found == [(None, None), *ends]
    changes = [one.keys for one in asked.plan.points]
    assert changes[1:3] == [((KEYS[0], asked.factors[0].low),), ((KEYS[0], asked.factors[0].high),)]
    rows = {one["factor"]: one for one in sheets["sensitivity.csv"].records()}
    assert np.isnan(rows[KEYS[0]]["at_high"])
    assert next(iter(rows)) == KEYS[1]
