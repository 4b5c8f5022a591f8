"""A sensitivity analysis, from how closely to look to the answers at all points of its design.

In: a scenario, assumptions and a method. Out: a plan, then tables. Which points come next may hang
on what was answered. It runs nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sim.catalogue.choices import COLLATERAL
from sim.experiment.answers import Answers, NothingFinishedError
from sim.experiment.execution import Ask
from sim.experiment.metrics import choose_metrics, metrics_of
from sim.experiment.plan import ImpossiblePointsError, Plan
from sim.experiment.study import Study, write_study
from sim.results.folder import INTERRUPTED
from sim.scenario.resolve import Resolved
from sim.uncertainty.chosen_factors import choose_factors
from sim.uncertainty.designs import Stage, ends_stage, morris_stage, sobol_stage
from sim.uncertainty.factors import Factor, LeftOut
from sim.uncertainty.influence import Line, judge, screened, sheets_of

Method = Literal["ends", "morris", "sobol", "both"]

OnStages = Callable[[Sequence[Stage], int], None]
"""Called with the stages whose points are run next, and the number of replicates."""


@dataclass(frozen=True, eq=False)
class Explored:
    """Stages that were run, and the answers at their points one after the other."""

    stages: tuple[Stage, ...]
    answers: Answers


@dataclass(frozen=True)
class Influences(Study):
    """What was found: besides the tables, the lines of ``sensitivity.csv``."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Which assumptions are varied, and how closely is looked.

    Attributes
    ----------
    plan
        What is run, but for its points.
    factors, left_out
        Assumptions that are varied, and those that are not.
    metrics
        The answers; the first one decides what is handed on to the shares of variance.
    on_stages
        Called before points are run.
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
            ``ends``: each assumption at both ends of its range; ``morris``: besides, trajectories;
            ``sobol``: besides the ends, shares of variance; ``both``: all, the shares for those
            that matter most.
        metrics
            Harm in business-hours when empty.
        only, ranges
            As `choose_factors` takes them.
        trajectories, samples
            Trajectories of ``morris``; base points of ``sobol``.
        keep
            How many assumptions ``both`` hands on.
        strategies
            None for the scenario's own, or one.

        Raises
        ------
        ScenarioError
            With what is wrong with them.
        """
        factors, left_out = choose_factors(resolved, only, ranges)
        chosen = choose_metrics(metrics_of(resolved), metrics, (COLLATERAL,))
        asked = {
            "method": method,
            "metrics": list(metrics),
            "only": list(only),
            "ranges": list(ranges),
            "trajectories": trajectories,
            "samples": samples,
            "keep": keep,
            "strategies": list(strategies),
        }
        described = {
            "method": method,
            "metrics": chosen,
            "trajectories": trajectories,
            "samples": samples,
            "keep": keep,
            "factors": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
        }
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

    def answer(self, ask: Ask) -> Explored:
        """Run the points of all stages; after an interrupt return those of the stages begun.

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

    def _run(self, stages: Sequence[Stage], ask: Ask) -> Answers:
        self.on_stages(stages, self.plan.n_replicates)
        points = tuple(point for stage in stages for point in stage.points)
        return ask(replace(self.plan, points=points)).answers()

    def write(self, folder: Path, found: Explored) -> Influences:
        """Write the tables, those assumptions first on which the answer hangs most."""
        stages, answers = found.stages, found.answers
        lines = judge(stages, answers, self.metrics, self.plan.root_seed)
        sheets = sheets_of(stages, answers, lines, self.left_out)
        study = write_study(folder, self.plan, answers, sheets)
        return Influences(**vars(study), lines=tuple(lines))
