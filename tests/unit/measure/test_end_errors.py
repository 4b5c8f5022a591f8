"""Errors of the ends of a range are those of a plain bootstrap, and of other ensembles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.measure.summary import SHARES, end_errors

ENDS = (SHARES[0], SHARES[-1])


@pytest.mark.parametrize("scale", [1.0, 1e9])
@pytest.mark.parametrize("n", [64, 128, 300])
def test_an_error_is_that_of_resampling(n: int, scale: float) -> None:
    rng = np.random.default_rng(n)
    values = scale * (5 + rng.lognormal(size=n))
    resampled = rng.choice(values, (20_000, n))
    plain = np.quantile(resampled, ENDS, axis=1).std(axis=1)
    assert np.array(end_errors(values)) == pytest.approx(plain, rel=0.1)
    # The upper end of a skewed measure is less sure, and not by chance.
    assert end_errors(values)[1] > 3 * end_errors(values)[0]


def test_an_error_is_how_far_ends_of_other_ensembles_lie_apart() -> None:
    rng = np.random.default_rng(1)
    ensembles = rng.normal(size=(400, 128))
    apart = np.quantile(ensembles, ENDS, axis=1).std(axis=1)
    found = np.mean([end_errors(one) for one in ensembles], axis=0)
    assert found == pytest.approx(apart, rel=0.2)


def test_what_is_not_known_has_no_part_and_one_value_no_error() -> None:
    values = np.random.default_rng(2).normal(size=50)
    with_gaps = np.concatenate([values, np.full(14, np.nan)])
    assert end_errors(with_gaps) == end_errors(values)
    assert end_errors(np.full(64, 7.0)) == (0.0, 0.0)
    assert all(map(math.isnan, end_errors(np.array([3.0, np.nan]))))
