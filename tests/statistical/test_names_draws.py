"""Draws of names per address follow the law, and lonely addresses follow revenue."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from sim.names.law import NamesLaw
from sim.names.sharing import KINDS, kind_at, loneliness, revenue_rank
from tests.names import address_kinds, census_law, share_single

N = 2_000_000
ERRORS = 4.0


def within(found: float, expected: float, error: float) -> bool:
    return abs(found - expected) <= ERRORS * error


def share_within(found: float, expected: float, n: int = N) -> bool:
    return within(found, expected, math.sqrt(expected * (1 - expected) / n))


@pytest.fixture(scope="module")
def drawn():
    return census_law().n_names_of(np.random.default_rng(1).random(N))


def fits(sample, law: NamesLaw) -> bool:
    """Share of singles, and the mean of names cut off at 166, against the exact law."""
    cut = np.minimum(law.size, 166).astype(float)
    mean = float(cut @ law.count) / law.n_addresses
    variance = float(cut**2 @ law.count) / law.n_addresses - mean**2
    return share_within((sample == 1).mean(), share_single(law)) and within(
        np.minimum(sample, 166).mean(), mean, math.sqrt(variance / N)
    )


def test_drawn_addresses_follow_the_census(drawn):
    assert share_within((drawn == 1).mean(), 0.437)
    assert fits(drawn, census_law())
    for rank in (10_000, 100_000, 1_000_000):
        law = census_law()
        size = law.size[np.searchsorted(law.address_edge, rank)]
        expected = law.count[law.size >= size].sum() / law.n_addresses
        assert share_within((drawn >= size).mean(), expected), rank


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
    assert abs(np.sort(lonely) - (np.arange(n) + 0.5) / n).max() < 1.95 / math.sqrt(n)


def test_revenue_rank_is_uniform_over_the_mixture_of_sectors():
    n = 100_000
    rng = np.random.default_rng(5)
    share, median, sigma = np.array([0.7, 0.3]), np.array([100.0, 900.0]), np.array([1.2, 0.8])
    sector = (rng.random(n) >= 0.7).astype(int)
    revenue = median[sector] * np.exp(sigma[sector] * rng.standard_normal(n))
    rank = np.sort(revenue_rank(revenue, share, median, sigma))
    place = (np.arange(n) + 0.5) / n
    assert abs(rank - place).max() < 1.95 / math.sqrt(n)
    wrong = np.sort(revenue_rank(revenue, share, median * 1.1, sigma))
    assert abs(wrong - place).max() > 1.95 / math.sqrt(n)


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
