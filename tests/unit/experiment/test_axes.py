"""Axes of a sweep as people write them, and the points they span."""

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sim.errors import ScenarioError
from sim.experiment.executors.task import Failure
from sim.experiment.pipeline import PARTIAL, Answers
from sim.experiment.studies import (
    BY_ROW,
    Sensitivity,
    choose_factors,
    lay_points,
    parse_axes,
    points_of,
    rank_factors,
)
from sim.measure.measures import Measure
from sim.scenario.document import Value
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor
from tests.experiments import dial_of
from tests.refusals import problems_of


def points(*texts: str) -> list[tuple[Value, ...]]:
    return lay_points(parse_axes(texts))


def test_a_grid_has_every_combination():
    found = points("population.n_businesses=60..200:3", "strategy.order_times=best,drawn")
    assert found == [
        (60, "best"), (60, "drawn"), (130, "best"), (130, "drawn"), (200, "best"), (200, "drawn"),
    ]  # fmt: skip


def test_a_range_has_five_steps_when_it_does_not_say():
    assert [value for (value,) in points("thresholds.down=0.5..0.9")] == pytest.approx(
        [0.5, 0.6, 0.7, 0.8, 0.9]
    )


def test_logarithms_have_equal_ratios():
    found = [value for (value,) in points("effects.name_evasion=log:0.01..1:3")]
    assert found == pytest.approx([0.01, 0.1, 1])


def test_whole_numbers_that_come_again_are_left_out():
    assert points("population.n_businesses=1..3:5") == [(1,), (2,), (3,)]


def test_lists_may_hold_lists_and_points_are_still_told_apart():
    assert points("strategy.x=[1, 2],[3]") == [([1, 2],), ([3],)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thresholds.down", "expected key=value"),
        ("thresholds.down=", "expected key=value"),
        ("thresholds.down=0.9..0.5", "expected low < high"),
        ("thresholds.down=0..1:1", "expected at least 2 steps"),
        ("thresholds.down=log:0..1", "expected low > 0"),
        ("thresholds.down=a..b", "expected numbers as ends of a range, got 'a'"),
        ("thresholds.down=true..2", "expected numbers as ends of a range, got True"),
        ("thresholds.down=0.5,0.5", "expected each value once"),
        ("thresholds.down=~,1", "expected a value, got nothing"),
        ("root_seed=1,2", "expected a key of the world, got root_seed: say --seed or -n"),
    ],
)
def test_what_is_no_axis_is_refused(text, message):
    with pytest.raises(ScenarioError, match=message):
        parse_axes([text])


def test_all_mistakes_are_said_at_once():
    assert len(problems_of(ScenarioError, parse_axes, ["a=2..1", "b", "a=1,2", "a=3,4"])) == 3


def test_more_points_than_can_be_run_are_refused():
    with pytest.raises(ScenarioError, match="expected at most 20000 points, got 40000"):
        points("thresholds.down=0.5..0.9:200", "thresholds.impaired=0.1..0.4:200")
    with pytest.raises(ScenarioError, match="at most 20000, got 999999999"):
        points("thresholds.down=0.5..0.9:999999999")


def test_a_column_takes_factors_or_positions(replay):
    axes = parse_axes(
        [
            "operators-russia-2018.apply_lag_median_h=2",
            "operators-russia-2018.release_lag_sigma=-1",
            "thresholds.impaired=0.2",
        ],
    )
    (point,) = points_of(replay, axes, lay_points(axes))
    found = point.change(replay)
    assert found.scenario.thresholds.impaired == 0.2
    for old, new in zip(replay.operators.rows, found.operators.rows, strict=True):
        assert new.apply_lag_median_h == 2 * old.apply_lag_median_h
        assert new.release_lag_sigma == 0.3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("operators-russia-2018.release_lag_sigma=0,1.5",
         "expected positions from -1 to 1, got 1.5"),
        ("operators-russia-2018.apply_lag_median_h=0..2", "expected factors > 0"),
        ("operators-russia-2018.apply_lag_median_h=high", "expected factors > 0"),
        ("hosting-russia-2018.weight=1,2", "26 separate weights"),
    ],
)  # fmt: skip
def test_what_a_column_cannot_take_is_refused(replay, text, message):
    axes = parse_axes([text])
    with pytest.raises(ScenarioError, match=message):
        points_of(replay, axes, [])


# The analysis finds on what a made-up answer hangs, and says what it left out.


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
