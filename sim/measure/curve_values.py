"""Values of curves at chosen times.

In: the outcome of a run, and times. Out: values by curve. A curve is constant between its
change points, so that they are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.bands import step_values


def curves_at(
    outcome: Outcome, at_s: NDArray[np.int64]
) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Values of all curves over everybody at given times, and what they are out of, by name."""
    return {
        series.metric: (
            step_values(*outcome.curves.points(series.metric, Group()), at_s),
            series.denominator,
        )
        for series in outcome.curves.series
        if series.group == Group()
    }
