"""Predictions against publications: inside, outside, or not computable; and by how much.

Nothing is tuned: parameters are read and scores are returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.backtest.prediction import NotComputable, Prediction
from sim.backtest.predictors import calculate, prediction_over
from sim.backtest.rankings import RankingScore, score_rankings
from sim.backtest.runs import Reading, RunGroup, draws_of, group_runs
from sim.backtest.verdicts import CONDITIONED, PRIOR, Score, conditions, score
from sim.engine.warm_up import warm_up
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.experiment.draws import Draws
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Executor, Failure, Key
from sim.experiment.interrupts import pass_on_interrupt
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import RunPredictor

N_MEMBERS = 64
"""Members of each ensemble, unless said otherwise."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """All scores.

    Attributes
    ----------
    scores
        In the sequence of the cases, as ``overblock run`` would predict them: over kept simulations
        where the scenario has them, else over all declared ranges.
    prior
        The same cases, all over all declared ranges.
    groups
        Scenarios that were run.
    n_members
        Members of each ensemble.
    failures
        Simulations without a result, by group, member and ensemble.
    """

    scores: tuple[Score, ...]
    prior: tuple[Score, ...]
    groups: tuple[RunGroup, ...]
    n_members: int
    failures: Mapping[Key, Failure]

    @property
    def rankings(self) -> tuple[RankingScore, ...]:
        """Rankings all of whose cases were scored."""
        files = {id(score.placed.file): score.placed.file for score in self.scores}
        return score_rankings(list(files.values()), self.scores)


def backtest(
    placed: Sequence[PlacedCase],
    n_members: int = N_MEMBERS,
    on_run: Callable[[int, int], None] = lambda n_done, n_total: None,
    executor: Executor | None = None,
    on_compile: Callable[[], None] = lambda: None,
) -> Backtest:
    """Predict and score cases.

    Parameters
    ----------
    n_members
        Members of each ensemble.
    on_run
        Called with the number of simulations done, and of all.
    executor
        Where they are simulated; in this process when left out.
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
    calculated: dict[str, Prediction | NotComputable] = {}
    problems: list[Problem] = []
    refusal: type[ProblemsError] = DataError
    for each in placed:
        try:
            found = calculate(each)
        except ProblemsError as error:
            problems += error.problems
            refusal = refusal if isinstance(error, DataError) else ScenarioError
            continue
        if found is not None:
            calculated[each.case.id] = found
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
    draws = draws_of(groups, n_members)
    keys: list[Key] = [
        (row, member, name)
        for row in range(len(groups))
        for name, of in draws.items()
        if (mine := of[row]) is not None
        for member in range(mine.n)
    ]
    runs, failures = _run(Reading(tuple(groups), draws), keys, executor, on_run, on_compile)
    predicted: dict[str, dict[str, Prediction | NotComputable]] = {
        PRIOR: dict(calculated),
        CONDITIONED: {},
    }
    for row, group in enumerate(groups):
        for name, of in draws.items():
            if (mine := of[row]) is not None:
                own = [key for key in keys if (key[0], key[2]) == (row, name)]
                predicted[name] |= _predict(group, mine, own, runs, failures)
    evidence = _evidence(placed, groups)

    def scored(each: PlacedCase, band: str) -> Score:
        found, name = predicted[band][each.case.id], each.case.id
        return score(each, found, band, is_evidence=name in evidence)

    prior = tuple(scored(each, PRIOR) for each in placed)
    scores = tuple(
        scored(one.placed, CONDITIONED) if one.placed.case.id in predicted[CONDITIONED] else one
        for one in prior
    )
    return Backtest(scores, prior, tuple(groups), n_members, failures)


def _evidence(placed: Sequence[PlacedCase], groups: Sequence[RunGroup]) -> set[str]:
    """Cases that show a figure by which simulations of their scenario are kept."""
    found = {
        each.case.id
        for group in groups
        if group.kept is not None
        for each in group.cases
        if conditions(each.case, group.resolved.scenario.evidence or ())
    }
    shown = {
        (each.case.subject, each.case.counts_as)
        for each in placed
        if each.case.id in found and each.case.counts_as
    }
    return found | {
        each.case.id for each in placed if (each.case.subject, each.case.counts_as) in shown
    }


def _predict(
    group: RunGroup,
    draws: Draws,
    keys: Sequence[Key],
    runs: Mapping[Key, Mapping[str, NDArray[np.float64]]],
    failures: Mapping[Key, Failure],
) -> dict[str, Prediction | NotComputable]:
    """Predictions of a group's cases from the members of an ensemble."""
    failed = [key for key in keys if key in failures]
    if len(failed) == len(keys):
        why = NotComputable(f"simulation {failed[0][1]} failed: {failures[failed[0]]}")
        return {each.case.id: why for each in group.cases}
    unknown = np.array([np.nan])
    return {
        each.case.id: prediction_over(
            each,
            group,
            [unknown if key in failures else runs[key][each.case.id] for key in keys],
            draws,
        )
        for each in group.cases
    }


def _run(
    reading: Reading,
    keys: Sequence[Key],
    executor: Executor | None,
    on_run: Callable[[int, int], None],
    on_compile: Callable[[], None],
) -> tuple[dict[Key, dict[str, NDArray[np.float64]]], dict[Key, Failure]]:
    """Simulate all runs; return what they gave by case, and what failed."""
    found: dict[Key, dict[str, NDArray[np.float64]]] = {}
    failures: dict[Key, Failure] = {}
    if keys:
        warm_up(on_compile)
        pass_on_interrupt()
    with executor or SerialExecutor() as working:
        for n_done, (key, result) in enumerate(working.run(reading, keys), 1):
            if isinstance(result, Failure):
                failures[key] = result
            else:
                found[key] = result
            on_run(n_done, len(keys))
    order = {key: row for row, key in enumerate(keys)}
    found = {key: found[key] for key in sorted(found, key=order.__getitem__)}
    return found, dict(sorted(failures.items()))
