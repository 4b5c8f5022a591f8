"""How good one prediction was: CRPS of the logarithm for figures, probabilities for bounds.

In: a case and its prediction. Out: its scores, beside those of a guess that is spread evenly on a
logarithmic scale, and of persistence. Nothing is averaged here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.backtest.prediction import Prediction
from sim.scenario.cases import BOUNDS, Case, Guess
from sim.statistics.scores import brier, crps, crps_parts, crps_uniform

NO_FLOOR = "{} is not above zero, and the case states no floor"


@dataclass(frozen=True)
class Quality:
    """Scores of one case; NaN where there is none.

    Attributes
    ----------
    crps
        Of log10 of the figure; 0.3 is as far off as a sure prediction that is wrong by a factor
        of 2. Of figures alone.
    crps_spread, crps_over, crps_under
        Its parts, which sum to it: the width of the prediction, and its median lying too high or
        too low.
    crps_guess, crps_persistence
        The same of the guess, and of persistence where there is a figure before.
    log10_width
        log10 of the upper over the lower end of the predicted interval; 0 for a point. Of figures
        alone.
    probability
        That the model gives to the bound being kept. Of bounds alone.
    brier, brier_guess
        Brier score of that probability, and of the one that the guess gives.
    why_not
        Why a figure has no CRPS; empty otherwise.
    """

    crps: float = math.nan
    crps_spread: float = math.nan
    crps_over: float = math.nan
    crps_under: float = math.nan
    crps_guess: float = math.nan
    crps_persistence: float = math.nan
    log10_width: float = math.nan
    probability: float = math.nan
    brier: float = math.nan
    brier_guess: float = math.nan
    why_not: str = ""


def quality(
    case: Case, prediction: Prediction, persisting: NDArray[np.float64] | None = None
) -> Quality:
    """Score a prediction; a case with a rank has no score of its own.

    Parameters
    ----------
    persisting
        What `persistence` predicts, in log10; None where there is no figure before.
    """
    published = case.published
    if published.relation in BOUNDS:
        low, high = published.interval
        probability = prediction.share((prediction.values >= low) & (prediction.values <= high))
        of_guess = math.nan if case.guess is None else brier(share_within(case.guess, low, high))
        return Quality(probability=probability, brier=brier(probability), brier_guess=of_guess)
    if published.relation == "rank":
        return Quality()
    return _of_figure(case, prediction, persisting)


def _of_figure(
    case: Case, prediction: Prediction, persisting: NDArray[np.float64] | None
) -> Quality:
    floor = 0.0 if case.floor is None else case.floor
    observed = max(case.published.value, floor)
    if observed <= 0:
        return Quality(why_not=NO_FLOOR.format("the published figure"))
    found = Quality()
    if case.guess is not None:
        ends = math.log10(case.guess.low), math.log10(case.guess.high)
        found = replace(found, crps_guess=crps_uniform(*ends, math.log10(observed)))
    if persisting is not None:
        found = replace(found, crps_persistence=crps(persisting, math.log10(observed)))
    values = np.maximum(prediction.values, floor)
    if (values <= 0).any() and case.guess is not None:
        # Of many draws some may come to nothing, which whoever wrote the case need not foresee.
        floor = min(case.guess.low, float(values[values > 0].min(initial=case.guess.low)))
        values = np.maximum(values, floor)
    if (values <= 0).any():
        return replace(found, why_not=NO_FLOOR.format("a predicted number"))
    low, high = (max(end, floor) for end in (prediction.low, prediction.high))
    parts = crps_parts(np.log10(values), math.log10(observed))
    return replace(
        found,
        crps=crps(np.log10(values), math.log10(observed)),
        crps_spread=parts.spread,
        crps_over=parts.over,
        crps_under=parts.under,
        log10_width=math.log10(high / low) if low > 0 else math.nan,
    )


def share_within(guess: Guess, low: float, high: float) -> float:
    """Probability that an even guess on a logarithmic scale gives to a number between two ends."""
    ends: NDArray[np.float64] = np.clip([low, high], guess.low, guess.high)
    return float(np.log(ends[1] / ends[0]) / np.log(guess.high / guess.low))
