"""Predictions against publications: inside, outside, or not computable; and by how much.

In: cases and how many replicates. Out: one score per case, and counts by role. Nothing is tuned:
parameters are read and scores are returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.backtest.calculations import (
    predict_exposure,
    predict_names,
    predict_national,
)
from sim.backtest.prediction import NotComputable, Prediction, of_replicates
from sim.backtest.runs import Reading, RunGroup, group_runs
from sim.catalogue.choices import PRICED
from sim.engine.warm_up import warm_up
from sim.errors import Problem, ProblemsError, ScenarioError
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Executor, Failure, Key
from sim.results.manifest import list_assumptions
from sim.scenario.cases import ROLES, PlacedCase
from sim.scenario.predictors import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    NoPredictor,
    RunPredictor,
)

INSIDE, OUTSIDE, NOT_COMPUTABLE = "inside", "outside", "not computable"
N_REPLICATES = 20
"""Replicates of each scenario, unless said otherwise."""


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
        common, ``outside`` where they have none, else ``not computable``.
    log10_error
        log10 of predicted median over published value; 0.3 is a factor of 2. NaN where the
        publication is a bound and the median keeps it, where nothing was predicted, and where a
        ratio says nothing because one of the two is not above zero.
    """

    placed: PlacedCase
    prediction: Prediction | NotComputable
    verdict: str
    log10_error: float


@dataclass(frozen=True)
class Tally:
    """Scores of one role.

    Attributes
    ----------
    role
        ``calibration`` or ``held-out``.
    n_cases, n_computable, n_inside
        How many there are, of them computable, of those inside.
    n_computable_bounds, n_inside_bounds
        The same of those whose publication is only a bound, which is easily kept.
    median_abs_log10_error
        Median of the absolute log errors that are known; NaN without any.
    n_errors
        How many are known.
    """

    role: str
    n_cases: int
    n_computable: int
    n_inside: int
    n_computable_bounds: int
    n_inside_bounds: int
    median_abs_log10_error: float
    n_errors: int


@dataclass(frozen=True, eq=False)
class Backtest:
    """All scores.

    Attributes
    ----------
    scores
        In the sequence of the cases.
    groups
        Scenarios that were run.
    n_replicates
        Replicates of each.
    failures
        Replicates without a result, by group and replicate; their cases are not computable.
    """

    scores: tuple[Score, ...]
    groups: tuple[RunGroup, ...]
    n_replicates: int
    failures: Mapping[Key, Failure]

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Counts by role."""
        return tuple(tally(role, self.scores) for role in ROLES)


def backtest(
    placed: Sequence[PlacedCase],
    n_replicates: int = N_REPLICATES,
    on_replicate: Callable[[int, int], None] = lambda n_done, n_total: None,
    executor: Executor | None = None,
    on_compile: Callable[[], None] = lambda: None,
) -> Backtest:
    """Predict and score cases.

    Parameters
    ----------
    n_replicates
        Replicates of each scenario.
    on_replicate
        Called with the number of replicates done, and of all.
    executor
        Where replicates are simulated; in this process when left out.
    on_compile
        Called before loops are compiled, where that was not done before.

    Raises
    ------
    ScenarioError
        With every case that asks for what cannot be, before anything is simulated.
    DataError
        If a table or list cannot be read.
    """
    predictions: dict[str, Prediction | NotComputable] = {}
    problems: list[Problem] = []
    for each in placed:
        try:
            found = _calculate(each)
        except ScenarioError as error:
            problems += error.problems
            continue
        if found is not None:
            predictions[each.case.id] = found
    groups: list[RunGroup] = []
    try:
        groups = group_runs(
            [each for each in placed if isinstance(each.case.predictor, RunPredictor)]
        )
    except ProblemsError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(problems)
    failures = _predict_runs(groups, n_replicates, executor, on_replicate, on_compile, predictions)
    scores = tuple(score(each, predictions[each.case.id]) for each in placed)
    return Backtest(scores, tuple(groups), n_replicates, failures)


def _predict_runs(
    groups: Sequence[RunGroup],
    n_replicates: int,
    executor: Executor | None,
    on_replicate: Callable[[int, int], None],
    on_compile: Callable[[], None],
    predictions: dict[str, Prediction | NotComputable],
) -> dict[Key, Failure]:
    """Simulate all groups, add the predictions of their cases, and return what failed."""
    keys: list[Key] = [
        (row, replicate) for row in range(len(groups)) for replicate in range(n_replicates)
    ]
    found: dict[Key, dict[str, NDArray[np.float64]]] = {}
    failures: dict[Key, Failure] = {}
    if keys:
        warm_up(on_compile)
    with executor or SerialExecutor() as working:
        for n_done, (key, result) in enumerate(working.run(Reading(tuple(groups)), keys), 1):
            if isinstance(result, Failure):
                failures[key] = result
            else:
                found[key] = result
            on_replicate(n_done, len(keys))
    for row, group in enumerate(groups):
        mine = [(row, replicate) for replicate in range(n_replicates)]
        failed = [key for key in mine if key in failures]
        for each in group.cases:
            predictions[each.case.id] = (
                NotComputable(f"replicate {failed[0][1]} failed: {failures[failed[0]]}")
                if failed
                else prediction_of(each, group, [found[key][each.case.id] for key in mine])
            )
    return dict(sorted(failures.items()))


def _calculate(placed: PlacedCase) -> Prediction | NotComputable | None:
    """Prediction of a case that needs no run; None for one that does."""
    match placed.case.predictor:
        case NationalPredictor() as predictor:
            return predict_national(placed, predictor)
        case NamesPredictor() as predictor:
            return predict_names(predictor)
        case ExposurePredictor() as predictor:
            return predict_exposure(placed, predictor)
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
    n_assumptions = len(list_assumptions(group.resolved))
    spans = f"luck of {len(draws)} replicates"
    left_out = f"the ranges of the scenario's {n_assumptions} assumptions"
    if predictor.measure in PRICED:
        spans += f" and {draws[0].size} draws of the prices in each"
        left_out += " that are not prices"
    return of_replicates(draws, spans, left_out)


def score(placed: PlacedCase, prediction: Prediction | NotComputable) -> Score:
    """Hold a prediction against what was published.

    With one replicate there is no interval, and the median stands for it.
    """
    if isinstance(prediction, NotComputable):
        return Score(placed, prediction, NOT_COMPUTABLE, math.nan)
    published = placed.case.published
    allowed_low, allowed_high = published.interval
    low = prediction.median if math.isnan(prediction.low) else prediction.low
    high = prediction.median if math.isnan(prediction.high) else prediction.high
    is_inside = low <= allowed_high and allowed_low <= high
    keeps_bound = published.relation != "equal" and (
        allowed_low <= prediction.median <= allowed_high
    )
    error = math.nan
    if prediction.median > 0 and published.value > 0 and not keeps_bound:
        error = math.log10(prediction.median / published.value)
    return Score(placed, prediction, INSIDE if is_inside else OUTSIDE, error)


def tally(role: str, scores: Sequence[Score]) -> Tally:
    """Count the scores of one role."""
    mine = [each for each in scores if each.placed.case.role == role]
    errors = [abs(each.log10_error) for each in mine if not math.isnan(each.log10_error)]
    computable = [each for each in mine if each.verdict != NOT_COMPUTABLE]
    bounds = [each for each in computable if each.placed.case.published.relation != "equal"]
    return Tally(
        role,
        len(mine),
        len(computable),
        sum(each.verdict == INSIDE for each in computable),
        len(bounds),
        sum(each.verdict == INSIDE for each in bounds),
        float(np.median(errors)) if errors else math.nan,
        len(errors),
    )
