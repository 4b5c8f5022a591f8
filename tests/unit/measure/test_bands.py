"""Bands by their numbers: values of step curves, and quantiles over replicates."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.measure import bands
from sim.measure.bands import band_of, step_values
from sim.measure.measures import Measure, measured
from sim.measure.summary import (
    SHARES,
    Measured,
    Sample,
    end_errors,
    spread_of,
    spreads_of,
    summarise,
)
from sim.results.folder import CurvePoints
from sim.scenario.tables.rows import FigureRow


def points(*rows: tuple[int, int, float, float]) -> CurvePoints:
    """From ``(replicate, t_s, value, denominator)``."""
    columns: list[NDArray[np.float64]] = [np.array(column, float) for column in zip(*rows)]  # noqa: B905
    return CurvePoints(columns[0].astype(int), columns[1].astype(int), columns[2], columns[3])


def test_before_its_first_step_a_curve_is_unknown_and_not_zero():
    assert np.isnan(step_values(np.array([10]), np.array([3.0]), np.array([9]))).all()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-9, 9)), min_size=1), st.integers(0, 60))
def test_a_step_curve_takes_the_last_value_set(steps, at):
    curve = dict(steps)
    curve.setdefault(0, 0)
    t_s = np.array(sorted(curve))
    value = np.array([float(curve[t]) for t in t_s])
    expected = curve[max(t for t in curve if t <= at)]
    assert step_values(t_s, value, np.array([at])).tolist() == [expected]


def test_a_band_has_every_change_point_of_every_replicate():
    band = band_of(points((0, 0, 0, 9), (0, 5, 4, 9), (1, 0, 0, 9), (1, 7, 2, 9)), 100)
    assert band.t_s.tolist() == [0, 5, 7]
    assert band.median.tolist() == [0, 2, 3]
    assert (band.n_simulations, band.denominator) == (2, 9)
    band = band_of(points(*((row, 0, value, row) for row, value in enumerate((1, 7, 3)))), 100)
    assert (band.median.tolist(), band.denominator) == ([3], 1)


@pytest.mark.parametrize("n_values", [0, 1, 2, 3, 9, 200])
def test_spreads_of_rows_are_those_of_each_to_the_last_bit(n_values):
    values = np.random.default_rng(2).lognormal(0, 9, (20, n_values))
    values[3, n_values // 2 :] = np.nan
    np.testing.assert_array_equal(spreads_of(values), [spread_of(row) for row in values])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(21), [1, 10, 19]),
        # Two replicates: a twentieth of the way in from either end.
        ([10, 30], [11, 20, 29]),
        # None has 0.75 of three sites, which lies between the first and the second of 16.
        ([0] + [1] * 7 + [2] * 8, [0, 1, 2]),
    ],
)
def test_a_band_is_the_5th_to_95th_percentile(values, expected):
    band = band_of(points(*((row, 0, float(one), 50) for row, one in enumerate(values))), 100)
    assert [*band.low, *band.median, *band.high] == pytest.approx(expected)
    assert spread_of(np.array(values, float)) == pytest.approx([expected[i] for i in (1, 0, 2)])


def test_one_replicate_has_an_unknown_band():
    band = band_of(points((0, 0, 3, 9), (0, 5, 4, 9)), 100)
    assert np.isnan(band.low).all()
    assert np.isnan(band.high).all()
    assert band.median.tolist() == [3, 4]


def test_shares_divide_each_replicate_by_its_own_denominator():
    band = band_of(points((0, 0, 5, 10), (1, 0, 5, 20)), 100, as_share=True)
    assert band.median.tolist() == [0.375]


def test_a_replicate_without_anybody_has_no_share_and_is_left_out():
    band = band_of(points((0, 0, 5, 10), (1, 0, 0, 0)), 100, as_share=True)
    assert band.median.tolist() == [0.5]
    assert band.n_simulations == 1
    assert np.isnan(band.low).all()


def test_very_many_change_points_are_read_on_an_even_grid(monkeypatch):
    monkeypatch.setattr(bands, "MAX_GRID", 10)
    band = band_of(points(*((0, t_s, float(t_s), 1) for t_s in range(100))), 100)
    assert band.t_s.tolist() == list(range(0, 100, 10))
    assert band.median.tolist() == list(range(0, 100, 10))


def of(runs: Sequence[Sequence[Measure]]) -> Measured:
    return Measured.of(dict(enumerate(runs)))


def test_the_summary_of_simulations_is_median_and_percentiles():
    runs = [[Measure("m", "u", float(value), 50.0, "of")] for value in [0, *range(20, 0, -1)]]
    (line,) = summarise("s", of(runs))
    assert [line.median, line.low, line.high] == pytest.approx([10, 1, 19])
    assert (line.level, line.n_simulations, line.n_known, line.denominator) == (0.9, 21, 21, 50)
    # Skewed, the median is no mean.
    (line,) = summarise("s", of([[Measure("m", "u", value)] for value in (0.0, 1.0, 99.0)]))
    assert line.median == 1
    (line,) = summarise("s", of([[Measure("m", "u", 4.0)]]))
    assert line.median == 4
    assert np.isnan([line.low, line.high]).all()


def test_a_measure_not_known_in_some_simulations_is_that_of_the_others():
    unknown = float("nan")
    values = [(1.0, 10.0), (unknown, 1000.0), (2.0, 20.0), (4.0, 60.0)]
    runs = [[Measure("m", "u", value, of, "of")] for value, of in values]
    (line,) = summarise("s", of(runs))
    assert (line.median, line.n_simulations, line.n_known) == (2, 4, 3)
    assert line.denominator == 20  # of the same simulations
    (line,) = summarise("s", of([runs[1], runs[1]]))
    assert (line.n_simulations, line.n_known) == (2, 0)
    assert np.isnan([line.median, line.low, line.high, line.denominator]).all()


@pytest.mark.parametrize(
    ("listed", "expected", "n_drawn", "affected", "bounds"),
    [
        # Nothing is listed, or none is drawn: a zero is one.
        (0.0, 0.0, 100.0, 0.0, [0, 0, 0, 0]),
        (16.0, 0.0, 0.0, 0.0, [0, 0, 0, 0]),
        # None could be hit.
        (16.0, 0.0, 100.0, 0.0, [None, None, None, 0]),
        # Some could be hit, and none was: the rule of three, of a share, of hours, not of money.
        (16.0, 0.2, 100.0, 0.0, [0.03, 60, None, 0]),
        # Some were hit: what nobody lost is zero for those.
        (16.0, 0.2, 100.0, 7.0, [0.03, 60, 0, 0]),
        (16.0, 0.0, 100.0, 7.0, [0.03, 60, 0, 0]),
    ],
)
def test_a_zero_has_three_states(listed, expected, n_drawn, affected, bounds):
    values = {
        "addresses_listed_peak": listed, "businesses_expected_listed": expected,
        "businesses_ever_affected": affected, "businesses_ever_impaired_share": 0.0,
        "business_hours_impaired": 0.0, "private_loss_usd": 0.0, "networks_listed_peak": 0.0,
    }  # fmt: skip
    sample = Sample.of(lambda name: np.full(5, values[name]), n_drawn)
    run = [measured(name, value, 2000.0) for name, value in values.items()]
    found = {line.metric: line for line in summarise("s", of([run] * 5), (), sample)}
    for name, bound in zip(list(values)[3:], bounds, strict=True):
        line = found[name]
        if bound is None:
            assert np.isnan([line.zero_at_most, line.median, line.low, line.high]).all()
            assert (line.n_simulations, line.n_known) == (5, 0)
        else:
            assert line.zero_at_most == pytest.approx(bound)
            assert (line.median, line.low, line.high, line.n_known) == (0, 0, 0, 5)
    # A ratio is known where what stands above its line is.
    ratio = sample.bound("collateral_per_million_user_hours_denied", "h", "", 1.0)
    assert np.array_equal([ratio], [found["private_loss_usd"].zero_at_most], equal_nan=True)


def test_a_published_figure_stands_with_its_source_beside_the_measure_it_names():
    replicates = [[Measure("m", "u", 1.0), Measure("other", "u", 2.0)]]
    figures = [
        FigureRow(id="f", value="7", unit="u", metric="m", source="a paper"),
        FigureRow(id="g", value="9", unit="u", source="of no measure"),
    ]
    found = summarise("s", of(replicates), figures)
    beside = [(line.metric, line.published, line.published_source) for line in found]
    assert beside == [("m", "7", "a paper"), ("other", "", "")]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 40)), st.integers(-9, 9), min_size=1
    ),
    st.lists(st.integers(0, 60), min_size=1, unique=True),
)
def test_values_of_all_replicates_at_once_are_those_of_each(steps, at):
    curve = points(*[(row, t_s, float(steps[row, t_s]), 1.0) for row, t_s in sorted(steps)])
    at_s = np.array(sorted(at))
    expected = [
        step_values(curve.t_s[mine], curve.value[mine], at_s)
        for mine in (curve.replicate == row for row in np.unique(curve.replicate))
    ]
    np.testing.assert_array_equal(bands.values_at(curve, at_s), expected)


# Errors of the ends of a range are those of a plain bootstrap, and of other ensembles.


ENDS = (SHARES[0], SHARES[-1])


@pytest.mark.parametrize("scale", [1.0, 1e9])
@pytest.mark.parametrize("n", [64, 128, 300])
def test_an_error_is_that_of_resampling(n, scale):
    rng = np.random.default_rng(n)
    values = scale * (5 + rng.lognormal(size=n))
    resampled = rng.choice(values, (20_000, n))
    plain = np.quantile(resampled, ENDS, axis=1).std(axis=1)
    assert np.array(end_errors(values)) == pytest.approx(plain, rel=0.1)
    # The upper end of a skewed measure is less sure, and not by chance.
    assert end_errors(values)[1] > 3 * end_errors(values)[0]


def test_an_error_is_how_far_ends_of_other_ensembles_lie_apart():
    ensembles = np.random.default_rng(1).normal(size=(400, 128))
    apart = np.quantile(ensembles, ENDS, axis=1).std(axis=1)
    found = np.mean([end_errors(one) for one in ensembles], axis=0)
    assert found == pytest.approx(apart, rel=0.2)


def test_what_is_not_known_has_no_part_and_one_value_no_error():
    values = np.random.default_rng(2).normal(size=50)
    with_gaps = np.concatenate([values, np.full(14, np.nan)])
    assert end_errors(with_gaps) == end_errors(values)
    assert end_errors(np.full(64, 7.0)) == (0.0, 0.0)
    assert all(map(math.isnan, end_errors(np.array([3.0, np.nan]))))
