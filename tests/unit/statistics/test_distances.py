"""Distances between samples, by hand and by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from sim.statistics.distances import distance_by_chance, kolmogorov_distance


def test_distance_is_the_widest_gap_between_the_steps() -> None:
    assert kolmogorov_distance(np.array([1.0, 2]), np.array([1.0, 2])) == 0
    assert kolmogorov_distance(np.array([1.0]), np.array([2.0, 3])) == 1
    # Up to 2 two of three values have come, and one of four.
    assert kolmogorov_distance(np.array([1.0, 2, 9]), np.array([2.0, 5, 6, 7])) == pytest.approx(
        2 / 3 - 1 / 4
    )


def test_distance_is_that_of_scipy() -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.integers(0, 9, 40).astype(float), rng.normal(4, 2, 90)
    assert kolmogorov_distance(ours, theirs) == pytest.approx(ks_2samp(ours, theirs).statistic)


def test_samples_of_the_reference_stay_below_the_distance_by_chance() -> None:
    """One in twenty lies above at most; half the bound is passed by many."""
    rng = np.random.default_rng(4)
    reference = rng.random(50_000)
    distances = [kolmogorov_distance(rng.choice(reference, 60), reference) for _ in range(200)]
    bound = distance_by_chance(60, 1)
    assert sum(one > bound for one in distances) <= 20
    assert sum(one > bound / 2 for one in distances) > 60
    assert distance_by_chance(60, 100) > bound
