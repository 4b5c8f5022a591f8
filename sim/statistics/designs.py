"""Designs in the unit cube: grids, Latin hypercubes, Sobol' sequences, Morris and Saltelli.

In: numbers of points and dials, and a random generator. Out: arrays of settings in [0, 1]. What the
dials stand for is not known here.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Cube = NDArray[np.float64]

N_LEVELS = 4
"""Levels of a Morris trajectory: 0, 1/3, 2/3 and 1."""


def grid(n_levels: Sequence[int]) -> Cube:
    """All combinations of evenly spaced settings; the last dial varies fastest.

    Parameters
    ----------
    n_levels
        Settings of each dial, from 0 to 1; a single one is 0.

    Returns
    -------
    dials : shape (product of n_levels, n_dials)
    """
    return np.array(list(itertools.product(*(np.linspace(0, 1, n) for n in n_levels))))


def latin_hypercube(n_points: int, n_dials: int, rng: np.random.Generator) -> Cube:
    """Latin hypercube: each of ``n_points`` equal parts of a dial holds one point.

    Returns
    -------
    dials : shape (n_points, n_dials)
    """
    from scipy.stats import qmc  # slow to import, and a single run needs none of it

    return np.asarray(qmc.LatinHypercube(n_dials, rng=rng).random(n_points))


def sobol_points(n_points: int, n_dials: int, rng: np.random.Generator) -> Cube:
    """First points of a scrambled Sobol' sequence; most even where their number is a power of 2.

    Returns
    -------
    dials : shape (n_points, n_dials)
    """
    from scipy.stats import qmc  # slow to import, and a single run needs none of it

    sequence = qmc.Sobol(n_dials, rng=rng)
    return np.asarray(sequence.random_base2((n_points - 1).bit_length()))[:n_points]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """A Morris design.

    Attributes
    ----------
    dials : shape (n_trajectories, n_factors + 1, n_dials)
        In each trajectory one factor after another moves, all its dials at once.
    moved : shape (n_trajectories, n_factors)
        Factor that moves at each step.
    """

    dials: Cube
    moved: NDArray[np.int64]


def morris_trajectories(
    n_trajectories: int, n_dials: Sequence[int], rng: np.random.Generator
) -> Trajectories:
    """Random trajectories in which each factor moves once, by ``MORRIS_STEP``, up or down.

    Parameters
    ----------
    n_dials
        Dials of each factor.

    References
    ----------
    Morris, Factorial sampling plans for preliminary computational experiments, Technometrics 33
    (1991); groups as in Campolongo, Cariboni and Saltelli (2007).
    """
    n_factors = len(n_dials)
    factor_of_dial = np.repeat(np.arange(n_factors), n_dials)
    n_low = N_LEVELS // 2
    shape = (n_trajectories, factor_of_dial.size)
    # From a level in the lower half up by the step, or the same way back.
    low = rng.integers(0, n_low, shape) / (N_LEVELS - 1)
    starts_low = rng.integers(0, 2, shape).astype(bool)
    moved = rng.permuted(np.tile(np.arange(n_factors), (n_trajectories, 1)), axis=1)
    step_of_factor = np.argsort(moved, axis=1)
    has_moved = (
        np.arange(n_factors + 1)[None, :, None] > step_of_factor[:, factor_of_dial][:, None, :]
    )
    is_low = starts_low[:, None, :] ^ has_moved
    dials = low[:, None, :] + np.where(is_low, 0.0, MORRIS_STEP)
    return Trajectories(dials.clip(0, 1), moved)


MORRIS_STEP = N_LEVELS / (2 * (N_LEVELS - 1))


def saltelli(n_base: int, n_dials: Sequence[int], rng: np.random.Generator) -> Cube:
    """Design for Sobol' indices: base points of a scrambled Sobol' sequence, and their crossings.

    Parameters
    ----------
    n_base
        Base points; a power of 2 keeps the balance of the sequence.
    n_dials
        Dials of each factor.

    Returns
    -------
    dials : shape (n_base, n_factors + 2, n_dials)
        For each base point: A, B, and A with each factor's dials taken from B.

    References
    ----------
    Saltelli et al., Variance based sensitivity analysis of model output, Computer Physics
    Communications 181 (2010).
    """
    total = int(sum(n_dials))
    both = sobol_points(n_base, 2 * total, rng)
    a, b = both[:, :total], both[:, total:]
    factor_of_dial = np.repeat(np.arange(len(n_dials)), n_dials)
    crossed = [np.where(factor_of_dial == factor, b, a) for factor in range(len(n_dials))]
    return np.stack([a, b, *crossed], axis=1)
