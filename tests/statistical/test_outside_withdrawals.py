"""Decisions that nobody foretells: a Poisson process, by its mean, its variance and its gaps."""

from __future__ import annotations

import numpy as np

from sim.streams import Stream, Streams
from sim.world.stances import drawn_times_s

DAY = 86_400
PER_D, DAYS, N_REPLICATES = 0.2, 100, 2000


def counts(per_d: float) -> np.ndarray:
    generators = (
        Streams(11, replicate).generator(Stream.OUTSIDE_WITHDRAWAL)
        for replicate in range(N_REPLICATES)
    )
    return np.array([drawn_times_s(per_d, DAYS * DAY, rng).size for rng in generators])


def distance(found: np.ndarray, mean: float) -> float:
    """Standard errors between the mean of some counts and what is expected."""
    return float(abs(found.mean() - mean) / np.sqrt(mean / found.size))


def test_as_many_as_the_rate_says_come_on_average_and_their_variance_is_their_mean() -> None:
    found, mean = counts(PER_D), PER_D * DAYS
    assert distance(found, mean) < 4
    # The variance of a sample variance of Poisson counts is (mean + 2 mean^2) / n nearly.
    error = np.sqrt((mean + 2 * mean**2) / found.size)
    assert abs(found.var() - mean) < 4 * error


def test_a_longer_run_only_adds_times() -> None:
    def drawn(days: int) -> list[int]:
        rng = Streams(5, 3).generator(Stream.OUTSIDE_WITHDRAWAL)
        return drawn_times_s(2.0, days * DAY, rng).tolist()

    short, long = drawn(30), drawn(300)
    assert 0 < len(short) < len(long)
    assert long[: len(short)] == short
    assert all(0 < t_s < 30 * DAY for t_s in short)
    assert long[len(short)] >= 30 * DAY
