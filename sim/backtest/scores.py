"""Predictions against publications: inside, outside, or not computable; and by how much.

In: cases and how many replicates. Out: one score per case, counts by role, rankings. Nothing is
tuned: parameters are read and scores are returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.backtest.calculations import (
    predict_names,
    predict_national,
)
from sim.backtest.exposures import predict_exposure
from sim.backtest.prediction import NotComputable, Prediction, of_replicates
from sim.backtest.rankings import RankingScore, score_rankings
from sim.backtest.readings import why_no_threshold
from sim.backtest.runs import Reading, RunGroup, group_runs
from sim.backtest.tallies import Tally, tallies_of
from sim.backtest.verdicts import Score, score
from sim.catalogue.choices import PRICED
from sim.engine.warm_up import warm_up
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Executor, Failure, Key
from sim.results.manifest import list_assumptions
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    NoPredictor,
    RunPredictor,
)

N_REPLICATES = 20
"""Replicates of each scenario, unless said otherwise."""


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
        """Counts and means by role, then by subject and role."""
        return tallies_of(self.scores)

    @property
    def rankings(self) -> tuple[RankingScore, ...]:
        """Rankings all of whose cases were scored."""
        files = {id(score.placed.file): score.placed.file for score in self.scores}
        return score_rankings(list(files.values()), self.scores)


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
        With every case that asks for what cannot be, and every list and table that cannot be read,
        before anything is simulated.
    DataError
        If lists and tables that cannot be read are all there is to say.
    """
    predictions: dict[str, Prediction | NotComputable] = {}
    problems: list[Problem] = []
    refusal: type[ProblemsError] = DataError
    for each in placed:
        try:
            found = _calculate(each)
        except ProblemsError as error:
            problems += error.problems
            refusal = refusal if isinstance(error, DataError) else ScenarioError
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
        refusal = ScenarioError
    if problems:
        raise refusal(problems)
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
            return predict_names(placed, predictor)
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
    times = predictor.at, predictor.since, predictor.until
    is_timed = any(time is not None for time in times)
    if why := why_no_threshold(predictor.businesses, group.resolved, is_timed=is_timed):
        return NotComputable(why)
    n_assumptions = len(list_assumptions(group.resolved))
    spans = f"luck of {len(draws)} replicates"
    left_out = f"the ranges of the scenario's {n_assumptions} assumptions"
    if predictor.measure in PRICED:
        spans += f" and {draws[0].size} draws of the prices in each"
        left_out += " that are not prices"
    return of_replicates(draws, spans, left_out)
