"""Bands by their numbers: values of step curves, and quantiles over replicates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.measure import bands, even_bands
from sim.measure.bands import Band, band_of, step_values, thin, wide_at
from sim.measure.measures import Measure
from sim.measure.summary import spread_of, spreads_of, summarise
from sim.results.read import CurvePoints, RunFolder, WideBand, open_run
from sim.scenario.tables.rows import FigureRow


def points(*rows: tuple[int, int, float, float]) -> CurvePoints:
    """From ``(replicate, t_s, value, denominator)``."""
    columns: list[NDArray[np.float64]] = [np.array(column, float) for column in zip(*rows)]  # noqa: B905
    return CurvePoints(columns[0].astype(int), columns[1].astype(int), columns[2], columns[3])


def test_a_step_holds_from_its_time_until_the_next() -> None:
    t_s, value = np.array([0, 10, 20]), np.array([1.0, 5.0, 2.0])
    at = np.array([0, 9, 10, 19, 20, 99])
    assert step_values(t_s, value, at).tolist() == [1, 1, 5, 5, 2, 2]


def test_before_its_first_step_a_curve_is_unknown_and_not_zero() -> None:
    assert np.isnan(step_values(np.array([10]), np.array([3.0]), np.array([9]))).all()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-9, 9)), min_size=1), st.integers(0, 60))
def test_a_step_curve_takes_the_last_value_set(steps: list[tuple[int, int]], at: int) -> None:
    curve = dict(steps)
    curve.setdefault(0, 0)
    t_s = np.array(sorted(curve))
    value = np.array([float(curve[t]) for t in t_s])
    expected = curve[max(t for t in curve if t <= at)]
    assert step_values(t_s, value, np.array([at])).tolist() == [expected]


def test_a_band_has_every_change_point_of_every_replicate() -> None:
    band = band_of(points((0, 0, 0, 9), (0, 5, 4, 9), (1, 0, 0, 9), (1, 7, 2, 9)), 100)
    assert band.t_s.tolist() == [0, 5, 7]
    assert band.mean.tolist() == [0, 2, 3]
    assert (band.n_replicates, band.denominator) == (2, 9)


@pytest.mark.parametrize("at_once", [1, 8, 2**20])
def test_bands_of_curves_read_together_are_those_of_each(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    # With other numbers of replicates, not all of which begin at once, in parts and together.
    luck = np.random.default_rng(1)
    curves = [
        points(*((row, at, luck.normal(), 9 + row) for row in range(n) for at in (3 * row, 20)))
        for n in (2, 2, 2, 1, 9, 9, 2)
    ]
    at_s = np.array([0, 5, 30])
    monkeypatch.setattr(bands, "MOST_AT_ONCE", at_once)
    found = bands.bands_at(curves, at_s)
    assert len(found) == len(curves)
    for curve, band in zip(curves, found, strict=True):
        alone = bands.band_at(curve, at_s)
        for line in ("t_s", "mean", "low", "high"):
            np.testing.assert_array_equal(getattr(band, line), getattr(alone, line))
        assert (band.denominator, band.n_replicates) == (alone.denominator, alone.n_replicates)


def test_curves_of_a_file_read_at_once_have_the_bands_of_those_read_one_by_one(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(shipped_run)
    n_metrics = count_scans(monkeypatch)
    at_once = even_bands.even_bands(run, run.strategies)
    monkeypatch.setattr(even_bands, "MOST_AT_ONCE", 0)
    one_by_one = even_bands.even_bands(run, run.strategies)
    assert n_metrics[0] > 10
    assert n_metrics[1:] == [1] * n_metrics[0]
    assert at_once.keys() == one_by_one.keys()
    for name, column in at_once.items():
        pairs = zip(parts(column), parts(one_by_one[name]), strict=True)
        assert all(np.array_equal(*pair, equal_nan=pair[0].dtype.kind == "f") for pair in pairs)


def count_scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many measures each scan of the curves reads."""
    n_metrics: list[int] = []
    read = even_bands.read_curves

    def counted(run: RunFolder, label: str, metrics: list[str], *rest: Any) -> Any:
        n_metrics.append(len(metrics))
        return read(run, label, metrics, *rest)

    monkeypatch.setattr(even_bands, "read_curves", counted)
    return n_metrics


def parts(column: Any) -> list[NDArray[Any]]:
    """Arrays that a column is made of."""
    held = vars(column).values() if hasattr(column, "__dict__") else [column]
    return [np.asarray(one) for one in held]


def test_no_curve_has_no_band() -> None:
    assert bands.bands_at([], np.array([0])) == []


@pytest.mark.parametrize("n_values", [0, 1, 2, 3, 9, 200])
def test_spreads_of_rows_are_those_of_each_to_the_last_bit(n_values: int) -> None:
    values = np.random.default_rng(2).lognormal(0, 9, (20, n_values))
    values[3, n_values // 2 :] = np.nan
    np.testing.assert_array_equal(spreads_of(values), [spread_of(row) for row in values])


def test_a_band_is_the_5th_to_95th_percentile_between_order_statistics() -> None:
    # 21 replicates with the values 0, 1, ..., 20: the 5th percentile is the value 1, the 95th 19.
    band = band_of(points(*((row, 0, float(row), 50) for row in range(21))), 100)
    assert [*band.low, *band.mean, *band.high] == pytest.approx([1, 10, 19])
    # Two replicates: a twentieth of the way in from either end.
    band = band_of(points((0, 0, 10, 50), (1, 0, 30, 50)), 100)
    assert band.low.tolist() == pytest.approx([11])
    assert band.high.tolist() == pytest.approx([29])


def test_one_replicate_has_an_unknown_band() -> None:
    band = band_of(points((0, 0, 3, 9), (0, 5, 4, 9)), 100)
    assert np.isnan(band.low).all()
    assert np.isnan(band.high).all()
    assert band.mean.tolist() == [3, 4]


def test_shares_divide_each_replicate_by_its_own_denominator() -> None:
    band = band_of(points((0, 0, 5, 10), (1, 0, 5, 20)), 100, as_share=True)
    assert band.mean.tolist() == [0.375]


def test_a_replicate_without_anybody_has_no_share_and_is_left_out() -> None:
    band = band_of(points((0, 0, 5, 10), (1, 0, 0, 0)), 100, as_share=True)
    assert band.mean.tolist() == [0.5]
    assert band.n_replicates == 1
    assert np.isnan(band.low).all()


def test_very_many_change_points_are_read_on_an_even_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "MAX_GRID", 10)
    band = band_of(points(*((0, t_s, float(t_s), 1) for t_s in range(100))), 100)
    assert band.t_s.tolist() == list(range(0, 100, 10))
    assert band.mean.tolist() == list(range(0, 100, 10))


def test_the_summary_of_replicates_is_mean_median_and_percentiles() -> None:
    replicates = [[Measure("m", "u", float(value), 50.0, "of")] for value in [0, *range(20, 0, -1)]]
    (line,) = summarise("s", replicates)
    assert [line.mean, line.median, line.low, line.high] == pytest.approx([10, 10, 1, 19])
    assert (line.level, line.n_replicates, line.denominator) == (0.9, 21, 50)


def test_a_measure_that_is_not_known_in_one_replicate_is_not_known_in_the_summary() -> None:
    replicates = [[Measure("m", "u", 1.0)], [Measure("m", "u", float("nan"))]]
    (line,) = summarise("s", replicates)
    assert np.isnan([line.mean, line.median, line.low, line.high]).all()


def test_a_published_figure_stands_with_its_source_beside_the_measure_it_names() -> None:
    replicates = [[Measure("m", "u", 1.0), Measure("other", "u", 2.0)]]
    figures = [
        FigureRow(id="f", value="7", unit="u", metric="m", source="a paper"),
        FigureRow(id="g", value="9", unit="u", source="of no measure"),
    ]
    found = summarise("s", replicates, figures)
    beside = [(line.metric, line.published, line.published_source) for line in found]
    assert beside == [("m", "7", "a paper"), ("other", "", "")]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 40)), st.integers(-9, 9), min_size=1
    ),
    st.lists(st.integers(0, 60), min_size=1, unique=True),
)
def test_values_of_all_replicates_at_once_are_those_of_each(
    steps: dict[tuple[int, int], int], at: list[int]
) -> None:
    rows = [(row, t_s, float(steps[row, t_s]), 1.0) for row, t_s in sorted(steps)]
    curve = points(*rows)
    at_s = np.array(sorted(at))
    expected = [
        step_values(curve.t_s[mine], curve.value[mine], at_s)
        for mine in (curve.replicate == row for row in np.unique(curve.replicate))
    ]
    np.testing.assert_array_equal(bands.values_at(curve, at_s), expected)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=60), st.integers(1, 60))
def test_a_thinned_curve_is_the_same_to_the_eye(values: list[float], n_times: int) -> None:
    t_s = np.arange(len(values))
    mean = np.array(values)
    band = bands.Band(t_s, mean, mean - 1, mean + 1, 9.0, 3)
    thinned = bands.thin(band, n_times)
    assert thinned.t_s.size <= n_times
    assert set(thinned.t_s.tolist()) <= set(t_s.tolist())
    assert thinned.t_s[0] == 0
    if n_times >= len(values):
        span = float(np.ptp([band.low, band.high]))
        for name in ("mean", "low", "high"):
            kept = step_values(thinned.t_s, getattr(thinned, name), t_s)
            assert np.abs(kept - getattr(band, name)).max() <= span / 2000 + 1e-12


def test_an_unknown_band_stays_unknown_when_thinned() -> None:
    unknown = np.full(3, np.nan)
    band = bands.Band(np.arange(3), np.array([1.0, 1.0, 2.0]), unknown, unknown, 9.0, 1)
    thinned = bands.thin(band, 10)
    assert thinned.t_s.tolist() == [0, 2]
    assert np.isnan(thinned.low).all()


def test_times_are_all_change_points_or_even_and_where_changes_are() -> None:
    few = points(*((0, t_s, 1.0, 1) for t_s in (0, 3, 50)))
    assert bands.times_of(few, 100, 10).tolist() == [0, 3, 50]
    many = points(*((0, t_s, 1.0, 1) for t_s in range(500)))
    times = bands.times_of(many, 100_000, 100)
    assert times.size <= 100
    assert 45 <= np.count_nonzero(times < 500) <= 55  # half of them where the changes are
    assert times.max() > 95_000  # and half of them over the whole run


def test_between_times_that_are_kept_a_wide_band_holds_both_of_its_neighbours() -> None:
    ends = np.array([[1.0, 0.0, 4.0], [2.0, 3.0, 5.0], [3.0, 8.0, 6.0]])
    wide = WideBand(np.array([0, 600, 1200]), ends)
    found = wide_at(wide, np.array([0, 1, 599, 600, 900, 1200, 5000]))
    assert found[:, 0].tolist() == [1, 2, 3]
    assert found[:, 1].tolist() == found[:, 2].tolist() == [0, 2, 8]
    assert found[:, 3].tolist() == [0, 3, 8]
    assert found[:, 4].tolist() == [0, 3, 8]
    assert found[:, 5].tolist() == found[:, 6].tolist() == [4, 5, 6]
    # Whatever a band is at two times, the one between them holds it.
    assert np.isnan(wide_at(replace(wide, t_s=wide.t_s + 10), np.array([5]))).all()


def test_a_curve_that_goes_up_and_down_keeps_its_ends_and_is_not_held_at_one() -> None:
    t_s = np.arange(0, 100_000, 10)
    mean = 0.95 + 0.02 * np.sin(np.arange(t_s.size) * 1.3)
    mean[3_000:3_010] = 0.5  # deep, but short
    unknown = np.full(mean.size, np.nan)
    wide = np.array([mean * 0, mean, mean * 0 + 1])
    thinned = thin(Band(t_s, mean, unknown, unknown, np.nan, 1, wide), 400)
    assert thinned.t_s.size <= 400
    assert (thinned.mean.min(), thinned.mean.max()) == (mean.min(), mean.max())
    # Of each stretch of a hundredth of the time a value that it takes then.
    held = step_values(thinned.t_s, thinned.mean, t_s)
    is_deep = held < 0.9
    assert 0 < np.count_nonzero(is_deep) <= t_s.size // 100
