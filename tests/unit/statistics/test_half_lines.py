"""On which side of one number a rare outcome is frequent: by hand, and by chance."""

from __future__ import annotations

import numpy as np
import pytest

from sim.statistics.half_lines import HalfLine, telling_half_line

N, M = 60, 40


def inputs_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((N, M))


@pytest.mark.parametrize("is_below", [True, False])
def test_the_side_that_decides_is_found(is_below: bool) -> None:
    inputs = inputs_of(1)
    inputs[:, 7] = np.random.default_rng(2).permutation(N)
    side = inputs[:, 7] < 12 if is_below else inputs[:, 7] >= 48
    found = telling_half_line(inputs, side, 0.05)
    assert found == HalfLine(7, 11.5 if is_below else 47.5, is_below, 12, 12)


def test_what_is_not_all_of_a_side_is_counted() -> None:
    inputs = inputs_of(1)
    inputs[:, 7] = np.arange(N)
    is_yes = inputs[:, 7] < 12
    is_yes[[3, 40]] = False, True
    found = telling_half_line(inputs, is_yes, 0.05)
    assert found == HalfLine(7, 11.5, True, 12, 11)


def test_chance_names_no_more_than_its_risk() -> None:
    """Negative control: answers that hang on nothing."""
    named = sum(
        telling_half_line(inputs_of(seed), np.random.default_rng(-seed % 999).random(N) < 0.4, 0.05)
        is not None
        for seed in range(60)
    )
    # Five in a hundred of sixty are three; seven and more come once in thirty.
    assert named <= 7


def test_few_answers_tell_nothing() -> None:
    inputs = inputs_of(1)
    few = inputs[:, 0] <= np.sort(inputs[:, 0])[3]
    assert telling_half_line(inputs, few, 1.0) is None
    assert telling_half_line(inputs, ~few, 1.0) is None
    assert telling_half_line(inputs, np.zeros(N, np.bool_), 1.0) is None
    assert telling_half_line(np.ones((N, 1)), inputs[:, 0] < 0.5, 1.0) is None


def test_a_side_on_which_most_say_no_is_not_told() -> None:
    inputs = np.arange(N, dtype=float)[:, np.newaxis]
    # Four in ten of the lower half, none of the upper.
    is_yes = (inputs[:, 0] < 30) & (inputs[:, 0] % 5 < 2)
    found = telling_half_line(inputs, is_yes, 1.0)
    assert found is None or 2 * found.n_yes > found.n
