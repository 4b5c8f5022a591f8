"""How each case is predicted: calculated, from replicates, or over joint draws.

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
    of_replicates,
)
from sim.backtest.refusals import why_not_measured
from sim.backtest.runs import RunGroup
from sim.catalogue.choices import PRICED
from sim.experiment.draws import Draws
from sim.results.manifest import list_assumptions
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    NoPredictor,
    OvermatchPredictor,
    RunPredictor,
)
from sim.statistics.ensembles import effective_size


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


def prediction_of(
    placed: PlacedCase, group: RunGroup, draws: Sequence[NDArray[np.float64]]
) -> Prediction | NotComputable:
    """Prediction of a case from its runs.

    Parameters
    ----------
    draws
        By replicate: one number, or draws of it for money.
    """
    predictor = placed.case.predictor
    assert isinstance(predictor, RunPredictor)
    if why := _why_not(predictor, group):
        return NotComputable(why)
    n_assumptions = len(list_assumptions(group.resolved))
    spans = f"luck of {len(draws)} replicates"
    left_out = f"the ranges of the scenario's {n_assumptions} assumptions"
    if predictor.measure in PRICED:
        spans += f" and {draws[0].size} draws of the prices in each"
        left_out += " that are not prices"
    return _in_unit(placed, of_replicates(draws, spans, left_out))


def prediction_over(
    placed: PlacedCase, group: RunGroup, numbers: Sequence[NDArray[np.float64]], draws: Draws
) -> Prediction | NotComputable:
    """Prediction of a case from joint draws of all that is not known of its scenario.

    Parameters
    ----------
    numbers
        By draw: one number.
    """
    predictor = placed.case.predictor
    assert isinstance(predictor, RunPredictor)
    if why := _why_not(predictor, group):
        return NotComputable(why)
    spans = f"luck and {len(draws.unknowns)} unknowns, in {draws.n} joint draws"
    if draws.origin:
        size = effective_size(draws.weight)
        spans += f", weighed by the calibration figures to say as much as {size:.0f}"
    if predictor.measure in PRICED:
        spans += " and of the prices"
    found = of_ensemble(numbers, draws.weight, spans, "what the model leaves out")
    return _in_unit(placed, found)


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
