"""A calibration: which values of some assumptions agree with published figures.

In: a scenario, assumptions to be fitted, and targets. Out: a plan, the trials, and tables. The
scenario itself is not changed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError, all_or_problems
from sim.experiment.answers import Answers, NothingFinishedError
from sim.experiment.execution import Ask
from sim.experiment.metrics import metrics_of
from sim.experiment.plan import ImpossiblePointsError, Plan
from sim.experiment.study import Study, write_study
from sim.results.folder import INTERRUPTED
from sim.scenario.changes import Point
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, point_of
from sim.streams import Stream, Streams
from sim.uncertainty.acceptance import Trials, judge_fits, misses, sheets_of
from sim.uncertainty.chosen_factors import fitted_factors
from sim.uncertainty.targets import Target, parse_targets

N_AT_ONCE = 16
"""Trials in a batch. It shapes the result: each batch learns from those before it."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibration of a scenario.

    Attributes
    ----------
    plan
        What is run, without its points.
    factors, targets
        What is varied, and what is to be met.
    n_trials
        Number of trials.
    """

    plan: Plan
    factors: tuple[Factor, ...]
    targets: tuple[Target, ...]
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
    ) -> Calibration:
        """Plan a calibration.

        Parameters
        ----------
        fit
            As `fitted_factors` reads them.
        targets
            As `parse_targets` reads them.

        Raises
        ------
        ProblemsError
            With all mistakes in them.
        """
        factors, aims = all_or_problems(
            lambda: fitted_factors(resolved, fit),
            lambda: parse_targets(resolved, targets, metrics_of(resolved)),
        )
        times = tuple(aim.curve_time for aim in aims if aim.curve_time is not None)
        described = {
            "fit": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
            "targets": list(targets),
            "values": [{"value": aim.value, "tolerance": aim.tolerance} for aim in aims],
            "n_trials": n_trials,
        }
        asked = {"fit": list(fit), "targets": list(targets), "n_trials": n_trials}
        plan = Plan(
            "calibration",
            resolved,
            root_seed,
            n_replicates,
            points=(),
            curve_times=times,
            design=described,
            asked=asked,
        )
        return cls(plan, tuple(factors), tuple(aims), n_trials)

    def answer(self, ask: Ask) -> Trials:
        """Try the scenario as given, then what earlier trials suggest."""
        n_replicates, n_asked = self.plan.n_replicates, 0

        def ask_at(points: tuple[Point, ...]) -> Answers:
            nonlocal n_asked
            n_before = n_asked * n_replicates
            n_asked += len(points)
            plan = replace(self.plan, points=points)
            return ask(plan, n_before, self.n_trials * n_replicates).answers()

        resolved, root_seed = self.plan.resolved, self.plan.root_seed
        return search(resolved, self.factors, self.targets, self.n_trials, root_seed, ask_at)

    def write(self, folder: Path, found: Trials) -> Study:
        """Write the tables of the calibration."""
        fits = judge_fits(found.answers, self.targets, self.plan.root_seed)
        sheets = sheets_of(self.factors, self.targets, found, fits)
        return write_study(folder, self.plan, found.answers, sheets)


def search(
    resolved: Resolved,
    factors: Sequence[Factor],
    targets: Sequence[Target],
    n_trials: int,
    root_seed: int,
    ask: Callable[[tuple[Point, ...]], Answers],
) -> Trials:
    """Try the scenario as given, then what earlier trials suggest.

    Parameters
    ----------
    ask
        Returns answers at points of the scenario.

    Raises
    ------
    UsageError
        If optuna is not installed.

    Notes
    -----
    The objective is the greatest miss, but at least 1: all acceptable trials are equally good, so
    that the search explores their set instead of converging to one of them. Trials are proposed by
    optuna's tree-structured Parzen estimator.
    """
    try:
        import optuna
    except ImportError:
        message = "calibrate needs the extra 'analysis': pip install 'overblock[analysis]'"
        raise UsageError(message) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = int(Streams(root_seed, 0).generator(Stream.DESIGN, (2,)).integers(2**31))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optuna warns of what is experimental
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=min(2 * N_AT_ONCE, n_trials)
        )
        study = optuna.create_study(sampler=sampler)
    spaces: dict[str, optuna.distributions.BaseDistribution] = {
        factor.key: optuna.distributions.FloatDistribution(0.0, 1.0) for factor in factors
    }
    tried = np.array([[factor.given for factor in factors]])
    answers = ask(_points(resolved, factors, tried))
    while len(tried) < n_trials and answers.status != INTERRUPTED:
        asked = [study.ask(spaces) for _ in range(min(N_AT_ONCE, n_trials - len(tried)))]
        dials = np.array([[trial.params[factor.key] for factor in factors] for trial in asked])
        amounts = np.stack(
            [factor.amount(dials[:, column]) for column, factor in enumerate(factors)], axis=1
        )
        try:
            found = ask(_points(resolved, factors, amounts))
        except (NothingFinishedError, ImpossiblePointsError) as error:
            # A batch that is impossible, or fails, is no reason to lose the others.
            found = answers.unanswered(len(amounts), error.failures)
        except KeyboardInterrupt:
            answers = replace(answers, status=INTERRUPTED)
            break
        for trial, miss in zip(asked, misses(found, targets).max(axis=1), strict=True):
            if np.isnan(miss):
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, max(float(miss), 1.0))
        tried, answers = np.concatenate([tried, amounts]), answers.then(found)
    return Trials(tried, answers)


def _points(
    resolved: Resolved, factors: Sequence[Factor], amounts: NDArray[np.float64]
) -> tuple[Point, ...]:
    return tuple(
        point_of(
            resolved, [(factor, (amount,)) for factor, amount in zip(factors, row, strict=True)]
        )
        for row in amounts.tolist()
    )
