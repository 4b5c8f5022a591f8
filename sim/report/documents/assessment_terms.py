"""Words for the assessment: strategies as the scenario language describes them, measures, shares.

In: ids, names of measures, numbers. Out: text.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.measure.summary import LEVEL
from sim.scenario.strategies import DECLARED

UNITS = {
    EFFICACY: "user-hours denied to the target",
    COLLATERAL: "business-hours impaired",
}


def describe_strategy(strategy_id: str) -> str:
    """First line of a strategy's description in the scenario language."""
    if strategy_id not in DECLARED:
        return "not described."
    return (DECLARED[strategy_id].__doc__ or "").splitlines()[0].lower().rstrip(".") + "."


def unit_name(metric: str) -> str:
    """Name of a measure for readers."""
    return UNITS.get(metric, metric.replace("_", " "))


def hours(by_replicate: NDArray[np.float64]) -> tuple[float, float]:
    """5th and 95th percentile over replicates; NaN with a single one."""
    if by_replicate.size < 2:
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(by_replicate, [tail, 1 - tail]).tolist()
    return low, high
