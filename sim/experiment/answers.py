"""What the model answers at many points.

In: measures of runs by key, and what failed. Out: the same as one table by point, strategy,
replicate and measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import RATIOS
from sim.errors import OverblockError, PartialError
from sim.experiment.comparison import Measured
from sim.experiment.executors.task import Failure, Key
from sim.measure.measures import Measure
from sim.measure.ratios import over
from sim.results.folder import COMPLETE, INTERRUPTED, PARTIAL


class NothingFinishedError(PartialError):
    """Every run failed.

    Parameters
    ----------
    n_failed
        How many.
    where, first
        Which was the first, and why it failed.
    """

    def __init__(self, n_failed: int, where: Mapping[str, object], first: Failure) -> None:
        named = " ".join(f"{name}={part}" for name, part in where.items())
        message = f"all {n_failed} runs failed, the first ({named}) with {first}\n{first.details}"
        super().__init__(message.rstrip())
        self.first = first


@dataclass(frozen=True, eq=False)
class Answers:
    """Measures of all runs.

    Attributes
    ----------
    labels
        Labels of the strategies.
    measures
        Name, unit and unit of the denominator of each measure; its value stands in ``value``.
    value, denominator : shape (n_points, n_strategies, n_replicates, n_measures)
        NaN where not known: also where the run failed or was not begun.
    failures
        Why there is no result, by ``(point,)`` where the scenario cannot be so, or by
        ``(point, strategy, replicate)`` where the run failed.
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
        """These answers, and after them those at further points of the same question.

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

    def unanswered(self, n_points: int, error: OverblockError) -> Answers:
        """Answers at further points, none of which has any.

        Parameters
        ----------
        error
            Why: that the scenario cannot be so at any of them, or that every run failed.
        """
        nothing = np.full((n_points, *self.value.shape[1:]), np.nan)
        why = Failure("", str(error).splitlines()[0])
        if isinstance(error, NothingFinishedError):
            why = error.first
        runs = [(label, r) for label in self.labels for r in range(self.value.shape[2])]
        keys: list[Key] = (
            [(point, *run) for point in range(n_points) for run in runs]
            if isinstance(error, PartialError)
            else [(point,) for point in range(n_points)]
        )
        failures = dict.fromkeys(keys, why)
        return Answers(self.labels, self.measures, nothing, nothing.copy(), failures, PARTIAL)

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
    """Put the measures of runs into one table.

    Parameters
    ----------
    found
        Measures by ``(point, strategy, replicate)``, in this sequence: that of the measures is
        that of the first run, however the runs were finished.
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
