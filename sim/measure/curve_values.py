"""Measures values of curves at chosen times.

In: the outcome of a run, names of curves and times. Out: measures. A curve is constant between its
change points, so that they are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.curves import CURVES
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.bands import step_values
from sim.measure.measures import UNKNOWN, Measure


@dataclass(frozen=True)
class CurveTime:
    """A curve over everybody, and the time at which it is measured.

    Attributes
    ----------
    metric
        Name of the curve.
    t_s
        Seconds since the start of the scenario.
    """

    metric: str
    t_s: int

    @property
    def name(self) -> str:
        """Name as a measure."""
        return f"{self.metric}@{self.t_s}"


def measure_curves(outcome: Outcome, times: Sequence[CurveTime]) -> tuple[Measure, ...]:
    """Values of curves at their times; NaN for a curve that the run does not have."""
    series = {one.metric: one for one in outcome.curves.series if one.group == Group()}
    found = []
    for asked in times:
        value, denominator = UNKNOWN, UNKNOWN
        if asked.metric in series:
            t_s, values = outcome.curves.points(asked.metric, Group())
            value = float(step_values(t_s, values, np.array([asked.t_s]))[0])
            denominator = series[asked.metric].denominator
        unit = CURVES[asked.metric].unit if asked.metric in CURVES else ""
        found.append(Measure(asked.name, unit, value, denominator))
    return tuple(found)


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
