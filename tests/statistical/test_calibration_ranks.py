"""Simulation-based calibration: truths drawn from the unknowns have uniform ranks among the draws.

A truth is drawn, data are made from it by the model, its luck and its discrepancy, and the draws
are calibrated by these data. Over many truths the share of weight below the truth is then uniform
(Talts et al. 2018), of unknowns and of what is predicted. What is overconfident fails it, as do
intervals of luck alone. All ranges fail nothing, so the draws must be narrower than these as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from sim.statistics.designs import sobol_points
from sim.uncertainty.history import SHARE_IN_COMMON, Figure, match_history

pytest.importorskip("sklearn")

Floats = NDArray[np.float64]
N_DIALS = 10
SPREAD = 0.15
N_BINS = 5


def expected(dials: Floats) -> Floats:
    """Two figures and a prediction, in log10: what is predicted hangs on what figures tell of."""
    one, other, third = dials[..., 0], dials[..., 1], dials[..., 2]
    return np.stack(
        [2 + 1.5 * one, 1 + other + 0.5 * one * other, 1 + one - other + 0.5 * third], axis=-1
    )


def with_luck(dials: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(expected(dials) + 0.1 * rng.normal(size=(*dials.shape[:-1], 3)))


@dataclass(frozen=True)
class Ranks:
    """Share of weight below the truth: of two unknowns, one that nothing tells of, a prediction."""

    unknowns: Floats
    prediction: float
    prediction_by_luck: float
    narrower: float


def rank(values: Floats, weight: Floats, truth: float, share_of_ties: float = 0.5) -> float:
    """Share of weight below the truth, and a share, by chance, of what equals it."""
    return float(weight[values < truth].sum() + share_of_ties * weight[values == truth].sum())


def calibrated_once(number: int, stated: float) -> Ranks:
    rng = np.random.default_rng([11, number])
    truth = rng.random(N_DIALS)
    data = with_luck(truth, rng)
    published = 10 ** (data[:2] + SPREAD * rng.normal(size=2))
    dials = sobol_points(1024, N_DIALS, rng)
    drawn = with_luck(dials, rng)

    def run(rows: NDArray[np.int64]) -> Floats:
        return np.asarray(10 ** drawn[rows, :2])

    figures = [Figure.of(str(row), one, one) for row, one in enumerate(published.tolist())]
    found = match_history(dials, run, figures, 64, 64, stated)
    ours, weight = dials[found.draw], found.weight
    again = with_luck(ours, rng)[:, 2]
    centre = with_luck(np.full((200, N_DIALS), 0.5), rng)[:, 2]
    mean = weight @ ours[:, 0]
    narrow = np.sqrt(weight @ (ours[:, 0] - mean) ** 2) * np.sqrt(12)
    return Ranks(
        np.array([rank(ours[:, row], weight, truth[row]) for row in (0, 1, 5)]),
        rank(again, weight, data[2]),
        float(np.mean(centre < data[2])),
        float(narrow),
    )


def p_uniform(ranks: Floats) -> float:
    counts, _ = np.histogram(ranks, N_BINS, (0, 1))
    return float(stats.chisquare(counts).pvalue)


def hold(n_truths: int, calibrate: Callable[[int, float], Ranks]) -> None:
    found = [calibrate(number, SPREAD) for number in range(n_truths)]
    for row in range(3):
        assert p_uniform(np.array([one.unknowns[row] for one in found])) > 0.002
    assert p_uniform(np.array([one.prediction for one in found])) > 0.002
    assert np.mean([one.narrower for one in found]) < 0.7
    # The controls: luck alone, and a discrepancy that is there and not stated.
    assert p_uniform(np.array([one.prediction_by_luck for one in found])) < 1e-4
    sure = [calibrate(number, 0.001) for number in range(n_truths)]
    assert min(p_uniform(np.array([one.unknowns[row] for one in sure])) for row in (0, 1)) < 0.01


@pytest.mark.long
def test_ranks_of_four_hundred_truths_are_uniform() -> None:
    hold(400, calibrated_once)


N_SESSIONS = 12


def of_sessions(number: int, *, is_stated: bool) -> Ranks:
    """Sessions of one quantity, of whose discrepancy half the variance is common to all."""
    rng = np.random.default_rng([13, number])
    truth = rng.random(N_DIALS)
    in_common, own = np.sqrt(SHARE_IN_COMMON) * SPREAD, np.sqrt(1 - SHARE_IN_COMMON) * SPREAD
    wrong_by = in_common * rng.normal() + own * rng.normal(size=N_SESSIONS)

    def sessions(dials: Floats) -> Floats:
        luck = 0.1 * rng.normal(size=(*dials.shape[:-1], N_SESSIONS))
        return np.asarray(expected(dials)[..., :1] + luck)

    published = 10 ** (sessions(truth) + wrong_by)
    dials = sobol_points(1024, N_DIALS, rng)
    drawn = sessions(dials)
    figures = [
        Figure.of(str(row), one, one, quantity="sessions" if is_stated else "")
        for row, one in enumerate(published.tolist())
    ]
    found = match_history(dials, lambda rows: 10 ** drawn[rows], figures, 64, 64, SPREAD)
    ours, weight = dials[found.draw], found.weight
    ranks = np.array([rank(ours[:, row], weight, truth[row]) for row in (0, 1, 5)])
    return Ranks(ranks, 0.0, 0.0, 0.0)


@pytest.mark.long
def test_ranks_are_uniform_where_sessions_have_a_discrepancy_in_common() -> None:
    found = [of_sessions(number, is_stated=True).unknowns[0] for number in range(60)]
    assert p_uniform(np.array(found)) > 0.002
    # The control: the same taken as independent is too sure.
    sure = [of_sessions(number, is_stated=False).unknowns[0] for number in range(60)]
    assert p_uniform(np.array(sure)) < 0.01
