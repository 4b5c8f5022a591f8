"""Predictions against publications: inside, outside, or not computable; and by how much.

In: cases and how many replicates. Out: one score per case, counts by role, rankings. Nothing is
tuned: parameters are read and scores are returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.backtest.prediction import NotComputable, Prediction
from sim.backtest.predictors import calculate, prediction_of, prediction_over
from sim.backtest.rankings import RankingScore, score_rankings
from sim.backtest.runs import (
    BY_LUCK,
    OVER_DRAWS,
    WEIGHTED,
    Reading,
    RunGroup,
    draws_of,
    group_runs,
)
from sim.backtest.tallies import Tally, tallies_of
from sim.backtest.verdicts import Score, score
from sim.backtest.weights import Weighted, weigh
from sim.engine.warm_up import warm_up
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.experiment.draws import Draws
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Executor, Failure, Key
from sim.experiment.interrupts import pass_on_interrupt
from sim.experiment.weighted_draws import WeightedDraws
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import RunPredictor

N_REPLICATES = 20
"""Replicates of each scenario, unless said otherwise."""
N_DRAWS = 64
"""Joint draws of all that is not known of each, unless said otherwise."""


LUCK, RANGES, CALIBRATED = "luck", "ranges", "calibrated"
"""What a prediction spans: replicates of the scenario as given; joint draws of all that is not
known from its ranges; those draws that a calibration weighed."""
WHICH = {LUCK: BY_LUCK, RANGES: OVER_DRAWS, CALIBRATED: WEIGHTED}
"""Runs that each is of, as in the last part of a key."""


@dataclass(frozen=True, eq=False)
class Band:
    """Scores of one kind of prediction.

    Attributes
    ----------
    name
        ``LUCK``, ``RANGES`` or ``CALIBRATED``.
    scores
        In the sequence of the cases; of ``CALIBRATED``, of those alone whose scenario has weighted
        draws.
    """

    name: str
    scores: tuple[Score, ...]

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Counts and means by role, then by subject and role."""
        return tallies_of(self.scores)

    def of(self, ids: frozenset[str]) -> Band:
        """Return the same of some cases."""
        kept = tuple(each for each in self.scores if each.placed.case.id in ids)
        return Band(self.name, kept)


@dataclass(frozen=True, eq=False)
class Backtest:
    """All scores.

    Attributes
    ----------
    scores
        In the sequence of the cases: of each case the last of ``bands`` that has it.
    bands
        By luck; where there are draws, over all ranges; where there are weighted ones, over these.
    groups
        Scenarios that were run.
    n_replicates
        Replicates of each, of the scenario as given.
    failures
        Runs without a result, by group, number and what they are of; their cases are not
        computable.
    n_draws
        Joint draws of all that is not known of each scenario, from its ranges.
    weighted
        Weighted draws, of each scenario that has some.
    """

    scores: tuple[Score, ...]
    bands: tuple[Band, ...]
    groups: tuple[RunGroup, ...]
    n_replicates: int
    failures: Mapping[Key, Failure]
    n_draws: int = 0
    weighted: tuple[Weighted, ...] = ()

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Counts and means by role, then by subject and role."""
        return tallies_of(self.scores)

    @property
    def by_luck(self) -> tuple[Score, ...]:
        """Scores over the replicates of the scenario as given."""
        return self.bands[0].scores

    @property
    def side_by_side(self) -> tuple[Band, ...]:
        """All bands, of the cases that each of them has."""
        ids = [frozenset(each.placed.case.id for each in band.scores) for band in self.bands]
        return tuple(band.of(frozenset.intersection(*ids)) for band in self.bands)

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
    tables: Sequence[WeightedDraws] = (),
) -> Backtest:
    """Predict and score cases.

    Parameters
    ----------
    n_replicates
        Replicates of each scenario as given.
    n_draws
        Joint draws of all that is not known of each scenario, each with its own luck, and picks of
        weighted ones; with 0 there are none, and shipped weighted draws are not taken.
    tables
        Weighted draws of some of the scenarios, in place of those that are shipped.
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
        If lists and tables that cannot be read, and weighted draws of other scenarios, are all
        there is to say.
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
    by_draws = draws_of(groups, n_draws)
    by_weight, weighted = weigh(groups, tables, n_draws or None, with_shipped=n_draws > 0)
    reading = Reading(tuple(groups), by_draws, by_weight)
    keys = _keys(reading, n_replicates)
    runs, failures = _run(reading, keys, executor, on_replicate, on_compile)
    predicted = {
        LUCK: dict(calculated),
        **({RANGES: dict(calculated)} if n_draws else {}),
        **({CALIBRATED: {}} if weighted else {}),
    }
    for row, group in enumerate(groups):
        of = {
            LUCK: None,
            RANGES: by_draws[row] if by_draws else None,
            CALIBRATED: by_weight[row],
        }
        for name in predicted:
            mine = [key for key in keys if key[0] == row and key[2] == WHICH[name]]
            if mine:
                predicted[name] |= _predict(group, of[name], mine, runs, failures)
    bands = tuple(
        Band(
            name,
            tuple(score(each, of[each.case.id]) for each in placed if each.case.id in of),
        )
        for name, of in predicted.items()
    )
    # What a run of the scenario says unasked; other weighted draws are scored beside.
    only_beside = {one.scenario for one in weighted if not one.is_taken}
    by_id = {
        each.placed.case.id: each
        for band in bands
        for each in band.scores
        if band.name != CALIBRATED or _scenario_named(each.placed) not in only_beside
    }
    scores = tuple(by_id[each.case.id] for each in placed)
    return Backtest(scores, bands, tuple(groups), n_replicates, failures, n_draws, weighted)


def _scenario_named(placed: PlacedCase) -> str:
    predictor = placed.case.predictor
    return predictor.scenario if isinstance(predictor, RunPredictor) else ""


def _predict(
    group: RunGroup,
    draws: Draws | None,
    keys: Sequence[Key],
    runs: Mapping[Key, Mapping[str, NDArray[np.float64]]],
    failures: Mapping[Key, Failure],
) -> dict[str, Prediction | NotComputable]:
    """Predictions of a group's cases from runs of one kind: replicates, or draws."""
    failed = [key for key in keys if key in failures]
    # A draw that fails is one in which nothing is known; a replicate is the scenario as given.
    if failed and (draws is None or len(failed) == len(keys)):
        kind = "replicate" if draws is None else "draw"
        why = NotComputable(f"{kind} {failed[0][1]} failed: {failures[failed[0]]}")
        return {each.case.id: why for each in group.cases}
    found: dict[str, Prediction | NotComputable] = {}
    unknown = np.array([np.nan])
    for each in group.cases:
        numbers = [unknown if key in failures else runs[key][each.case.id] for key in keys]
        found[each.case.id] = (
            prediction_of(each, group, numbers)
            if draws is None
            else prediction_over(each, group, numbers, draws)
        )
    return found


def _keys(reading: Reading, n_replicates: int) -> list[Key]:
    """Keys of all runs: of each group its replicates, then its draws, then its weighted ones."""
    keys: list[Key] = []
    for row in range(len(reading.groups)):
        keys += [(row, replicate, BY_LUCK) for replicate in range(n_replicates)]
        for draws, which in ((reading.draws, OVER_DRAWS), (reading.weighted, WEIGHTED)):
            mine = draws[row] if draws else None
            keys += [(row, draw, which) for draw in range(mine.n if mine else 0)]
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
        pass_on_interrupt()
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
