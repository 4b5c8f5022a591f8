"""What was predicted: a median, an interval, and what the interval spans.

In: numbers of replicates or draws. Out: one prediction. A number that is not known in some
replicate makes the whole not known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import LEVEL
from sim.names.expected import within
from sim.statistics.ensembles import weighted_quantiles
from sim.streams import Stream, Streams

NO_LUCK = "nothing: no luck enters"


@dataclass(frozen=True)
class Prediction:
    """One predicted number.

    Attributes
    ----------
    median, low, high
        Over replicates or draws; low and high are the 5th and 95th percentile, equal to the median
        where no luck enters, and NaN with a single replicate.
    level
        Share of replicates or draws between low and high.
    by_replicate
        The number in each replicate; empty where there are none.
    spans
        What the interval spans.
    left_out
        What it does not span.
    values : shape (n,)
        The prediction as numbers: replicates, or draws.
    weight : shape (n,)
        Weights of these, which sum to 1; None where all are equally likely.
    unknown_part
        Of what part of the thing predicted nothing is known, so that the number is a lower bound;
        empty where all of it is known.
    """

    median: float
    low: float
    high: float
    level: float
    by_replicate: tuple[float, ...]
    spans: str
    left_out: str
    values: NDArray[np.float64] = field(compare=False, repr=False)
    weight: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    unknown_part: str = ""

    def __post_init__(self) -> None:
        self.values.flags.writeable = False
        if self.weight is not None:
            self.weight.flags.writeable = False

    def share(self, is_so: NDArray[np.bool_]) -> float:
        """Weight of the numbers of which something is so, shape (n,)."""
        return float(np.average(is_so, weights=self.weight))


@dataclass(frozen=True)
class NotComputable:
    """A number that cannot be predicted, and why."""

    why: str


def of_replicates(
    draws: Sequence[NDArray[np.float64]], spans: str, left_out: str
) -> Prediction | NotComputable:
    """Prediction from what each replicate gave.

    Parameters
    ----------
    draws
        By replicate: one number, or draws of it.
    """
    values = np.concatenate(draws)
    if np.isnan(values).any():
        n_unknown = sum(bool(np.isnan(each).any()) for each in draws)
        return NotComputable(f"not known in {n_unknown} of {len(draws)} replicates")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail]) if values.size > 1 else (math.nan,) * 2
    return Prediction(
        median=float(np.median(values)),
        low=float(low),
        high=float(high),
        level=LEVEL,
        by_replicate=tuple(float(np.median(each)) for each in draws),
        spans=spans,
        left_out=left_out,
        values=values,
    )


def of_ensemble(
    draws: Sequence[NDArray[np.float64]], weight: NDArray[np.float64], spans: str, left_out: str
) -> Prediction | NotComputable:
    """Prediction from what each joint draw of all that is not known gave.

    A draw in which the number is not known is left out, and said to be; where that is half of the
    weight or more, the whole is not known.

    Parameters
    ----------
    draws
        By draw: one number.
    weight : shape (n_draws,)
        Weights, which sum to 1.

    Notes
    -----
    Median and ends are those of `weighted_quantiles`, as in the tables of a run with draws.
    """
    values = np.array([float(each[0]) for each in draws])
    is_known = ~np.isnan(values)
    n_unknown = int((~is_known).sum())
    if weight[is_known].sum() <= 0.5:
        return NotComputable(f"not known in {n_unknown} of {values.size} draws")
    if n_unknown:
        spans += f"; not known in {n_unknown} of them, which are left out"
    values, weight = values[is_known], weight[is_known] / weight[is_known].sum()
    tail = (1 - LEVEL) / 2
    ends = np.array([0.5, tail, 1 - tail])
    median, low, high = weighted_quantiles(values, weight, ends).tolist()
    own = weight if np.ptp(weight) > 0 else None
    # Draws are no replicates, of which each would be the same world.
    return Prediction(median, low, high, LEVEL, (), spans, left_out, values, own)


def of_draws(
    draws: NDArray[np.float64], spans: str, left_out: str, unknown_part: str = ""
) -> Prediction:
    """Prediction from draws of one calculation."""
    tail = (1 - LEVEL) / 2
    median, low, high = np.quantile(draws, [0.5, tail, 1 - tail]).tolist()
    values = np.array(draws, np.float64)
    return Prediction(
        median, low, high, LEVEL, (), spans, left_out, values, unknown_part=unknown_part
    )


def of_number(value: float, left_out: str, unknown_part: str = "") -> Prediction:
    """Prediction of a calculation without luck."""
    value = float(value)
    values = np.array([value])
    return Prediction(
        value, value, value, LEVEL, (), NO_LUCK, left_out, values, unknown_part=unknown_part
    )


N_FACTORS = 400
"""Numbers at least that a prediction has once it was multiplied by a range."""
LUCK = Streams(root_seed=0, replicate=0)
"""Luck of these draws; a fixed one, so that scores do not move by themselves."""


def multiplied(found: Prediction, ends: tuple[float, float, float]) -> Prediction:
    """Prediction times a factor: a point, or triangular over a range.

    Parameters
    ----------
    ends
        Least, most likely and most, all above 0.

    Notes
    -----
    Over a range each number meets as many quantiles of the factor as make `N_FACTORS` numbers of
    all, spread evenly over its probabilities and in an order of their own. Draws over a decade or
    more are of the logarithm, as of other ranges.
    """
    low, value, high = ends
    by_replicate = tuple(one * value for one in found.by_replicate)
    if low == high:
        return replace(
            found,
            median=found.median * value,
            low=found.low * value,
            high=found.high * value,
            by_replicate=by_replicate,
            spans=f"{found.spans}; times {value:g}",
            values=found.values * value,
        )
    n_each = math.ceil(N_FACTORS / found.values.size)
    n = found.values.size * n_each
    rng = LUCK.generator(Stream.CASES, tuple(b"times"))
    factor = within(low, value, high, (rng.permutation(n) + 0.5) / n)
    values = np.repeat(found.values, n_each) * factor
    weight = np.full(n, 1 / n)
    if found.weight is not None:
        weight = np.repeat(found.weight, n_each) / n_each
    tail = (1 - LEVEL) / 2
    ends_of_values = weighted_quantiles(values, weight, np.array([0.5, tail, 1 - tail])).tolist()
    return replace(
        found,
        median=ends_of_values[0],
        low=ends_of_values[1],
        high=ends_of_values[2],
        by_replicate=by_replicate,
        spans=f"{found.spans}; times {value:g} ({low:g} to {high:g})".removeprefix(f"{NO_LUCK}; "),
        values=values,
        weight=None if found.weight is None else weight,
    )
