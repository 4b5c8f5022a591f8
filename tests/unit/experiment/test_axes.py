"""Axes of a sweep as people write them, and the points they span."""

import pytest

from sim.errors import ScenarioError
from sim.experiment.studies import lay_points, parse_axes, points_of
from sim.scenario.document import Value
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
