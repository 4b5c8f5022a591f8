"""Rows and places drawn by weight, by inversion of uniform numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.world.providers import Places

Side = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Places of one side, foreign or domestic, and their weights."""


def hosting_side(resolved: Resolved, places: Places, side: str) -> Side:
    """Place rows of one side, foreign or domestic, and their weights."""
    rows = [row for row in resolved.hosting.rows if row.side == side]
    place = np.array([places.row(row.provider, row.region) for row in rows], np.int64)
    return place, np.array([row.weight for row in rows], np.float64)


def pick(side: Side, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place drawn by weight from one side."""
    place, weight = side
    return np.asarray(place[choose(weight, u)], dtype=np.int64)


def choose(weight: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row drawn with probability proportional to weight, by inversion of uniform ``u``."""
    edge = np.cumsum(weight)
    row = np.searchsorted(edge, u * edge[-1], side="right")
    # Rounding of u * total may reach the last edge; the last row with weight is meant.
    return np.asarray(np.minimum(row, np.flatnonzero(weight)[-1]), dtype=np.int64)
