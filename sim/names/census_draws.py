"""Laws of names per address that a census allows, since its rows are rounded and few.

In: calibration rows with their rounding, uniform luck. Out: laws, each of which meets the rows as
far as they were published. It does not know what is blocked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.names.names import NamesLaw, law_of
from sim.names.rank_curve import Calibration
from sim.scenario.tables.sharing import ConcentrationRow

SHORT_OF_A_STEP = 0.02
"""How far the size at the end of a group of ranks stays from the means beside it, where a falling
curve would have to be a step; in the logarithm, of the distance of the two."""
MOST_TRIES = 100
"""Draws of rounded shares that no falling curve meets are drawn anew, at most so often."""


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
    given = Calibration.of(rows)
    for _ in range(MOST_TRIES):
        off = rng.uniform(-1, 1, len(rows))
        place = rng.uniform(SHORT_OF_A_STEP, 1 - SHORT_OF_A_STEP, len(given.top))
        moved = [
            row.model_copy(update={"value": row.value + float(by) * row.rounding})
            for row, by in zip(rows, off, strict=True)
        ]
        try:
            return law_of(Calibration.of(moved), place)
        except ValueError:
            continue
    raise ValueError(f"expected rows that some falling curve meets, got none in {MOST_TRIES} draws")
