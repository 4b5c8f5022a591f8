"""A sensitivity analysis: a design over the ranges of chosen assumptions, run stage by stage.

The second stage depends on the answers of the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sim.catalogue.choices import COLLATERAL
from sim.errors import Problem, ScenarioError
from sim.experiment.execution import Answers, Execution, NothingFinishedError
from sim.experiment.metrics import choose_metrics, metrics_of
from sim.experiment.outputs import Study, write_study
from sim.experiment.plan import ImpossiblePointsError, Plan
from sim.results.folder import INTERRUPTED
from sim.scenario.quantities import finite_number
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, LeftOut, list_factors, list_ranges, value_at
from sim.scenario.variants import is_whole
from sim.uncertainty.influence import (
    Line,
    Stage,
    ends_stage,
    judge,
    morris_stage,
    screened,
    sheets_of,
    sobol_stage,
)

_RANGE = re.compile(r"(.+?)\.\.(.+)")


def choose_factors(
    resolved: Resolved, only: Sequence[str] = (), ranges: Sequence[str] = ()
) -> tuple[list[Factor], list[LeftOut]]:
    """Return the factors named, or all unknowns if none is, and the assumptions that are left out.

    Parameters
    ----------
    only
        Keys of factors.
    ranges
        ``key=low..high`` for a factor, or for another key of the scenario that holds a number; for
        a column that is multiplied, low and high are factors on it.

    Raises
    ------
    ScenarioError
        With every name that is no factor and every text that is no range.
    """
    unknown, left_out = list_factors(resolved)
    by_key = {factor.key: factor for factor in list_ranges(resolved)[0]}
    wanted = set(only) or {factor.key for factor in unknown}
    problems: list[Problem] = []
    for text in ranges:
        try:
            factor = given_factor(resolved, by_key, text, f"--range {text}")
            by_key[factor.key] = factor
            if not only:
                wanted.add(factor.key)
        except ScenarioError as error:
            problems += error.problems
    problems += [
        Problem(
            f"--only {name}",
            f"expected an assumption with a range, got no such{hint(name, by_key)}; see --list",
        )
        for name in only
        if name not in by_key
    ]
    if problems:
        raise ScenarioError(problems)
    chosen = [factor for key, factor in by_key.items() if key in wanted]
    out = [LeftOut(key, "not asked for") for key in by_key if only and key not in only]
    named = {factor.key for factor in chosen} | {one.key for one in out}
    return chosen, [*out, *(one for one in left_out if one.key not in named)]


def given_factor(
    resolved: Resolved, by_key: Mapping[str, Factor], text: str, origin: str
) -> Factor:
    """Read ``key=low..high``, or ``key`` for its own range.

    Raises
    ------
    ScenarioError
        If it is no range, or the key holds no number.
    """
    key, separator, written = (part.strip() for part in text.partition("="))
    if not separator and key in by_key:
        return by_key[key]
    match = _RANGE.fullmatch(written)
    low, high = (finite_number(part) for part in match.groups()) if match else (None, None)
    if low is None or high is None or not low < high:
        near = "" if separator else hint(key, by_key)
        message = f"expected key=low..high with low < high, or an assumption with a range{near}"
        raise ScenarioError([Problem(origin, message)])
    known = by_key.get(key)
    if known is not None:
        if known.scale == "position":
            raise ScenarioError([Problem(origin, f"{key} has a range for each row; none is taken")])
        if known.scale == "times" and low <= 0:
            raise ScenarioError([Problem(origin, "expected factors > 0")])
        words = "x {:g} to x {:g}" if known.scale == "times" else "{:g} to {:g}"
        # How the declared range is drawn need not be possible over another.
        return replace(known, low=low, high=high, range_text=words.format(low, high), stated=None)
    given = value_at(resolved, key)
    if given is None:
        message = f"expected a key that holds a number, got {key!r}{hint(key, by_key)}"
        raise ScenarioError([Problem(origin, message)])
    return Factor(
        key,
        "",
        "value",
        low,
        given,
        high,
        f"{low:g} to {high:g}",
        "given with the command",
        is_whole=is_whole(key),
    )


Method = Literal["ends", "morris", "sobol", "both"]

OnStages = Callable[[Sequence[Stage], int], None]
"""Called with the stages whose points are run next, and the number of replicates."""


@dataclass(frozen=True, eq=False)
class Explored:
    """Stages that were run, and the answers at all their points."""

    stages: tuple[Stage, ...]
    answers: Answers


@dataclass(frozen=True)
class Influences(Study):
    """Result of a sensitivity analysis, with the lines of ``sensitivity.csv``."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A sensitivity analysis of a scenario.

    Attributes
    ----------
    plan
        What is run, without its points.
    factors, left_out
        Assumptions that are varied, and those that are not.
    metrics
        Measures analysed; the first one decides which factors the Sobol' stage varies.
    on_stages
        Called before the points of stages are run.
    """

    plan: Plan
    factors: tuple[Factor, ...]
    left_out: tuple[LeftOut, ...]
    metrics: tuple[str, ...]
    on_stages: OnStages

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        method: Method = "both",
        metrics: Sequence[str] = (),
        only: Sequence[str] = (),
        ranges: Sequence[str] = (),
        trajectories: int = 10,
        samples: int = 64,
        keep: int = 5,
        strategies: Sequence[str] = (),
        on_stages: OnStages = lambda stages, n_replicates: None,
    ) -> Sensitivity:
        """Plan an analysis.

        Parameters
        ----------
        method
            ``ends``: each assumption at both ends of its range; ``morris``: ends and trajectories;
            ``sobol``: ends and shares of variance; ``both``: all three, the shares of variance for
            the assumptions that matter most.
        metrics
            Harm in business-hours when empty.
        only, ranges
            As `choose_factors` takes them.
        trajectories, samples
            Trajectories of ``morris``; base points of ``sobol``.
        keep
            How many assumptions the Sobol' stage of ``both`` varies.
        strategies
            None for the scenario's own, or one.

        Raises
        ------
        ScenarioError
            With the mistakes in them.
        """
        factors, left_out = choose_factors(resolved, only, ranges)
        chosen = choose_metrics(metrics_of(resolved), metrics, (COLLATERAL,))
        sizes = {"trajectories": trajectories, "samples": samples, "keep": keep}
        asked = {
            "method": method,
            "metrics": list(metrics),
            "only": list(only),
            "ranges": list(ranges),
            **sizes,
            "strategies": list(strategies),
        }
        varied = [{"key": f.key, "low": f.low, "high": f.high} for f in factors]
        described = {"method": method, "metrics": chosen, **sizes, "factors": varied}
        plan = Plan(
            "sensitivity",
            resolved,
            root_seed,
            n_replicates,
            points=(),
            strategies=tuple(strategies),
            design=described,
            asked=asked,
        )
        return cls(plan, tuple(factors), tuple(left_out), tuple(chosen), on_stages)

    def answer(self, ask: Execution) -> Explored:
        """Run all stages; after an interrupt return what is finished of those that were started.

        Raises
        ------
        KeyboardInterrupt
            If interrupted before any run was finished.
        """
        resolved, root_seed, asked = self.plan.resolved, self.plan.root_seed, self.plan.asked
        first = [ends_stage(resolved, self.factors)]
        if asked["method"] in ("morris", "both"):
            trajectories = asked["trajectories"]
            first.append(morris_stage(resolved, self.factors, trajectories, root_seed))
        explored = Explored(tuple(first), self._run(first, ask))
        if asked["method"] not in ("sobol", "both") or explored.answers.status == INTERRUPTED:
            return explored
        try:
            kept = [factor.key for factor in self.factors]
            if asked["method"] == "both":
                lines = judge(first, explored.answers, self.metrics[:1], root_seed)
                kept = screened(lines, asked["keep"])
            hinges = [factor for factor in self.factors if factor.key in kept]
            second = sobol_stage(resolved, hinges, asked["samples"], root_seed)
            try:
                later = self._run([second], ask)
            except (NothingFinishedError, ImpossiblePointsError) as error:
                # The first stages have their answers all the same.
                later = explored.answers.unanswered(len(second.points), error.failures)
            return Explored((*first, second), explored.answers.then(later))
        except KeyboardInterrupt:
            return replace(explored, answers=replace(explored.answers, status=INTERRUPTED))

    def _run(self, stages: Sequence[Stage], ask: Execution) -> Answers:
        self.on_stages(stages, self.plan.n_replicates)
        points = tuple(point for stage in stages for point in stage.points)
        return ask(replace(self.plan, points=points)).answers()

    def write(self, folder: Path, found: Explored) -> Influences:
        """Write the tables, with the most influential assumptions first."""
        stages, answers = found.stages, found.answers
        lines = judge(stages, answers, self.metrics, self.plan.root_seed)
        sheets = sheets_of(stages, answers, lines, self.left_out)
        study = write_study(folder, self.plan, answers, sheets)
        return Influences(**vars(study), lines=tuple(lines))
