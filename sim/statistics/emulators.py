"""Emulators: the expected result of a costly, noisy model at points where it was not run.

In: points of the unit cube and one result at each. Out: mean and variance at other points, and how
well the emulator does at points that it has not seen. Needs scikit-learn.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from sim.statistics.ensembles import rank_shares, ranks_of

Floats = NDArray[np.float64]

LENGTHS = (0.1, 20.0)
"""Shortest and longest correlation length, in widths of an input's range."""
NOISE = (1e-4, 10.0)
"""Least and most noise, in variances of the results."""


@dataclass(frozen=True, eq=False)
class Emulated:
    """What an emulator says.

    Attributes
    ----------
    mean, variance : shape (n_points,)
        Expected result at each point, and its variance: what the emulator does not know of it.
    noise
        Variance of a result about what is expected: luck, and inputs that the emulator has not.
    inputs
        Inputs that it has; none where the mean of all results is expected everywhere.
    explained
        Share of the variance of the results that it explains at points left out one at a time;
        below 0 where it does worse than their mean.
    inside
        Share of these points whose result lies within 1.96 standard deviations of what is expected.
    """

    mean: Floats
    variance: Floats
    noise: float
    inputs: tuple[int, ...]
    explained: float
    inside: float


def influential(inputs: Floats, result: Floats) -> tuple[int, ...]:
    """Inputs that a result hangs on most, by stepwise regression on ranks.

    Parameters
    ----------
    inputs : shape (n, n_inputs)
    result : shape (n,)

    Returns
    -------
    rows
        Those that `rank_shares` tells from chance.
    """
    weight = np.full(len(result), 1 / len(result))
    return tuple(np.flatnonzero(rank_shares(result, ranks_of(inputs, weight), weight)).tolist())


def emulate(inputs: Floats, result: Floats, at: Floats) -> Emulated:
    """Emulate a result by a Gaussian process over the inputs that it hangs on most.

    Parameters
    ----------
    inputs, result : shapes (n, n_inputs), (n,)
        Points of the unit cube, and one result at each.
    at : shape (n_points, n_inputs)
        Where the expected result is asked for.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    Squared-exponential correlation with one length for each input, and noise, whose sizes maximise
    the marginal likelihood. Where no input is told from chance, the mean of all results is expected
    everywhere. Points left out one at a time are foretold in closed form.

    References
    ----------
    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), sections 2.2, 5.4.1 and
    5.4.2.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from threadpoolctl import threadpool_limits

    used = influential(inputs, result)
    if not used:
        spread = float(result.var(ddof=1)) if result.size > 1 else 0.0
        mean = np.full(len(at), result.mean())
        return Emulated(mean, np.full(len(at), spread / result.size), spread, (), 0.0, 1.0)
    lengths = np.ones(len(used))
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(lengths, LENGTHS) + WhiteKernel(0.3, NOISE)
    process = GaussianProcessRegressor(kernel, normalize_y=True)
    # On one thread sums have one order, and matrices this small are through sooner.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # a length at its end is an input without influence
        process.fit(inputs[:, used], result)
        mean, deviation = process.predict(at[:, used], return_std=True)
    scale = float(result.var())
    noise = float(process.kernel_.k2.noise_level) * scale
    inverse = np.diag(cho_solve((process.L_, True), np.eye(len(result))))
    error = process.alpha_.ravel() / inverse * np.sqrt(scale)
    expected = np.sqrt(scale / inverse)
    return Emulated(
        np.asarray(mean),
        np.asarray(np.maximum(deviation**2 - noise, 0.0)),
        noise,
        used,
        float(1 - (error**2).mean() / scale),
        float((np.abs(error) <= 1.96 * expected).mean()),
    )
