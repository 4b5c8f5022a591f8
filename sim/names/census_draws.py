"""Laws of names per address that a census allows, since its rows are rounded and few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.names.names import NamesLaw, law_of
from sim.names.rank_curve import Calibration
from sim.scenario.tables.sharing import ConcentrationRow

SHORT_OF_A_STEP = 0.02
"""How far the size at the end of a group of ranks stays from the means beside it, where a falling
curve would have to be a step; in the logarithm, of the distance of the two."""
MOST_TRIES = 100
"""Draws of rounded shares that no falling curve meets are drawn anew, at most so often."""


NO_CURVE = f"expected rows that some falling curve meets, got none in {MOST_TRIES} draws"
MET_WITHIN = 1e-6
"""Relative error of the names of a group of ranks, in laws that are drawn many at once: far within
the rounding of the rows."""


def draw_law(rows: Sequence[ConcentrationRow], rng: np.random.Generator) -> NamesLaw:
    """Draw a law out of those that the calibration rows of a census allow.

    Notes
    -----
    Every row is drawn evenly within its rounding. The size at the rank that ends a group, which the
    rows leave open between the names per address before and after, is drawn evenly in the logarithm
    in place of their geometric mean.

    Raises
    ------
    ValueError
        As ``Calibration.of`` for the rows as they are; or if rows within their rounding are met by
        no falling curve in 100 draws.
    """
    n_ends = len(Calibration.of(rows).top)
    for _ in range(MOST_TRIES):
        off = rng.uniform(-1, 1, len(rows))
        place = rng.uniform(SHORT_OF_A_STEP, 1 - SHORT_OF_A_STEP, n_ends)
        law = _law_at(rows, off, place, 0.0)
        if law is not None:
            return law
    raise ValueError(NO_CURVE)


def draw_laws(
    rows: Sequence[ConcentrationRow], n_laws: int, rng: np.random.Generator
) -> list[NamesLaw]:
    """Draw many laws as ``draw_law`` does, spread evenly over the range of each row and end.

    Notes
    -----
    A Latin hypercube: each of as many equal parts of the range of a row, and of the place of a
    size, has one law (McKay, Beckman, Conover 1979), so that fewer laws tell as much. One that no
    falling curve meets is drawn anew without that. The names of a group of ranks are met to a
    millionth.

    Raises
    ------
    ValueError
        As ``draw_law``.
    """
    n_ends = len(Calibration.of(rows).top)
    part = rng.permuted(np.tile(np.arange(n_laws)[:, None], len(rows) + n_ends), axis=0)
    laws = []
    for u in (part + rng.random(part.shape)) / n_laws:
        for _ in range(MOST_TRIES):
            place = SHORT_OF_A_STEP + (1 - 2 * SHORT_OF_A_STEP) * u[len(rows) :]
            law = _law_at(rows, 2 * u[: len(rows)] - 1, place, MET_WITHIN)
            if law is not None:
                laws.append(law)
                break
            u = rng.random(u.size)  # noqa: PLW2901
        else:
            raise ValueError(NO_CURVE)
    return laws


def _law_at(
    rows: Sequence[ConcentrationRow],
    off: NDArray[np.float64],
    place: NDArray[np.float64],
    tolerance: float,
) -> NamesLaw | None:
    """Law of rows that are off by parts of their rounding; None where no curve meets them."""
    moved = [
        row.model_copy(update={"value": row.value + float(by) * row.rounding})
        for row, by in zip(rows, off, strict=True)
    ]
    try:
        return law_of(Calibration.of(moved), place, tolerance)
    except ValueError:
        return None
