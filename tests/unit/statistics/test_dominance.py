"""Dominance, the frontier and the ratio on cases that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from sim.statistics.dominance import Tradeoff, tradeoff


def weigh(efficacy: object, collateral: object) -> Tradeoff:
    return tradeoff(
        np.array(efficacy, dtype=float), np.array(collateral, dtype=float), np.random.default_rng(3)
    )


def test_the_strategy_beaten_in_both_is_dominated_by_the_one_that_beats_it() -> None:
    # none, narrow, wide, and clumsy: less effect than wide at more cost
    found = weigh([[0, 0], [4, 6], [9, 11], [7, 9]], [[0, 0], [1, 1], [50, 70], [80, 90]])
    assert_array_equal(found.is_dominated, [False, False, False, True])
    assert_array_equal(found.is_on_frontier, [True, True, True, False])
    assert_array_equal(found.dominated_by, [-1, -1, -1, 2])
    assert_array_equal(found.efficacy, [0, 5, 10, 8])
    assert_array_equal(found.collateral, [0, 1, 60, 85])
    assert_array_equal(found.ratio[1:], [0.2, 6, 85 / 8])
    assert np.isnan(found.ratio[0]), "what denied the target nothing has no price"


def test_equal_in_one_and_better_in_the_other_dominates() -> None:
    found = weigh([[5, 5], [5, 5], [4, 4]], [[2, 2], [3, 3], [2, 2]])
    assert_array_equal(found.is_dominated, [False, True, True])
    assert_array_equal(found.dominated_by, [-1, 0, 0])


def test_the_dominator_named_stands_on_the_frontier_itself() -> None:
    # 0 dominates 1, and 1 dominates 2: both name 0
    found = weigh([[9, 9], [8, 8], [7, 7]], [[1, 1], [2, 2], [3, 3]])
    assert_array_equal(found.dominated_by, [-1, 0, 0])


def test_same_effect_up_to_rounding_is_no_dominance() -> None:
    found = weigh([[0.3, 0.3], [0.1 + 0.2] * 2], [[0.1 + 0.2] * 2, [0.3, 0.3]])
    assert_array_equal(found.is_dominated, [False, False])
    assert_array_equal(found.share_of_draws_on_frontier, [1, 1])


def test_identical_strategies_share_the_frontier_in_every_draw() -> None:
    luck = np.random.default_rng(1).normal(size=(2, 31))
    found = weigh([luck[0]] * 3, [luck[1]] * 3)
    assert_array_equal(found.share_of_draws_on_frontier, [1, 1, 1])


def test_a_strategy_not_known_in_one_replicate_is_not_judged() -> None:
    found = weigh([[5, 6], [np.nan, 1], [1, 2]], [[1, 2], [9, 9], [3, 4]])
    assert_array_equal(found.is_known, [True, False, True])
    assert_array_equal(found.is_dominated, [False, False, True])
    assert_array_equal(found.is_on_frontier, [True, False, False])
    for column in (found.efficacy, found.ratio, found.share_of_draws_on_frontier):
        assert_array_equal(np.isnan(column), [False, True, False])
    # What is known of it stays.
    assert_array_equal(found.collateral, [1.5, 9, 3.5])
    assert_array_equal(found.dominated_by, [-1, -1, 0])


def test_one_replicate_gives_a_frontier_and_no_certainty() -> None:
    found = weigh([[1], [2]], [[1], [1]])
    assert_array_equal(found.is_on_frontier, [False, True])
    assert found.n_draws == 0
    for column in (found.efficacy_low, found.ratio_high, found.share_of_draws_on_frontier):
        assert np.isnan(column).all()


def test_the_ratio_has_the_interval_that_scipy_gives() -> None:
    generator = np.random.default_rng(8)
    efficacy = generator.gamma(4, size=35)
    collateral = efficacy * generator.gamma(9, size=35)
    found = weigh([efficacy], [collateral])
    low, high = stats.bootstrap(
        (collateral, efficacy),
        lambda c, e, axis: c.mean(axis=axis) / e.mean(axis=axis),
        paired=True,
        rng=np.random.default_rng(3),
    ).confidence_interval
    assert found.ratio[0] == pytest.approx(collateral.mean() / efficacy.mean())
    assert (found.ratio_low[0], found.ratio_high[0]) == pytest.approx((low, high), rel=1e-10)


def test_each_mean_has_the_interval_that_scipy_gives() -> None:
    generator = np.random.default_rng(8)
    efficacy = generator.gamma(4, size=35)
    collateral = efficacy * generator.gamma(9, size=35)
    found = weigh([efficacy], [collateral])
    for values, low, high in (
        (efficacy, found.efficacy_low, found.efficacy_high),
        (collateral, found.collateral_low, found.collateral_high),
    ):
        expected = stats.bootstrap(
            (values,), np.mean, rng=np.random.default_rng(3)
        ).confidence_interval
        assert (low[0], high[0]) == pytest.approx(tuple(expected), rel=1e-10)


def test_a_ratio_that_some_resample_does_not_have_has_no_interval() -> None:
    found = weigh([[0, 0, 6]], [[1, 2, 3]])
    assert found.ratio[0] == 1
    assert np.isnan(found.ratio_low[0])
    assert np.isnan(found.ratio_high[0])


def test_efficacy_and_collateral_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        weigh([[1, 2]], [[1, 2], [1, 2]])
