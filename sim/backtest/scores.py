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
from sim.backtest.prediction import NotComputable, Prediction, of_ensemble, of_replicates
from sim.backtest.rankings import RankingScore, score_rankings
from sim.backtest.readings import why_no_threshold
from sim.backtest.runs import (
    BY_LUCK,
    OVER_DRAWS,
    Reading,
    RunGroup,
    draws_of,
    group_runs,
)
from sim.backtest.tallies import Tally, tallies_of
from sim.backtest.verdicts import Score, score
from sim.catalogue.choices import PRICED
from sim.engine.warm_up import warm_up
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.experiment.draws import Draws
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
N_DRAWS = 64
"""Joint draws of all that is not known of each, unless said otherwise."""


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
        Replicates of each, of the scenario as given.
    failures
        Runs without a result, by group, number and whether it is a draw; their cases are not
        computable.
    n_draws
        Joint draws of all that is not known; the scores are over them where there are any.
    by_luck
        Scores over the replicates of the scenario as given, in the same sequence; none without
        draws, where ``scores`` are these.
    """

    scores: tuple[Score, ...]
    groups: tuple[RunGroup, ...]
    n_replicates: int
    failures: Mapping[Key, Failure]
    n_draws: int = 0
    by_luck: tuple[Score, ...] = ()

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Counts and means by role, then by subject and role."""
        return tallies_of(self.scores)

    @property
    def tallies_by_luck(self) -> tuple[Tally, ...]:
        """The same of luck alone; none without draws."""
        return tallies_of(self.by_luck) if self.by_luck else ()

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
    n_draws: int = 0,
) -> Backtest:
    """Predict and score cases.

    Parameters
    ----------
    n_replicates
        Replicates of each scenario as given.
    n_draws
        Joint draws of all that is not known of each scenario, each with its own luck; 0 for luck
        alone.
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
    by_draws = draws_of(groups, n_draws)
    keys = _keys(groups, n_replicates, by_draws)
    reading = Reading(tuple(groups), by_draws)
    runs, failures = _run(reading, keys, executor, on_replicate, on_compile)
    by_luck, over_draws = dict(predictions), dict(predictions)
    for row, group in enumerate(groups):
        mine = [key for key in keys if key[0] == row]
        failed = [key for key in mine if key in failures]
        for each in group.cases:
            read = {key: runs[key][each.case.id] for key in mine if key in runs}
            for which, into in ((BY_LUCK, by_luck), (OVER_DRAWS, over_draws)):
                numbers = [numbers for key, numbers in read.items() if key[2] == which]
                if failed:
                    why = f"replicate {failed[0][1]} failed: {failures[failed[0]]}"
                    into[each.case.id] = NotComputable(why)
                elif which == BY_LUCK:
                    into[each.case.id] = prediction_of(each, group, numbers)
                elif by_draws:
                    into[each.case.id] = prediction_over(each, group, numbers, by_draws[row])
    luck = tuple(score(each, by_luck[each.case.id]) for each in placed)
    if not n_draws:
        return Backtest(luck, tuple(groups), n_replicates, failures)
    scores = tuple(score(each, over_draws[each.case.id]) for each in placed)
    return Backtest(scores, tuple(groups), n_replicates, failures, n_draws, luck)


def _keys(groups: Sequence[RunGroup], n_replicates: int, draws: Sequence[Draws]) -> list[Key]:
    """Keys of all runs: of each group its replicates, then its draws."""
    keys: list[Key] = []
    for row in range(len(groups)):
        keys += [(row, replicate, BY_LUCK) for replicate in range(n_replicates)]
        keys += [(row, draw, OVER_DRAWS) for draw in range(draws[row].n if draws else 0)]
    return keys


def _run(
    reading: Reading,
    keys: Sequence[Key],
    executor: Executor | None,
    on_replicate: Callable[[int, int], None],
    on_compile: Callable[[], None],
) -> tuple[dict[Key, dict[str, NDArray[np.float64]]], dict[Key, Failure]]:
    """Simulate all runs; return what they gave by case, and what failed."""
    found: dict[Key, dict[str, NDArray[np.float64]]] = {}
    failures: dict[Key, Failure] = {}
    if keys:
        warm_up(on_compile)
    with executor or SerialExecutor() as working:
        for n_done, (key, result) in enumerate(working.run(reading, keys), 1):
            if isinstance(result, Failure):
                failures[key] = result
            else:
                found[key] = result
            on_replicate(n_done, len(keys))
    order = {key: row for row, key in enumerate(keys)}
    found = {key: found[key] for key in sorted(found, key=order.__getitem__)}
    return found, dict(sorted(failures.items()))


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
    if why := _why_not(predictor, group):
        return NotComputable(why)
    n_assumptions = len(list_assumptions(group.resolved))
    spans = f"luck of {len(draws)} replicates"
    left_out = f"the ranges of the scenario's {n_assumptions} assumptions"
    if predictor.measure in PRICED:
        spans += f" and {draws[0].size} draws of the prices in each"
        left_out += " that are not prices"
    return of_replicates(draws, spans, left_out)


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
    if predictor.measure in PRICED:
        spans += " and of the prices"
    return of_ensemble(numbers, draws.weight, spans, "what the model leaves out")


def _why_not(predictor: RunPredictor, group: RunGroup) -> str:
    """Why a run cannot say what a case asks; empty where it can."""
    times = predictor.at, predictor.since, predictor.until
    is_timed = any(time is not None for time in times)
    return why_no_threshold(predictor.businesses, group.resolved, is_timed=is_timed)
