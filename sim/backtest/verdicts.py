"""Scores: a prediction compared with a publication, as a verdict, a CRPS and a probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.backtest.predictions import NotComputable, Prediction
from sim.scenario.cases import BOUNDS, Case, Guess, PlacedCase, Role
from sim.scenario.predictors import RunPredictor
from sim.scenario.readings import Evidence, RunReading
from sim.statistics.distances import crps, crps_uniform

INSIDE, OUTSIDE, NOT_COMPUTABLE = "inside", "outside", "not computable"
PRIOR, CONDITIONED = "prior", "conditioned"
"""Ensembles that a case is predicted by: of all declared ranges, and of kept simulations."""
ScoredRole: TypeAlias = Role | Literal["evidence"]
ROLES: tuple[ScoredRole, ...] = ("calibration", "evidence", "known", "held-out")
"""Roles of figures: as their cases say, or evidence, by which simulations were kept."""
NO_FLOOR = "{} is not above zero, and the case states no floor"
_TIMES = ("at", "since", "until", "take", "is_relative_to_start")
_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Quality:
    """Scores of one case; NaN where there is none.

    Attributes
    ----------
    crps
        Of log10 of the figure; a sure prediction that is wrong by a factor of 2 scores 0.3. Of
        figures alone.
    crps_guess
        The same of the guess.
    log10_width
        log10 of the upper over the lower end of the predicted interval; 0 for a point. Of figures
        alone.
    probability
        That the model gives to the bound being kept. Of bounds alone.
    brier, brier_guess
        Brier score of that probability, and of the one that the guess gives: its squared distance
        from 1 (Brier 1950, for two outcomes, without the factor 2).
    why_not
        Why a figure has no CRPS; empty otherwise.
    """

    crps: float = math.nan
    crps_guess: float = math.nan
    log10_width: float = math.nan
    probability: float = math.nan
    brier: float = math.nan
    brier_guess: float = math.nan
    why_not: str = ""


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
        common, ``outside`` where they have none, else ``not computable``.
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

    With one simulation there is no interval, and the median takes its place.

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
    found = rate(placed.case, prediction)
    # A figure below the floor becomes the floor, predicted or published.
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


def rate(case: Case, prediction: Prediction) -> Quality:
    """Score a prediction: a bound by its probability, a figure by its CRPS."""
    published, guess = case.published, case.guess
    if published.relation in BOUNDS:
        low, high = published.interval
        is_kept = (prediction.values >= low) & (prediction.values <= high)
        probability = float(is_kept.mean())
        of_guess = math.nan if guess is None else (1 - share_within(guess, low, high)) ** 2
        return Quality(probability=probability, brier=(1 - probability) ** 2, brier_guess=of_guess)
    floor = 0.0 if case.floor is None else case.floor
    observed = max(published.value, floor)
    if observed <= 0:
        return Quality(why_not=NO_FLOOR.format("the published figure"))
    found = Quality()
    if guess is not None:
        ends = math.log10(guess.low), math.log10(guess.high)
        found = replace(found, crps_guess=crps_uniform(*ends, math.log10(observed)))
    values = np.maximum(prediction.values, floor)
    if (values <= 0).any() and guess is not None:
        # A few of many draws may be zero without whoever wrote the case expecting it.
        floor = min(guess.low, float(values[values > 0].min(initial=guess.low)))
        values = np.maximum(values, floor)
    if (values <= 0).any():
        return replace(found, why_not=NO_FLOOR.format("a predicted number"))
    low, high = (max(end, floor) for end in (prediction.low, prediction.high))
    return replace(
        found,
        crps=crps(np.log10(values), math.log10(observed)),
        log10_width=math.log10(high / low) if low > 0 else math.nan,
    )


def share_within(guess: Guess, low: float, high: float) -> float:
    """Probability that an even guess on a logarithmic scale gives to a number between two ends."""
    ends: NDArray[np.float64] = np.clip([low, high], guess.low, guess.high)
    return float(np.log(ends[1] / ends[0]) / np.log(guess.high / guess.low))


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
