"""Names on addresses that are drawn: by enumeration, by closed forms, with a control that fails."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from sim.backtest.drawn_names import NamesWorld, distinct_sizes, names_drawn, shares_within
from sim.names.names import NamesLaw
from sim.names.universe import seen_evenly
from sim.scenario.predictors import NameDraw, ShareRange
from sim.streams import Streams

SIZES = [6, 3, 1, 1, 1]
LAW = NamesLaw(np.array([6, 3, 1]), np.array([1, 1, 3]))
LUCK = Streams(7, 0)
N = 20_000


def expected_of_two(share_by_names: float) -> dict[int, float]:
    """Names on two distinct addresses and their probability, sequence by sequence."""
    even = 1 / len(SIZES)
    chance = [share_by_names * size / sum(SIZES) + (1 - share_by_names) * even for size in SIZES]
    found: dict[int, float] = {}
    for first, second in permutations(range(len(SIZES)), 2):
        p = chance[first] * chance[second] / (1 - chance[first])
        total = SIZES[first] + SIZES[second]
        found[total] = found.get(total, 0) + p
    return found


def drawn_of_two(share_by_names: float) -> dict[int, float]:
    rng = np.random.default_rng(3)
    totals = [int(distinct_sizes(LAW, 2, share_by_names, rng).sum()) for _ in range(N)]
    values, counts = np.unique(totals, return_counts=True)
    return dict(zip(values.tolist(), (counts / N).tolist(), strict=True))


def differs(found: dict[int, float], expected: dict[int, float]) -> bool:
    """Whether a frequency lies more than four standard errors from its probability."""
    return any(
        abs(found.get(total, 0) - p) > 4 * np.sqrt(p * (1 - p) / N) for total, p in expected.items()
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_two_distinct_addresses_come_up_as_often_as_enumeration_says(share):
    assert sum(expected_of_two(share).values()) == pytest.approx(1)
    assert not differs(drawn_of_two(share), expected_of_two(share))


def test_drawn_evenly_is_told_from_drawn_by_names():
    assert differs(drawn_of_two(0.0), expected_of_two(1.0))  # negative control


def test_all_addresses_hold_all_names_once():
    for share in (0.0, 0.7, 1.0):
        sizes = distinct_sizes(LAW, 5, share, np.random.default_rng(0))
        assert sorted(sizes.tolist(), reverse=True) == SIZES


def draws(n: int, share: float = 0.0, **ends: float) -> NameDraw:
    share_by_names = ShareRange(value=share, **ends)
    return NameDraw(address_kind="proxy", n_addresses=n, share_by_names=share_by_names)


def world(*laws: NamesLaw, share: float = 1.0) -> NamesWorld:
    return NamesWorld(seen_evenly(laws[0], share), laws)


def test_kinds_are_summed_and_a_universe_thins_them():
    ten = NamesLaw(np.array([10]), np.array([100]))
    both = names_drawn([world(ten, ten)], [draws(3), draws(5)], LUCK, 50)
    assert both.tolist() == [80.0] * 50
    n, share = 4000, 0.3
    thinned = names_drawn([world(ten, share=share)], [draws(3)], LUCK, n)
    # Binomial of 30 names: mean 9, variance 6.3.
    assert abs(thinned.mean() - 9) < 4 * np.sqrt(6.3 / n)
    assert abs(thinned.var() - 6.3) < 0.6


def test_worlds_are_taken_in_turn():
    few, many = (NamesLaw(np.array([size]), np.array([100])) for size in (10, 1000))
    found = names_drawn([world(few), world(many)], [draws(3)], LUCK, 6)
    assert found.tolist() == [30.0, 3000.0] * 3


def test_a_share_is_triangular_over_its_range_and_of_the_logarithm_over_decades():
    even = shares_within(ShareRange(value=0.3, low=0, high=0.9), LUCK, "universe", 4000)
    # The triangular distribution of 0, 0.3 and 0.9 has the mean 0.4 and the variance 0.035.
    assert abs(even.mean() - 0.4) < 4 * np.sqrt(0.035 / 4000)
    wide = np.log10(shares_within(ShareRange(value=0.1, low=0.01, high=1), LUCK, "universe", 4000))
    assert abs(wide.mean() + 1) < 4 * np.sqrt(1 / 6 / 4000)
    assert shares_within(ShareRange(value=0.3), LUCK, "universe", 3).tolist() == [0.3] * 3


def test_the_same_luck_gives_the_same_names_and_kinds_do_not_share_it():
    law = NamesLaw(np.array([6, 3, 1]), np.array([10, 20, 70]))
    once = names_drawn([world(law)], [draws(5, 0.5)], LUCK, 100)
    assert np.array_equal(once, names_drawn([world(law)], [draws(5, 0.5)], LUCK, 100))
    both = names_drawn([world(law, law)], [draws(5, 0.5), draws(5, 0.5)], LUCK, 100)
    assert not np.array_equal(both, 2 * once)
