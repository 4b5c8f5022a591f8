"""How each case is predicted: calculated, or from the members of an ensemble.

In: a case, and the numbers that its runs gave. Out: one prediction, or why there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.backtest.calculations import predict_names, predict_national
from sim.backtest.counts import why_no_threshold
from sim.backtest.exposures import predict_exposure
from sim.backtest.overmatches import predict_overmatch
from sim.backtest.prediction import (
    NotComputable,
    Prediction,
    multiplied,
    of_ensemble,
)
from sim.backtest.refusals import why_not_measured
from sim.backtest.runs import RunGroup
from sim.catalogue.choices import PRICED
from sim.experiment.draws import Draws
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    NoPredictor,
    OvermatchPredictor,
    RunPredictor,
)


def calculate(placed: PlacedCase) -> Prediction | NotComputable | None:
    """Prediction of a case that needs no run; None for one that does."""
    found = _calculate(placed)
    return None if found is None else _in_unit(placed, found)


def _calculate(placed: PlacedCase) -> Prediction | NotComputable | None:
    match placed.case.predictor:
        case NationalPredictor() as predictor:
            return predict_national(placed, predictor)
        case NamesPredictor() as predictor:
            return predict_names(placed, predictor)
        case ExposurePredictor() as predictor:
            return predict_exposure(placed, predictor)
        case OvermatchPredictor() as predictor:
            return predict_overmatch(placed, predictor)
        case NoPredictor(why=why):
            return NotComputable(why)
    return None


def prediction_over(
    placed: PlacedCase, group: RunGroup, numbers: Sequence[NDArray[np.float64]], draws: Draws
) -> Prediction | NotComputable:
    """Prediction of a case from the members of an ensemble.

    Parameters
    ----------
    numbers
        By member: one number.
    """
    predictor = placed.case.predictor
    assert isinstance(predictor, RunPredictor)
    if why := _why_not(predictor, group):
        return NotComputable(why)
    spans = f"chance and {len(draws.unknowns)} uncertain inputs, in {draws.n} simulations"
    if predictor.measure in PRICED:
        spans += ", and prices"
    return _in_unit(placed, of_ensemble(numbers, spans, "what the model leaves out"))


def _in_unit(placed: PlacedCase, found: Prediction | NotComputable) -> Prediction | NotComputable:
    """Return the prediction in the unit of the published figure."""
    times = placed.case.times
    if times is None or isinstance(found, NotComputable):
        return found
    return multiplied(found, times.ends)


def _why_not(predictor: RunPredictor, group: RunGroup) -> str:
    """Why a run cannot say what a case asks; empty where it can."""
    times = predictor.at, predictor.since, predictor.until
    is_timed = any(time is not None for time in times)
    return why_not_measured(predictor, group.resolved) or why_no_threshold(
        predictor.businesses, group.resolved, is_timed=is_timed
    )
