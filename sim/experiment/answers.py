"""Answers of the model at many points: every measure of every run, as one array.

In: measures of runs by key, and what failed. Out: arrays by point, strategy, replicate and measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import RATIOS
from sim.errors import PartialError
from sim.experiment.comparison import Measured
from sim.experiment.executors.task import Failure, Key
from sim.experiment.plan import Plan
from sim.measure.measures import Measure, over
from sim.results.folder import COMPLETE, INTERRUPTED, PARTIAL


class NothingFinishedError(PartialError):
    """Every run failed.

    Parameters
    ----------
    plan
        What was asked.
    failures
        Why there is no result, by key; at least one of a run.
    """

    def __init__(self, plan: Plan, failures: Mapping[Key, Failure]) -> None:
        failed = {key: why for key, why in failures.items() if len(key) > 1}
        key, first = next(iter(failed.items()))
        where = " ".join(f"{name}={part}" for name, part in plan.where(key).items())
        message = f"all {len(failed)} runs failed, the first ({where}) with {first}"
        super().__init__(f"{message}\n{first.details}".rstrip())
        self.failures = failures


@dataclass(frozen=True, eq=False)
class Answers:
    """Measures of all runs.

    Attributes
    ----------
    labels
        Labels of the strategies.
    measures
        Name, unit and unit of the denominator of each measure; the numbers are in ``value``.
    value, denominator : shape (n_points, n_strategies, n_replicates, n_measures)
        NaN where not known, and where a run failed or was not started.
    failures
        Why there is no result: by ``(point,)`` where the scenario is not possible, by
        ``(point, strategy, replicate)`` where a run failed.
    status
        ``complete``, ``partial`` (something failed) or ``interrupted``.
    """

    labels: tuple[str, ...]
    measures: tuple[Measure, ...]
    value: NDArray[np.float64]
    denominator: NDArray[np.float64]
    failures: Mapping[Key, Failure] = field(default_factory=dict)
    status: str = COMPLETE

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the measures."""
        return tuple(measure.metric for measure in self.measures)

    def then(self, later: Answers) -> Answers:
        """Return these answers followed by those at further points.

        Raises
        ------
        ValueError
            If they are not about the same strategies, replicates and measures.
        """
        if (self.labels, self.metrics) != (later.labels, later.metrics):
            raise ValueError("expected answers about the same strategies and measures")
        n_points = len(self.value)
        moved = {(int(key[0]) + n_points, *key[1:]): why for key, why in later.failures.items()}
        order = (COMPLETE, PARTIAL, INTERRUPTED)
        return Answers(
            self.labels,
            self.measures,
            np.concatenate([self.value, later.value]),
            np.concatenate([self.denominator, later.denominator]),
            {**self.failures, **moved},
            max(self.status, later.status, key=order.index),
        )

    def unanswered(self, n_points: int, failures: Mapping[Key, Failure]) -> Answers:
        """Answers to the same question at points of which none has a result, and why."""
        nothing = np.full((n_points, *self.value.shape[1:]), np.nan)
        return Answers(self.labels, self.measures, nothing, nothing.copy(), failures, PARTIAL)

    def reason(self, point: int) -> str | None:
        """Why a point has no result, or not all; None where nothing failed."""
        said = [str(why) for key, why in self.failures.items() if key[0] == point]
        return "; ".join(dict.fromkeys(said)) or None

    def measured(self, point: int, strategy_row: int) -> Measured:
        """Measures of one strategy at one point."""
        run = point, strategy_row
        replicate = np.arange(self.value.shape[2])
        return Measured(replicate, self.measures, self.value[run].T, self.denominator[run].T)

    def mean(self, metric: str, strategy_row: int = 0) -> NDArray[np.float64]:
        """Mean over replicates, or ratio of sums, at each point; NaN where one is not known."""
        if ratio := RATIOS.get(metric):
            above, below = (self.mean(part, strategy_row) for part in (ratio.above, ratio.below))
            return over(above, below, ratio.per)
        values = self.value[:, strategy_row, :, self.metrics.index(metric)]
        means: NDArray[np.float64] = values.mean(axis=1)
        return means


def tabulate(
    n_points: int,
    labels: tuple[str, ...],
    n_replicates: int,
    found: Mapping[Key, Sequence[Measure]],
    failures: Mapping[Key, Failure],
    status: str,
) -> Answers:
    """Put the measures of runs into arrays.

    Parameters
    ----------
    found
        Measures by ``(point, strategy, replicate)``, sorted: the first run gives the order of the
        measures, whichever run finished first.
    """
    named = {measure.metric: measure for measures in found.values() for measure in measures}
    column = {metric: row for row, metric in enumerate(named)}
    shape = (n_points, len(labels), n_replicates, len(named))
    value, denominator = np.full(shape, np.nan), np.full(shape, np.nan)
    for (point, label, replicate), measures in found.items():
        run = int(point), labels.index(str(label)), int(replicate)
        for measure in measures:
            cell = (*run, column[measure.metric])
            value[cell], denominator[cell] = measure.value, measure.denominator
    return Answers(
        labels, tuple(named.values()), value, denominator, dict(sorted(failures.items())), status
    )
