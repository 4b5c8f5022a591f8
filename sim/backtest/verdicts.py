"""One prediction against one publication: inside, outside, or not computable; and by how much.

In: a case and its prediction. Out: its score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from sim.backtest.persistence import persistence
from sim.backtest.prediction import NotComputable, Prediction
from sim.backtest.quality import Quality, quality
from sim.scenario.cases import BOUNDS, Case, PlacedCase, Role
from sim.scenario.predictors import RunPredictor
from sim.scenario.readings import Evidence, RunReading

INSIDE, OUTSIDE, NOT_COMPUTABLE = "inside", "outside", "not computable"
RANKED = "in a ranking"
PRIOR, CONDITIONED = "prior", "conditioned"
"""Ensembles that a case is predicted by: of all declared ranges, and of kept simulations."""
ScoredRole: TypeAlias = Role | Literal["evidence"]
ROLES: tuple[ScoredRole, ...] = ("calibration", "evidence", "known", "held-out")
"""Roles of figures: as their cases say, or evidence, by which simulations were kept."""
_TIMES = ("at", "since", "until", "take", "level", "is_complement", "is_relative_to_start")
_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Score:
    """One case, scored.

    Attributes
    ----------
    placed
        The case.
    prediction
        What was predicted, or why nothing was.
    role
        Of the figure, one of ``ROLES``; the same for every ensemble that predicts the case.
    band
        Ensemble that predicts it, ``PRIOR`` or ``CONDITIONED``; a calculation is ``PRIOR``.
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
    role: ScoredRole
    band: str
    verdict: str
    log10_error: float
    quality: Quality


def score(
    placed: PlacedCase,
    prediction: Prediction | NotComputable,
    band: str = PRIOR,
    *,
    is_evidence: bool = False,
) -> Score:
    """Compare a prediction with what was published.

    With one simulation there is no interval, and the median stands for it.

    Parameters
    ----------
    is_evidence
        Whether simulations were kept by the figure.
    """
    role: ScoredRole = placed.case.role
    if is_evidence and role != "calibration":
        role = "evidence"
    if isinstance(prediction, NotComputable):
        return Score(placed, prediction, role, band, NOT_COMPUTABLE, math.nan, Quality())
    published = placed.case.published
    found = quality(placed.case, prediction, persistence(placed))
    if published.relation == "rank":
        return Score(placed, prediction, role, band, RANKED, math.nan, found)
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
    verdict = INSIDE if is_inside else OUTSIDE
    return Score(placed, prediction, role, band, verdict, error, found)


def conditions(case: Case, pieces: Sequence[Evidence]) -> bool:
    """Whether the figure of a case is among the evidence by which simulations are kept.

    It is where it has the value of a piece of evidence, and where it is read off the same curve or
    count at a time that overlaps with that of one.
    """
    assert isinstance(case.predictor, RunPredictor)
    reading, published = case.predictor, case.published
    return any(
        (piece.value, piece.unit) == (published.value, published.unit)
        or (_what(piece) == _what(reading) and _overlap(_span(piece), _span(reading)))
        for piece in pieces
    )


def _what(reading: RunReading) -> dict[str, object]:
    return {key: getattr(reading, key) for key in RunReading.model_fields if key not in _TIMES}


def _span(reading: RunReading) -> tuple[datetime, datetime]:
    return reading.at or reading.since or _EVER[0], reading.at or reading.until or _EVER[1]


def _overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
