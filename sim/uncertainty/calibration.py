"""A calibration from what is asked to its trials.

In: a scenario, assumptions to be fitted, and goals. Out: a plan, the trials, and tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sim.errors import all_or_problems
from sim.experiment.answers import Answers
from sim.experiment.metrics import metrics_of
from sim.experiment.points import Point, Question
from sim.experiment.sheets import Sheet
from sim.experiment.study import StudyPlan
from sim.scenario.resolve import Resolved
from sim.uncertainty.acceptance import Trials, judge_fits, search, sheets_of
from sim.uncertainty.chosen_factors import fitted_factors
from sim.uncertainty.factors import Factor
from sim.uncertainty.targets import Goal, parse_goals


@dataclass(frozen=True, eq=False)
class Fitting:
    """Which assumptions are fitted to which figures.

    Attributes
    ----------
    plan
        What is run, but for its points.
    factors, goals
        What is moved, and what is to be met.
    n_trials
        How many settings are tried.
    """

    plan: StudyPlan
    factors: tuple[Factor, ...]
    goals: tuple[Goal, ...]
    n_trials: int

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        fit: Sequence[str],
        targets: Sequence[str],
        n_trials: int = 64,
    ) -> Fitting:
        """Plan a calibration.

        Parameters
        ----------
        fit
            As `fitted_factors` reads them.
        targets
            As `parse_goals` reads them.

        Raises
        ------
        ProblemsError
            With what is wrong with them.
        """
        factors, goals = all_or_problems(
            lambda: fitted_factors(resolved, fit),
            lambda: parse_goals(resolved, targets, metrics_of(resolved)),
        )
        readings = tuple(goal.reading for goal in goals if goal.reading is not None)
        question = Question(resolved, (), (), root_seed, n_replicates, readings)
        described = {
            "fit": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
            "targets": list(targets),
            "values": [{"value": goal.value, "tolerance": goal.tolerance} for goal in goals],
            "n_trials": n_trials,
        }
        asked = {"fit": list(fit), "targets": list(targets), "n_trials": n_trials}
        plan = StudyPlan("calibration", question, described, asked)
        return cls(plan, tuple(factors), tuple(goals), n_trials)

    def try_out(self, ask: Callable[[Question], Answers]) -> Trials:
        """Try the scenario as given, then where earlier trials suggest."""
        question = self.plan.question

        def ask_at(points: tuple[Point, ...]) -> Answers:
            return ask(replace(question, points=points))

        return search(
            question.resolved,
            self.factors,
            self.goals,
            self.n_trials,
            question.root_seed,
            ask_at,
        )

    def sheets(self, trials: Trials) -> list[Sheet]:
        """Tables of the calibration."""
        fits = judge_fits(trials.answers, self.goals, self.plan.question.root_seed)
        return sheets_of(self.factors, self.goals, trials, fits)
