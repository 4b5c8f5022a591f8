"""A sensitivity analysis: a design over the ranges of assumptions, run stage by stage.

In: a scenario, assumptions and a method. Out: a plan, then tables. The second stage depends on the
answers of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sim.catalogue.choices import COLLATERAL
from sim.experiment.answers import Answers, NothingFinishedError
from sim.experiment.execution import Execution
from sim.experiment.metrics import choose_metrics, metrics_of
from sim.experiment.plan import ImpossiblePointsError, Plan
from sim.experiment.study import Study, write_study
from sim.results.folder import INTERRUPTED
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, LeftOut
from sim.uncertainty.chosen_factors import choose_factors
from sim.uncertainty.designs import Stage, ends_stage, morris_stage, sobol_stage
from sim.uncertainty.influence import Line, judge, screened, sheets_of

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
