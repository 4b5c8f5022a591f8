"""Designs for sensitivity analysis: which points to run.

In: a scenario and factors. Out: the points of each part of the design. Only points at which the
scenario is possible are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, point_of, settings
from sim.scenario.variants import Point
from sim.statistics.designs import morris_trajectories, saltelli
from sim.streams import Stream, Streams

Dials = NDArray[np.float64]

MOST_DRAWS = 50
"""Most draws for each trajectory or base point wanted, to find a possible one."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One part of a design.

    Attributes
    ----------
    part
        ``ends``, ``morris`` or ``sobol``.
    factors
        Factors that are varied; the others are as given.
    points
        In the order of the design.
    amounts
        For each point the amounts of the factors that are not as given, by key.
    dials : shape (n_groups, n_in_group, n_dials)
        The design; empty for ``ends``.
    moved
        For ``morris``, as in ``Trajectories``.
    n_rejected
        Trajectories or base points that were drawn and not taken, since the scenario is not
        possible at one of their points.
    """

    part: str
    factors: tuple[Factor, ...]
    points: tuple[Point, ...]
    amounts: tuple[dict[str, tuple[float, ...]], ...]
    dials: Dials
    moved: NDArray[np.int64]
    n_rejected: int = 0


def ends_stage(resolved: Resolved, factors: Sequence[Factor]) -> Stage:
    """The scenario as given, then each factor of one dial at its low and at its high end."""
    settings_of: list[dict[str, tuple[float, ...]]] = [{}]
    points = [Point()]
    for factor in factors:
        if factor.n_dials == 1:
            for end in (factor.low, factor.high):
                settings_of.append({factor.key: (end,)})
                points.append(point_of(resolved, [(factor, (end,))]))
    nothing = np.empty((0, 0, 0))
    return Stage(
        "ends",
        tuple(factors),
        tuple(points),
        tuple(settings_of),
        nothing,
        np.empty((0, 0), np.int64),
    )


def morris_stage(
    resolved: Resolved, factors: Sequence[Factor], n_trajectories: int, root_seed: int
) -> Stage:
    """Morris trajectories over the ranges of all factors."""
    rng = Streams(root_seed, 0).generator(Stream.DESIGN, (0,))
    n_dials = [factor.n_dials for factor in factors]

    def draw(n: int) -> tuple[Dials, NDArray[np.int64]]:
        found = morris_trajectories(n, n_dials, rng)
        return found.dials, found.moved

    return _possible_stage("morris", resolved, factors, n_trajectories, draw)


def sobol_stage(
    resolved: Resolved, factors: Sequence[Factor], n_base: int, root_seed: int
) -> Stage:
    """Saltelli's base points over the ranges of all factors, and their crossings."""
    rng = Streams(root_seed, 0).generator(Stream.DESIGN, (1,))
    n_dials = [factor.n_dials for factor in factors]

    def draw(n: int) -> tuple[Dials, NDArray[np.int64]]:
        # A further draw has another scrambling of the sequence.
        return saltelli(n, n_dials, rng), np.zeros((n, 0), np.int64)

    return _possible_stage("sobol", resolved, factors, n_base, draw)


def _possible_stage(
    part: str,
    resolved: Resolved,
    factors: Sequence[Factor],
    n_wanted: int,
    draw: Callable[[int], tuple[Dials, NDArray[np.int64]]],
) -> Stage:
    """Draw groups of points until enough have only points at which the scenario is possible.

    Raises
    ------
    UsageError
        If there is no such group among ``MOST_DRAWS`` times as many.
    """
    points: list[Point] = []
    amounts: list[dict[str, tuple[float, ...]]] = []
    kept_dials: list[Dials] = []
    kept_moved: list[NDArray[np.int64]] = []
    n_drawn = 0
    while len(kept_dials) < n_wanted and n_drawn < MOST_DRAWS * n_wanted:
        dials, moved = draw(n_wanted if n_drawn == 0 else n_wanted - len(kept_dials))
        for group, steps in zip(dials, moved, strict=True):
            n_drawn += 1
            by_factor = settings(factors, group)
            rows = [
                {
                    factor.key: tuple(part[row].tolist())
                    for factor, part in zip(factors, by_factor, strict=True)
                }
                for row in range(len(group))
            ]
            found = [
                point_of(resolved, [(factor, row[factor.key]) for factor in factors])
                for row in rows
            ]
            if all(point.is_possible(resolved) for point in found):
                points += found
                amounts += rows
                kept_dials.append(group)
                kept_moved.append(steps)
    if not kept_dials:
        raise UsageError(
            f"{part}: expected settings of all factors at which the scenario can be, got none in "
            f"{n_drawn} draws: their ranges contradict each other"
        )
    return Stage(
        part,
        tuple(factors),
        tuple(points),
        tuple(amounts),
        np.array(kept_dials),
        np.array(kept_moved),
        n_drawn - len(kept_dials),
    )
