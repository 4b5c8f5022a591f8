"""Draws of names per address follow the law, and lonely addresses follow revenue."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from sim.names.sharing import KINDS, kind_at, loneliness, revenue_rank
from tests.names import address_kinds, share_single
from tests.statistical.test_response_draws import distance_from_even

ERRORS = 4.0


def within(found: float, expected: float, error: float) -> bool:
    return abs(found - expected) <= ERRORS * error


def share_within(found: float, expected: float, n: int) -> bool:
    return within(found, expected, math.sqrt(expected * (1 - expected) / n))


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.4, 0.8])
def test_revenue_and_loneliness_correlate_as_asked(rho):
    n = 200_000
    rng = np.random.default_rng(3)
    rank, u = rng.random(n), rng.random(n)
    lonely = loneliness(u, rank, rho)
    expected = 6 / math.pi * math.asin(rho / 2)
    found = float(spearmanr(rank, lonely).statistic)
    assert within(found, expected, 1 / math.sqrt(n))
    assert not within(found, expected + 0.02, 1 / math.sqrt(n))
    # And the address of a business remains a fair draw over all businesses.
    assert distance_from_even(lonely) < 1


def test_revenue_rank_is_uniform_over_the_mixture_of_sectors():
    n = 100_000
    rng = np.random.default_rng(5)
    share, median, sigma = np.array([0.7, 0.3]), np.array([100.0, 900.0]), np.array([1.2, 0.8])
    sector = (rng.random(n) >= 0.7).astype(int)
    revenue = median[sector] * np.exp(sigma[sector] * rng.standard_normal(n))
    assert distance_from_even(revenue_rank(revenue, share, median, sigma)) < 1
    assert distance_from_even(revenue_rank(revenue, share, median * 1.1, sigma)) > 1


def test_kinds_come_in_their_shares_and_their_own_sizes():
    n = 200_000
    share = np.array([[0.001, 0.0, 0.03, 0.069], [0.0, 0.0, 0.2, 0.2]])
    rng = np.random.default_rng(6)
    place = rng.integers(0, 2, n)
    kind = kind_at(share, place, rng.random(n))
    for row in range(2):
        mine = kind[place == row]
        for number, name in enumerate(KINDS):
            expected = share[row, number] / share[row].sum()
            assert share_within((mine == number).mean(), expected, mine.size), name
    for name, law in zip(KINDS, address_kinds(), strict=True):
        sample = law.n_names_of(rng.random(n))
        assert share_within((sample == 1).mean(), share_single(law), n), name
        assert sample.min() >= law.size[-1]
        assert sample.max() <= law.size[0]
