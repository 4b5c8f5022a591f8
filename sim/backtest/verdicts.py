"""One prediction against one publication: inside, outside, or not computable; and by how much.

In: a case and its prediction. Out: its score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.backtest.persistence import persistence
from sim.backtest.prediction import NotComputable, Prediction
from sim.backtest.quality import Quality, quality
from sim.scenario.case_format import BOUNDS
from sim.scenario.cases import PlacedCase

INSIDE, OUTSIDE, NOT_COMPUTABLE = "inside", "outside", "not computable"
RANKED = "in a ranking"


@dataclass(frozen=True)
class Score:
    """One case, scored.

    Attributes
    ----------
    placed
        The case.
    prediction
        What was predicted, or why nothing was.
    verdict
        ``inside`` where the predicted interval and what the publication allows have a number in
        common, ``outside`` where they have none, ``in a ranking`` where a rank was published, else
        ``not computable``.
    log10_error
        log10 of predicted median over published value; 0.3 is a factor of 2. NaN where the
        publication is a bound and the median keeps it, where nothing was predicted, and where a
        ratio says nothing because one of the two is not above zero.
    quality
        CRPS, probability and what goes with them.
    """

    placed: PlacedCase
    prediction: Prediction | NotComputable
    verdict: str
    log10_error: float
    quality: Quality


def score(placed: PlacedCase, prediction: Prediction | NotComputable) -> Score:
    """Hold a prediction against what was published.

    With one replicate there is no interval, and the median stands for it.
    """
    if isinstance(prediction, NotComputable):
        return Score(placed, prediction, NOT_COMPUTABLE, math.nan, Quality())
    published = placed.case.published
    found = quality(placed.case, prediction, persistence(placed))
    if published.relation == "rank":
        return Score(placed, prediction, RANKED, math.nan, found)
    # Of a figure whatever lies below the floor counts as it, predicted or published.
    floor = -math.inf
    if placed.case.floor is not None and published.relation not in BOUNDS:
        floor = placed.case.floor
    allowed_low, allowed_high = (max(end, floor) for end in published.interval)
    low = max(prediction.median if math.isnan(prediction.low) else prediction.low, floor)
    high = max(prediction.median if math.isnan(prediction.high) else prediction.high, floor)
    is_inside = low <= allowed_high and allowed_low <= high
    keeps_bound = published.relation in BOUNDS and (
        allowed_low <= prediction.median <= allowed_high
    )
    error = math.nan
    if prediction.median > 0 and published.value > 0 and not keeps_bound:
        error = math.log10(prediction.median / published.value)
    return Score(placed, prediction, INSIDE if is_inside else OUTSIDE, error, found)
