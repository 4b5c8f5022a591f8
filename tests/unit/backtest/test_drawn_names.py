"""Distinct addresses that are drawn evenly: by enumeration, with a control that fails."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from sim.backtest.predictions import distinct_sizes
from sim.names.law import NamesLaw

SIZES = [6, 3, 1, 1, 1]
LAW = NamesLaw(np.array([6, 3, 1]), np.array([1, 1, 3]))
N = 20_000


def expected_of_two(chance: list[float]) -> dict[int, float]:
    """Names on two distinct addresses and their probability, sequence by sequence."""
    found: dict[int, float] = {}
    for first, second in permutations(range(len(SIZES)), 2):
        p = chance[first] * chance[second] / (1 - chance[first])
        total = SIZES[first] + SIZES[second]
        found[total] = found.get(total, 0) + p
    return found


def test_two_distinct_addresses_come_up_as_often_as_enumeration_says():
    rng = np.random.default_rng(3)
    totals = [int(distinct_sizes(LAW, 2, rng).sum()) for _ in range(N)]
    values, counts = np.unique(totals, return_counts=True)
    found = dict(zip(values.tolist(), (counts / N).tolist(), strict=True))

    def differs(expected: dict[int, float]) -> bool:
        return any(
            abs(found.get(total, 0) - p) > 4 * np.sqrt(p * (1 - p) / N)
            for total, p in expected.items()
        )

    even = expected_of_two([1 / len(SIZES)] * len(SIZES))
    assert sum(even.values()) == pytest.approx(1)
    assert not differs(even)
    assert differs(expected_of_two([size / sum(SIZES) for size in SIZES]))  # negative control


def test_all_addresses_hold_all_names_once():
    sizes = distinct_sizes(LAW, 5, np.random.default_rng(0))
    assert sorted(sizes.tolist(), reverse=True) == SIZES
