"""Emulators against functions that are known."""

from __future__ import annotations

import numpy as np
import pytest

from sim.statistics.emulators import emulate, influential

pytest.importorskip("sklearn")


def expected(points: np.ndarray) -> np.ndarray:
    return np.asarray(2 * points[:, 1] + np.exp(points[:, 4]))


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return np.random.default_rng(1).random((96, 30))


def test_an_emulator_finds_the_inputs_and_gives_the_mean_without_the_noise(
    points: np.ndarray,
) -> None:
    rng = np.random.default_rng(2)
    found = emulate(points, expected(points) + 0.2 * rng.normal(size=96), rng.random((500, 30)))
    assert {1, 4} <= set(found.inputs)
    assert found.noise == pytest.approx(0.04, rel=0.4)
    assert found.explained > 0.8
    assert 0.88 <= found.inside <= 1.0


def test_what_an_emulator_does_not_know_is_in_its_variance(points: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    at = rng.random((2000, 30))
    found = emulate(points, expected(points) + 0.2 * rng.normal(size=96), at)
    again = expected(at) + 0.2 * rng.normal(size=2000)
    inside = np.abs(found.mean - again) <= 1.645 * np.sqrt(found.variance + found.noise)
    # Of 2,000 draws, 90 % give or take five standard errors, and what 96 points leave open.
    assert np.mean(inside) == pytest.approx(0.9, abs=0.06)


def test_points_left_out_are_foretold_as_well_as_points_never_seen(points: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    at = rng.random((2000, 30))
    found = emulate(points, expected(points) + 0.5 * rng.normal(size=96), at)
    again = expected(at) + 0.5 * rng.normal(size=2000)
    of_new = 1 - np.mean((again - found.mean) ** 2) / again.var()
    assert found.explained == pytest.approx(of_new, abs=0.1)


def test_where_no_input_is_told_the_mean_is_expected_and_all_is_noise(points: np.ndarray) -> None:
    noise = np.random.default_rng(4).normal(size=96)
    found = emulate(points, noise, points)
    assert found.inputs == ()
    assert found.mean == pytest.approx(noise.mean())
    assert found.noise == pytest.approx(noise.var(ddof=1))


def test_a_result_that_never_varies_is_certain(points: np.ndarray) -> None:
    found = emulate(points, np.full(96, 3.0), points[:4])
    assert found.mean.tolist() == [3.0] * 4
    assert found.variance.tolist() == [0.0] * 4


def test_inputs_are_those_told_from_chance(points: np.ndarray) -> None:
    assert influential(points, np.random.default_rng(6).random(96)) == ()
    assert influential(points, points[:, 7] ** 3) == (7,)
