"""Scores of published figures: runs that cases share, their predictions, and their verdicts.

A verdict comes with a CRPS and a probability. No parameter is set by a score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.backtest.predictions import (
    NotComputable,
    Prediction,
    predict_by_ensemble,
    predict_without_run,
    problems_of,
    read_run,
)
from sim.engine.warm_up import warm_up
from sim.errors import DataError, Mistakes, Problem, ProblemsError, ScenarioError
from sim.experiment.draws import Draws, Kept, lay_draws, shipped_kept
from sim.experiment.executors.task import NOBODY, Executor, Failure, Key, SerialExecutor, Watch
from sim.experiment.interrupts import pass_on_interrupt
from sim.scenario.cases import BOUNDS, Case, Guess, PlacedCase, Role, RunPredictor
from sim.scenario.load import load_scenario
from sim.scenario.readings import Evidence, RunReading
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import own_variant
from sim.statistics.designs import crps, crps_uniform

INSIDE, OUTSIDE, NOT_COMPUTABLE = "inside", "outside", "not computable"
PRIOR, CONDITIONED = "prior", "conditioned"
"""Ensembles that a case is predicted by: of all declared ranges, and of kept simulations."""
ScoredRole: TypeAlias = Role | Literal["evidence"]
ROLES: tuple[ScoredRole, ...] = ("calibration", "evidence", "known", "held-out")
"""Roles of figures: as their cases say, or evidence, by which simulations were kept."""
NO_FLOOR = "{} is not above zero, and the case states no floor"
_TIMES = ("at", "since", "until", "take", "is_relative_to_start")


@dataclass(frozen=True)
class Quality:
    """Scores of one case; NaN where there is none."""

    crps: float = math.nan
    """Score of log10 of the figure; a sure prediction that is wrong by a factor of 2 scores 0.3. Of
    figures alone."""
    crps_guess: float = math.nan
    """The same of the guess."""
    log10_width: float = math.nan
    """log10 of the upper over the lower end of the predicted interval; 0 for a point. Of figures
    alone."""
    probability: float = math.nan
    """That the model gives to the bound being kept. Of bounds alone."""
    brier: float = math.nan
    brier_guess: float = math.nan
    """Brier score of that probability, and of the one that the guess gives: its squared distance
    from 1 (Brier 1950, for two outcomes, without the factor 2)."""
    why_not: str = ""
    """Why a figure has no CRPS; empty otherwise."""


@dataclass(frozen=True)
class Score:
    """One case, scored."""

    placed: PlacedCase
    """The case."""
    prediction: Prediction | NotComputable
    """Prediction, or the reason why there is none."""
    role: ScoredRole
    """Role of the figure, one of ``ROLES``; the same for every ensemble that predicts the case."""
    band: str
    """Ensemble that predicts it, ``PRIOR`` or ``CONDITIONED``; a calculation is ``PRIOR``."""
    verdict: str
    """``inside`` where the predicted interval and what the publication allows have a number in
    common, ``outside`` where they have none, else ``not computable``."""
    log10_error: float
    """log10 of predicted median over published value; 0.3 is a factor of 2. NaN where the
    publication is a bound and the median keeps it, where nothing was predicted, and where a ratio
    says nothing because one of the two is not above zero."""
    quality: Quality
    """CRPS, probability and what goes with them."""


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
        or (_what(piece) == _what(reading) and _overlap(piece, reading))
        for piece in pieces
    )


def _what(reading: RunReading) -> dict[str, object]:
    return {key: getattr(reading, key) for key in RunReading.model_fields if key not in _TIMES}


def _overlap(one: RunReading, other: RunReading) -> bool:
    pairs = ((one, other), (other, one))
    spans = ((a.at or a.since, b.at or b.until) for a, b in pairs)
    return all(None in (first, last) or first <= last for first, last in spans)  # type: ignore[operator]


N_MEMBERS = 64
"""Members of each ensemble, by default."""
MAX_RUNS = 100
"""Distinct scenarios of one scoring: a case file may be a stranger's."""


@dataclass(frozen=True, eq=False)
class RunGroup:
    """One scenario and the cases that are read off it."""

    name: str
    """Scenario as the cases name it."""
    resolved: Resolved
    """Scenario and tables."""
    cases: tuple[PlacedCase, ...]
    """What is read."""

    @property
    def root_seed(self) -> int:
        """Root of all random numbers: the scenario's own, 0 where it has none."""
        return self.resolved.scenario.root_seed or 0

    @property
    def kept(self) -> Kept | None:
        """Shipped simulations that agree with the record; None where there are none of this."""
        table = shipped_kept(self.resolved)
        is_other = table is not None and table.why_not(self.resolved, self.root_seed)
        return None if is_other else table


def group_runs(placed: Sequence[PlacedCase]) -> list[RunGroup]:
    """Group cases by scenario and overrides, in the sequence they come.

    A run ends where the last of its cases is read, if all of them say a time.

    Raises
    ------
    ScenarioError
        With every scenario that cannot be run, and every curve, event, measure and time it has not.
    """
    grouped: dict[tuple[str, tuple[str, ...]], list[PlacedCase]] = {}
    for each in placed:
        predictor = _predictor(each)
        key = _find(each, predictor.scenario), tuple(predictor.overrides)
        grouped.setdefault(key, []).append(each)
    problems: list[Problem] = []
    groups = []
    if len(grouped) > MAX_RUNS:
        message = f"expected at most {MAX_RUNS} different scenarios and overrides, got more"
        raise ScenarioError([placed[-1].problem("predictor.scenario", message)])
    for (name, own), members in grouped.items():
        try:
            resolved = resolve(load_scenario(name, own))
        except ProblemsError as error:
            about = members[0].problem("predictor.scenario", "expected a scenario that can be run")
            problems += [about, *error.problems]
            continue
        found = [
            problem
            for each in members
            for problem in problems_of(_predictor(each), resolved, partial(_problem, each))
        ]
        problems += found
        # What comes after the last reading moves nothing before it; None is read at the end.
        end = resolved.scenario.end
        last = max(_predictor(each).is_read_by or end for each in members)
        if not found and last < end:
            resolved = resolve(load_scenario(name, [*own, f"end={last.isoformat()}"]))
        groups.append(RunGroup(_predictor(members[0]).scenario, resolved, tuple(members)))
    ScenarioError.raise_any(problems)
    return groups


@dataclass(frozen=True)
class Reading:
    """Reading cases off simulations, as work that any process can do.

    A key is (group, member, ``PRIOR`` or ``CONDITIONED``).
    """

    groups: tuple[RunGroup, ...]
    draws: Mapping[tuple[int, str], Draws]
    """Those of each group and ensemble, by row and name."""

    def begin(self) -> Callable[[Key], dict[str, float]]:
        """Return what reads one member of one group."""

        def work(key: Key) -> dict[str, float]:
            row, member = int(key[0]), int(key[1])
            group, draws = self.groups[row], self.draws[row, str(key[2])]
            label = group.resolved.scenario.strategy.id
            changed = draws.point(member, label).change(group.resolved)
            readings = {each.case.id: _predictor(each) for each in group.cases}
            return read_run(changed, draws.root_seed, int(draws.number[member]), readings)

        return work


def draws_of(groups: Sequence[RunGroup], n_members: int) -> dict[tuple[int, str], Draws]:
    """Draws by row of a group and ensemble; the first of those that are kept of a scenario."""
    found = {}
    for row, group in enumerate(groups):
        variants = [own_variant(group.resolved)]
        found[row, PRIOR] = lay_draws(variants, range(n_members), group.root_seed)
        if (table := group.kept) is not None:
            found[row, CONDITIONED] = lay_draws(variants, table.draw[:n_members], table.root_seed)
    return found


def _problem(placed: PlacedCase, key: str, message: str) -> Problem:
    return placed.problem(f"predictor.{key}", message)


def _predictor(placed: PlacedCase) -> RunPredictor:
    predictor = placed.case.predictor
    assert isinstance(predictor, RunPredictor)
    return predictor


def _find(placed: PlacedCase, name: str) -> str:
    """Shipped scenario by name, or the path of a file beside the case file."""
    return str(placed.file.path.parent / name) if name.endswith((".yaml", ".yml")) else name


@dataclass(frozen=True, eq=False)
class Backtest:
    """All scores."""

    scores: tuple[Score, ...]
    """In the sequence of the cases, as ``overblock run`` would predict them: over kept simulations
    where the scenario has them, else over all declared ranges."""
    prior: tuple[Score, ...]
    """The same cases, all over all declared ranges."""
    groups: tuple[RunGroup, ...]
    """Scenarios that were run."""
    n_members: int
    """Members of each ensemble."""
    failures: Mapping[Key, Failure]
    """Simulations without a result, by group, member and ensemble."""


def backtest(
    placed: Sequence[PlacedCase],
    n_members: int = N_MEMBERS,
    executor: Executor | None = None,
    watch: Watch = NOBODY,
) -> Backtest:
    """Predict and score cases.

    Parameters
    ----------
    n_members
        Members of each ensemble.
    executor
        Where they are simulated; in this process by default.

    Raises
    ------
    ScenarioError
        With every case that asks for what cannot be, and every list and table that cannot be read,
        before anything is simulated.
    DataError
        If lists and tables that cannot be read are all there is to say.
    """
    calculated: dict[str, Prediction | NotComputable] = {}
    mistakes = Mistakes(DataError)
    for each in placed:
        with mistakes.of_part():
            if (found := predict_without_run(each)) is not None:
                calculated[each.case.id] = found
    groups: list[RunGroup] = []
    with mistakes.of_part():
        groups = group_runs(
            [each for each in placed if isinstance(each.case.predictor, RunPredictor)]
        )
    mistakes.raise_any()
    draws = draws_of(groups, n_members)
    keys_of: dict[tuple[int, str], list[Key]] = {
        (row, name): [(row, member, name) for member in range(of.n)]
        for (row, name), of in draws.items()
    }
    keys = [key for own in keys_of.values() for key in own]
    if keys:
        warm_up(watch.on_compile)
        pass_on_interrupt()
    runs: dict[Key, Mapping[str, float]] = {}
    failures: dict[Key, Failure] = {}
    with executor or SerialExecutor() as working:
        results = working.run(Reading(tuple(groups), draws), keys)
        for n_done, (key, result) in enumerate(results, 1):
            if isinstance(result, Failure):
                failures[key] = result
            else:
                runs[key] = result
            watch.on_progress(n_done, len(keys))
    predicted: dict[str, dict[str, Prediction | NotComputable]] = {
        PRIOR: dict(calculated),
        CONDITIONED: {},
    }
    for (row, name), own in keys_of.items():
        predicted[name] |= _predict(groups[row], draws[row, name], own, runs, failures)
    evidence = _evidence(placed, groups)

    def scored(each: PlacedCase, band: str) -> Score:
        found, name = predicted[band][each.case.id], each.case.id
        return score(each, found, band, is_evidence=name in evidence)

    prior = tuple(scored(each, PRIOR) for each in placed)
    scores = tuple(
        scored(one.placed, CONDITIONED) if one.placed.case.id in predicted[CONDITIONED] else one
        for one in prior
    )
    return Backtest(scores, prior, tuple(groups), n_members, dict(sorted(failures.items())))


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
    runs: Mapping[Key, Mapping[str, float]],
    failures: Mapping[Key, Failure],
) -> dict[str, Prediction | NotComputable]:
    """Predictions of a group's cases from the members of an ensemble."""
    failed = [key for key in keys if key in failures]
    if len(failed) == len(keys):
        why = NotComputable(f"simulation {failed[0][1]} failed: {failures[failed[0]]}")
        return {each.case.id: why for each in group.cases}
    return {
        each.case.id: predict_by_ensemble(
            _predictor(each),
            group.resolved,
            [runs[key][each.case.id] if key in runs else math.nan for key in keys],
            draws,
        )
        for each in group.cases
    }
