"""A sensitivity analysis from what is asked to the answers, stage after stage.

In: a scenario and how closely to look. Out: a plan, the answers at the points of all stages, and
tables. What is asked next may hang on what was answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sim.errors import PartialError, ScenarioError
from sim.experiment.answers import Answers
from sim.experiment.headlines import COLLATERAL, choose_metrics
from sim.experiment.metrics import metrics_of
from sim.experiment.points import Question
from sim.experiment.sheets import Sheet
from sim.experiment.study import StudyPlan
from sim.results.folder import INTERRUPTED
from sim.scenario.resolve import Resolved
from sim.uncertainty.chosen_factors import choose_factors
from sim.uncertainty.designs import Stage, ends_stage, morris_stage, sobol_stage
from sim.uncertainty.factors import Factor, LeftOut
from sim.uncertainty.influence import Line, judge, screened, sheets_of

Method = Literal["ends", "morris", "sobol", "both"]

Ask = Callable[[Sequence[Stage], Question], Answers]
"""Answers the question of the points of some stages."""


@dataclass(frozen=True, eq=False)
class Inquiry:
    """Which assumptions are looked at, and how closely.

    Attributes
    ----------
    plan
        What is run, but for its points.
    factors, left_out
        Assumptions that are varied, and those that are not.
    metrics
        The answers; the first one decides what is handed on to the shares of variance.
    stages
        Stages that were asked.
    """

    plan: StudyPlan
    factors: tuple[Factor, ...]
    left_out: tuple[LeftOut, ...]
    metrics: tuple[str, ...]
    stages: list[Stage] = field(default_factory=list)

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
    ) -> Inquiry:
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
        chosen = choose_metrics(metrics_of(resolved), metrics, COLLATERAL)
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
        question = Question(resolved, (), tuple(strategies), root_seed, n_replicates)
        plan = StudyPlan("sensitivity", question, described, asked)
        return cls(plan, tuple(factors), tuple(left_out), tuple(chosen))

    def answer(self, ask: Ask) -> Answers:
        """Return answers at the points of all stages; of those begun, after an interrupt.

        Raises
        ------
        KeyboardInterrupt
            If interrupted before any run was finished.
        """
        question, asked = self.plan.question, self.plan.asked
        resolved, root_seed = question.resolved, question.root_seed
        first = [ends_stage(resolved, self.factors)]
        if asked["method"] in ("morris", "both"):
            trajectories = asked["trajectories"]
            first.append(morris_stage(resolved, self.factors, trajectories, root_seed))
        answers = self._ask(first, ask)
        if asked["method"] not in ("sobol", "both") or answers.status == INTERRUPTED:
            return answers
        try:
            kept = [factor.key for factor in self.factors]
            if asked["method"] == "both":
                lines = judge(self.stages, answers, self.metrics[:1], root_seed)
                kept = screened(lines, asked["keep"])
            hinges = [factor for factor in self.factors if factor.key in kept]
            second = sobol_stage(resolved, hinges, asked["samples"], root_seed)
            try:
                later = self._ask([second], ask)
            except (PartialError, ScenarioError) as error:
                # What the first stages told stands.
                self.stages.append(second)
                later = answers.unanswered(len(second.points), error)
            return answers.then(later)
        except KeyboardInterrupt:
            return replace(answers, status=INTERRUPTED)

    def _ask(self, stages: Sequence[Stage], ask: Ask) -> Answers:
        points = tuple(point for stage in stages for point in stage.points)
        answers = ask(stages, replace(self.plan.question, points=points))
        self.stages.extend(stages)
        return answers

    def lines(self, answers: Answers) -> list[Line]:
        """Lines of all measures, those on which the answer hangs most first."""
        return judge(self.stages, answers, self.metrics, self.plan.question.root_seed)

    def sheets(self, answers: Answers, lines: Sequence[Line]) -> list[Sheet]:
        """Tables of the analysis."""
        return sheets_of(self.stages, answers, lines, self.left_out)
