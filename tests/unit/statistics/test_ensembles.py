"""Weighted draws: quantiles, effective size, and what a result hangs on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from sim.statistics.ensembles import (
    effective_size,
    luck_share,
    places,
    rank_shares,
    ranks_of,
    weighted_quantiles,
)

SHARES = np.array([0.05, 0.5, 0.95])


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4)), min_size=1, max_size=30).filter(
        lambda pairs: any(n for _, n in pairs)
    )
)
def test_a_weight_counts_as_so_many_equal_values(pairs: list[tuple[int, int]]) -> None:
    """Against a plain list in which each value stands as often as it weighs."""
    values, n = np.array(pairs, float).T
    repeated = np.repeat(values, n.astype(int))
    equal = np.full(repeated.size, 1 / repeated.size)
    expected = np.quantile(repeated, SHARES, method="averaged_inverted_cdf")
    assert expected[1] == np.median(repeated)
    assert_array_equal(weighted_quantiles(values, n / n.sum(), SHARES), expected)
    assert_array_equal(weighted_quantiles(repeated, equal, SHARES), expected)


@pytest.mark.parametrize("weight", [(0.25, 0.25, 0.25, 0.25), (0.125, 0.375, 0.375, 0.125)])
def test_the_median_of_a_difference_turns_its_sign_with_it(weight: tuple[float, ...]) -> None:
    values = np.array([338.0, 0, 382, 900])
    for sign in (1, -1):
        found = weighted_quantiles(sign * values, np.array(weight), np.array([0.5]))
        assert_array_equal(found, [sign * 360])


def test_quantiles_go_along_the_first_axis() -> None:
    rng = np.random.default_rng(1)
    values, weight = rng.normal(size=(40, 3, 2)), rng.random(40)
    found = weighted_quantiles(values, weight, SHARES)
    assert found.shape == (3, 3, 2)
    for column in np.ndindex(3, 2):
        alone = weighted_quantiles(values[(slice(None), *column)], weight, SHARES)
        assert_array_equal(found[(slice(None), *column)], alone)


def test_nothing_that_weighs_has_no_quantile() -> None:
    assert np.isnan(weighted_quantiles(np.zeros(3), np.zeros(3), SHARES)).all()


def test_equal_weights_are_as_many_as_there_are_and_one_weight_is_one() -> None:
    assert effective_size(np.full(7, 1 / 7)) == pytest.approx(7)
    assert effective_size(np.array([0, 1.0, 0])) == 1
    assert effective_size(np.array([0.5, 0.25, 0.25])) == pytest.approx(1 / 0.375)


def test_a_place_is_the_share_below_and_half_of_what_is_equal() -> None:
    values, weight = np.array([3.0, 1, 2, 2]), np.array([0.4, 0.3, 0.2, 0.1])
    found = places(values, weight, np.array([0, 1, 2, 2.5, 3, 4]))
    assert_allclose(found, [0, 0.15, 0.45, 0.6, 0.8, 1])


def linear(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sum of uniform inputs: shares of variance 16/21, 4/21, 1/21, then seven of no influence."""
    inputs = np.random.default_rng(seed).random((n, 10))
    return inputs @ np.array([4.0, 2, 1, 0, 0, 0, 0, 0, 0, 0]), inputs


def test_shares_of_variance_are_those_of_a_linear_sum() -> None:
    result, inputs = linear(4000, 2)
    weight = np.full(4000, 1 / 4000)
    found = rank_shares(result, ranks_of(inputs, weight), weight)
    assert_allclose(found[:3], np.array([16, 4, 1]) / 21, atol=0.03)
    assert_array_equal(found[3:], 0)


def test_weights_change_what_a_result_hangs_on() -> None:
    """Two populations, in each of which another input rules."""
    rng = np.random.default_rng(3)
    inputs = rng.random((2000, 2))
    result = np.concatenate([inputs[:1000, 0], inputs[1000:, 1]])
    for half, ruler in ((slice(0, 1000), 0), (slice(1000, 2000), 1)):
        weight = np.zeros(2000)
        weight[half] = 1 / 1000
        assert rank_shares(result, ranks_of(inputs, weight), weight)[ruler] > 0.98


def test_inputs_without_influence_are_told_at_the_risk_stated() -> None:
    """A negative control: in 400 results of chance some one in twenty tells any input."""
    told = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        weight = np.full(50, 1 / 50)
        ranks = ranks_of(rng.random((50, 30)), weight)
        told += rank_shares(rng.random(50), ranks, weight).any()
    assert 6 <= told <= 36


def test_the_share_of_one_input_is_the_adjusted_one_of_its_rank_correlation() -> None:
    """Adjusted R squared of Spearman's correlation, which scipy knows, with 38 of 40 degrees."""
    rng = np.random.default_rng(7)
    known = rng.random(40)
    result = known + rng.normal(size=40) / 4
    weight = np.full(40, 1 / 40)
    (found,) = rank_shares(result, ranks_of(known[:, None], weight), weight)
    squared = stats.spearmanr(known, result).statistic ** 2
    assert found == pytest.approx(squared - (1 - squared) / 38)


def test_below_the_least_draws_no_input_is_told() -> None:
    for n, is_told in ((31, False), (32, True)):
        known, weight = np.arange(n, dtype=float), np.full(n, 1 / n)
        found = rank_shares(known**2, ranks_of(known[:, None], weight), weight)
        assert found.shape == (1,)
        assert found.any() == is_told


def test_two_inputs_that_are_the_same_are_told_once() -> None:
    result, inputs = linear(300, 4)
    weight = np.full(300, 1 / 300)
    doubled = np.concatenate([inputs, inputs[:, :1]], axis=1)
    found = rank_shares(result, ranks_of(doubled, weight), weight)
    assert (found[[0, 10]] > 0).sum() == 1
    assert found.sum() <= 1


def test_luck_is_its_part_of_the_variance() -> None:
    """Inputs and luck of equal variance: half; no luck: nothing; luck alone: all."""
    rng = np.random.default_rng(5)
    n = 20_000
    weight = np.full(n, 1 / n)
    known, luck = rng.normal(size=n), rng.normal(size=n)
    again = known[:, None] + rng.normal(size=(n, 4))
    assert luck_share(known + luck, weight, again, within=True) == pytest.approx(0.5, abs=0.03)
    assert luck_share(known, weight, np.zeros(9)) == pytest.approx(0, abs=1e-12)
    assert luck_share(luck, weight, rng.normal(size=5000)) == pytest.approx(1, abs=0.03)
    # Results at one setting may happen to lie at both ends: no more than all of it is luck.
    assert luck_share(luck, weight, np.array([-99.0, 99.0] * 9)) == 1


def test_luck_of_what_does_not_vary_or_was_not_repeated_is_not_known() -> None:
    weight = np.full(4, 0.25)
    assert np.isnan(luck_share(np.ones(4), weight, np.ones(3)))
    assert np.isnan(luck_share(np.arange(4.0), weight, np.ones(1)))
