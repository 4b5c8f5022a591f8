"""What was predicted: a median, an interval, and what the interval spans.

In: numbers of simulations or draws. Out: one prediction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import LEVEL, spread_of
from sim.names.expected import within
from sim.streams import Stream, Streams

NO_CHANCE = "nothing: no chance enters"


@dataclass(frozen=True)
class Prediction:
    """One predicted number.

    Attributes
    ----------
    median, low, high
        Over simulations or draws; low and high are the 5th and 95th percentile, equal to the median
        where no chance enters, and NaN with a single simulation.
    level
        Share of simulations or draws between low and high.
    by_member
        The number in each member; empty where it is not known in all.
    spans
        What the interval spans.
    left_out
        What it does not span.
    values : shape (n,)
        The prediction as numbers: of simulations, or draws.
    unknown_part
        Of what part of the thing predicted nothing is known, so that the number is a lower bound;
        empty where all of it is known.
    """

    median: float
    low: float
    high: float
    level: float
    by_member: tuple[float, ...]
    spans: str
    left_out: str
    values: NDArray[np.float64] = field(compare=False, repr=False)
    unknown_part: str = ""

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    def share(self, is_so: NDArray[np.bool_]) -> float:
        """Share of the numbers of which something is so, shape (n,)."""
        return float(is_so.mean())


@dataclass(frozen=True)
class NotComputable:
    """A number that cannot be predicted, and why."""

    why: str


def of_ensemble(
    numbers: Sequence[NDArray[np.float64]], spans: str, left_out: str
) -> Prediction | NotComputable:
    """Prediction from what each member of an ensemble gave.

    Members in which the number is not known are excluded, and counted in ``spans``; where that is
    half of them or more, the prediction is not known.

    Parameters
    ----------
    numbers
        By member: one number.
    """
    values = np.array([float(each[0]) for each in numbers])
    is_known = ~np.isnan(values)
    n_unknown = int((~is_known).sum())
    if 2 * is_known.sum() <= values.size:
        return NotComputable(f"not known in {n_unknown} of {values.size} simulations")
    if n_unknown:
        spans += f"; not known in {n_unknown} of them, which are excluded"
    by_member = () if n_unknown else tuple(values.tolist())
    known = values[is_known]
    return Prediction(*spread_of(known), LEVEL, by_member, spans, left_out, known)


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
    """Prediction of a calculation without chance."""
    value = float(value)
    values = np.array([value])
    return Prediction(
        value, value, value, LEVEL, (), NO_CHANCE, left_out, values, unknown_part=unknown_part
    )


N_FACTORS = 400
"""Numbers at least that a prediction has once it was multiplied by a range."""
FIXED = Streams(root_seed=0, replicate=0)
"""Random numbers of these draws; fixed, so that scores do not move by themselves."""


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
    by_member = tuple(one * value for one in found.by_member)
    if low == high:
        return replace(
            found,
            median=found.median * value,
            low=found.low * value,
            high=found.high * value,
            by_member=by_member,
            spans=f"{found.spans}; times {value:g}",
            values=found.values * value,
        )
    n_each = math.ceil(N_FACTORS / found.values.size)
    n = found.values.size * n_each
    rng = FIXED.generator(Stream.CASES, tuple(b"times"))
    factor = within(low, value, high, (rng.permutation(n) + 0.5) / n)
    values = np.repeat(found.values, n_each) * factor
    spread = spread_of(values)
    return replace(
        found,
        **spread._asdict(),
        by_member=by_member,
        spans=f"{found.spans}; times {value:g} ({low:g} to {high:g})".removeprefix(
            f"{NO_CHANCE}; "
        ),
        values=values,
    )
