"""Estimates, verdicts and waits of values by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.assess.court_facts import Above
from sim.assess.estimates import PairedMeasures, estimate_difference, estimate_mean, estimate_ratio
from sim.assess.safeguards import _wait
from sim.errors import DataError, UsageError
from sim.results.read import Measures
from sim.streams import Streams

EFFECT, HARM = "target_user_hours_denied", "business_hours_impaired"
LUCK = Streams(7, 0)


def measures(*rows: tuple[str, str, int, float, float]) -> Measures:
    """Rows of strategy, metric, replicate, value and denominator."""
    strategy, metric, replicate, value, denominator = zip(*rows, strict=True)
    n = len(rows)
    columns = {
        "strategy": np.array(strategy, object), "metric": np.array(metric, object),
        "replicate": np.array(replicate), "value": np.array(value, float),
        "unit": np.array(["h"] * n, object), "denominator": np.array(denominator, float),
        "denominator_unit": np.array([""] * n, object),
    }  # fmt: skip
    return Measures(**{name: columns[name] for name in Measures.__dataclass_fields__})


def both(label: str, replicate: int, effect: float, harm: float) -> list[tuple]:
    return [(label, EFFECT, replicate, effect, 100.0), (label, HARM, replicate, harm, 50.0)]


def paired(*rows: tuple, labels: tuple[str, ...] = ("a", "b")) -> PairedMeasures:
    return PairedMeasures(measures(*rows), labels, EFFECT, HARM, 0.0)


def test_values_are_paired_by_replicate_whatever_the_sequence_of_rows() -> None:
    values = paired(
        *both("a", 2, 5, 1), *both("a", 0, 3, 2), *both("a", 1, 9, 9),
        *both("b", 0, 4, 8), *both("b", 2, 7, 3), *both("b", 5, 9, 9),
    )  # fmt: skip
    assert values.replicates.tolist() == [0, 2]
    assert values.n_replicates == 2
    assert values.rows("a").tolist() == [[3, 5], [2, 1]]
    assert values.rows("b").tolist() == [[4, 7], [8, 3]]
    assert values.units == {EFFECT: "h", HARM: "h"}
    found = estimate_mean(values, "b", HARM, LUCK)
    assert (found.mean, found.denominator) == (5.5, 50)
    # Differences 1 and 2 of effect: the first is the one that is asked for.
    assert estimate_difference(values, "b", "a", EFFECT, LUCK).mean == 1.5
    assert estimate_difference(values, "a", "b", EFFECT, LUCK).mean == -1.5
    row, denominator = values.of("a", "spells")
    assert np.isnan(row).all()
    assert row.size == 2
    assert math.isnan(denominator)


def test_strategies_without_a_replicate_in_common_are_refused() -> None:
    rows = [*both("a", 0, 1, 1), *both("b", 1, 1, 1)]
    with pytest.raises(DataError, match=r"^measures\.parquet: expected a replicate that all"):
        paired(*rows)
    with pytest.raises(DataError, match="expected a replicate that all strategies share"):
        paired(*rows, labels=())


def test_a_metric_that_was_not_measured_is_refused() -> None:
    rows = [*both("a", 0, 1, 1), *both("b", 0, 1, 1)]
    with pytest.raises(UsageError, match=r"expected one of the metrics .* did you mean"):
        PairedMeasures(measures(*rows), ("a", "b"), EFFECT, f"{HARM}s", 0.0)
    # Of a scenario without users there is no effect, which is then not known.
    harm = [row for row in rows if row[1] == HARM]
    assert np.isnan(
        PairedMeasures(measures(*harm), ("a", "b"), EFFECT, HARM, 0.0).rows("a")[0]
    ).all()


def test_a_ratio_is_of_means_and_not_known_where_nothing_is_below() -> None:
    found = estimate_ratio(np.array([1.0, 5.0]), np.array([2.0, 4.0]), LUCK)
    assert found.mean == pytest.approx(1)
    for below in ([0.0, 0.0], [math.nan, 1.0], [-1.0, 1.0]):
        assert math.isnan(estimate_ratio(np.ones(2), np.array(below), LUCK).mean)


@pytest.mark.parametrize(("bound", "is_settled"), [(0.95, True), (0.9499, False), (1.0, True)])
def test_what_holds_in_nineteen_of_twenty_is_settled(bound: float, is_settled: bool) -> None:
    assert Above(100, 1.0, bound).is_settled is is_settled
    assert not Above(0, math.nan, math.nan).is_settled


def test_waits_are_told_by_their_middle_and_nine_in_ten() -> None:
    found = _wait((np.arange(101.0), 3))
    assert (found.median_h, found.n_done, found.n_open) == (50, 101, 3)
    assert (found.low_h, found.high_h) == pytest.approx((5, 95))
    none = _wait((np.empty(0), 2))
    assert math.isnan(none.median_h)
    assert (none.n_done, none.n_open) == (0, 2)
