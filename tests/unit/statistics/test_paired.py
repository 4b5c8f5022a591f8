"""Intervals, paired differences and Holm's adjustment on cases that can be checked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats

from sim.statistics.paired import (
    Interval,
    PairedDifference,
    holm,
    mean_intervals,
    paired_differences,
    warn_of_few,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def skewed(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(size=n)


def mean_interval(values: ArrayLike, luck: np.random.Generator) -> Interval:
    return mean_intervals(np.array([values], float), luck)[0]


def paired_difference(
    values: ArrayLike, baseline: ArrayLike, luck: np.random.Generator, confidence: float = 0.95
) -> PairedDifference:
    rows = np.array([values], float), np.array([baseline], float)
    return paired_differences(*rows, luck, confidence=confidence)[0]


def test_interval_of_the_mean_is_the_one_scipy_gives_row_by_row() -> None:
    values = np.array([skewed(40, 1), 3 + skewed(40, 2)])
    for row, found in zip(values, mean_intervals(values, rng()), strict=True):
        low, high = stats.bootstrap((row,), np.mean, rng=rng()).confidence_interval
        assert found.mean == pytest.approx(row.mean(), rel=1e-14)
        assert found.low == pytest.approx(low, rel=1e-12)
        assert found.high == pytest.approx(high, rel=1e-12)
        assert found.n_known == 40


def test_paired_difference_is_the_paired_bootstrap_and_the_paired_t_test() -> None:
    values, baseline = skewed(30, 1), 0.5 * skewed(30, 1) + skewed(30, 3)
    found = paired_difference(values, baseline, rng(), confidence=0.9)
    bootstrap = stats.bootstrap(
        (values, baseline),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        paired=True,
        confidence_level=0.9,
        rng=rng(),
    ).confidence_interval
    t_test = stats.ttest_rel(values, baseline)
    assert (found.low, found.high) == pytest.approx(tuple(bootstrap), rel=1e-12)
    assert (found.t_low, found.t_high) == pytest.approx(
        tuple(t_test.confidence_interval(0.9)), rel=1e-12
    )
    assert found.p_value == pytest.approx(t_test.pvalue, rel=1e-12)
    assert found.mean == pytest.approx(np.mean(values - baseline), rel=1e-14)


def test_student_interval_of_a_published_example() -> None:
    # Student (1908), The probable error of a mean: Cushny and Peebles' sleep data. R's help page
    # of t.test gives for it t = 4.0621, 9 degrees of freedom, interval 0.7001142 to 2.4598858.
    dextro = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    laevo = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = paired_difference(laevo, dextro, rng())
    assert found.mean == pytest.approx(1.58)
    assert found.p_value == pytest.approx(2 * stats.t.sf(4.0621, 9), rel=1e-4)
    assert (found.t_low, found.t_high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)


def test_pairing_takes_the_common_luck_out() -> None:
    luck, own = 100 * skewed(50, 1), 0.1 * skewed(50, 2)
    found = paired_difference(luck + own, luck, rng())
    alone = mean_interval(luck + own, rng())
    assert found.high - found.low < 0.02 * (alone.high - alone.low)


def test_one_replicate_has_a_mean_and_no_interval() -> None:
    found = paired_difference([3.0], [1.0], rng())
    assert (found.mean, found.n_known) == (2.0, 1)
    for end in (found.low, found.high, found.t_low, found.t_high, found.p_value):
        assert math.isnan(end)
    alone = mean_interval([3.0], rng())
    assert alone.mean == 3.0
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)


def test_equal_differences_are_a_point_without_a_test() -> None:
    luck = 1e6 * skewed(8)  # large, so that the differences are rounded
    found = paired_difference(luck + 2.1, luck, rng())
    assert np.unique(luck + 2.1 - luck).size > 1
    assert found.mean == pytest.approx(2.1, rel=1e-8)
    assert found.low == found.high == found.t_low == found.t_high == found.mean
    assert math.isnan(found.p_value)


def test_identical_strategies_differ_by_exactly_zero() -> None:
    luck = 1e9 * skewed(9) / 3
    found = paired_difference(luck, luck.copy(), rng())
    assert (found.mean, found.low, found.high, found.t_low, found.t_high) == (0,) * 5


def test_equal_replicates_have_exactly_their_value_as_interval() -> None:
    found = mean_interval([0.1] * 7, rng())
    assert (found.mean, found.low, found.high) == (0.1,) * 3


def test_a_replicate_that_is_not_known_makes_the_mean_not_known_and_is_counted() -> None:
    values = np.array([[1.0, math.nan, 3.0, 5.0], [1.0, 2.0, 3.0, 5.0]])
    gap, whole = paired_differences(values, np.zeros((2, 4)), rng())
    assert gap.n_known == 3
    for number in (gap.mean, gap.low, gap.high, gap.t_low, gap.t_high, gap.p_value):
        assert math.isnan(number)
    assert whole == paired_difference(values[1], np.zeros(4), rng())
    assert (whole.n_known, whole.mean) == (4, 2.75)


def test_rows_are_resampled_by_the_same_luck_alone_or_together() -> None:
    values = np.array([skewed(20, seed) for seed in range(5)])
    together = mean_intervals(values, rng())
    assert together[3] == mean_interval(values[3], rng())


@pytest.mark.parametrize(("values", "baseline"), [([1, 2], [1, 2, 3]), ([], [])])
def test_unpaired_or_empty_values_are_refused(values: list[float], baseline: list[float]) -> None:
    with pytest.raises(ValueError, match="shape"):
        paired_difference(values, baseline, rng())


def test_holm_by_hand() -> None:
    # Ascending: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 is not below the 0.06 before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_what_was_not_tested_is_not_in_the_family() -> None:
    found = holm([0.01, math.nan, 0.6, 0.9])
    assert found[[0, 2, 3]] == pytest.approx([0.03, 1.0, 1.0])
    assert math.isnan(found[1])
    assert holm([]).size == 0


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm([0.5, p])


@given(
    p=st.lists(st.sampled_from([0.0, 1e-9, 0.004, 0.01, 0.02, 0.03, 0.2, 0.5, 1.0]), min_size=1),
    level=st.sampled_from([0.01, 0.05, 0.1, 0.7]),
)
def test_holm_rejects_what_the_step_down_procedure_rejects(p: list[float], level: float) -> None:
    rejected = set()
    for step, row in enumerate(sorted(range(len(p)), key=lambda row: p[row])):
        if p[row] * (len(p) - step) > level:
            break
        rejected.add(row)
    assert set(np.flatnonzero(holm(p) <= level)) == rejected


def test_few_replicates_are_warned_of() -> None:
    assert warn_of_few(20) == ()
    assert "too narrow" in warn_of_few(19)[0]
    assert warn_of_few(1) == ("fewer than 2 replicates: means have no interval",)
    # Two have an interval, which is far too narrow.
    assert [text.split(":")[0] for text in warn_of_few(2)] == ["2 replicates"]


def test_two_replicates_are_enough_for_intervals_and_a_test() -> None:
    found = paired_difference([2, 5], [1, 2], rng())
    # Differences of 1 and 3: t is 2 with one degree of freedom, whose distribution is Cauchy's.
    assert found.p_value == pytest.approx(1 - 2 * math.atan(2) / math.pi)
    half = math.tan(math.pi * 0.475)
    assert (found.t_low, found.mean, found.t_high) == pytest.approx((2 - half, 2, 2 + half))
    assert 1 <= found.low < 2 < found.high <= 3
