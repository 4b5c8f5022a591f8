"""What the model answers at many points.

In: a question, and where to work it off. Out: the measures of every run, by point, strategy and
replicate, and what failed by key. Runs that are kept already are not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.errors import OverblockError, PartialError
from sim.experiment.executors.task import Executor, Failure, Key, failure_of
from sim.experiment.interrupts import ends_as_interrupts
from sim.experiment.points import Point, Question, cases_of
from sim.experiment.simulation import Simulation
from sim.measure.measures import Measure
from sim.measure.ratios import RATIOS, over
from sim.results.folder import COMPLETE, INTERRUPTED, PARTIAL
from sim.scenario.resolve import Resolved


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
    failures: Mapping[Key, str] = field(default_factory=dict)
    status: str = COMPLETE

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the measures."""
        return tuple(measure.metric for measure in self.measures)

    @property
    def is_unfinished(self) -> bool:
        """Whether there are runs that another attempt may finish."""
        return self.status == INTERRUPTED or any(len(key) > 1 for key in self.failures)

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
        why = str(error).splitlines()[0]
        runs = [(label, r) for label in self.labels for r in range(self.value.shape[2])]
        keys: list[Key] = (
            [(point, *run) for point in range(n_points) for run in runs]
            if isinstance(error, PartialError)
            else [(point,) for point in range(n_points)]
        )
        failures = dict.fromkeys(keys, why)
        return Answers(self.labels, self.measures, nothing, nothing.copy(), failures, PARTIAL)

    def mean(self, metric: str, strategy_row: int = 0) -> NDArray[np.float64]:
        """Mean over replicates, or ratio of sums, at each point; NaN where one is not known."""
        if ratio := RATIOS.get(metric):
            above, below = (self.mean(part, strategy_row) for part in (ratio.above, ratio.below))
            return over(above, below, ratio.per)
        values = self.value[:, strategy_row, :, self.metrics.index(metric)]
        means: NDArray[np.float64] = values.mean(axis=1)
        return means


class Memory(Protocol):
    """Runs that are finished, whoever asks; see `sim.experiment.kept`."""

    def hold_tables(self, scenarios: Iterable[Resolved]) -> None:
        """Keep copies of the tables of scenarios."""
        ...

    def find(self, point: Point, label: str, replicate: int) -> Sequence[Measure] | None:
        """Measures of a run; None if it is not finished."""
        ...

    def keep(self, point: Point, label: str, replicate: int, measures: Sequence[Measure]) -> None:
        """Keep the measures of one finished run."""
        ...


def ask(
    question: Question,
    executor: Executor,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
    memory: Memory | None = None,
) -> Answers:
    """Run the scenario at every point.

    Parameters
    ----------
    executor
        Where runs are worked off; whoever gives it closes it.
    on_progress
        Called with the number of runs that are finished or failed, and of all.
    memory
        Knows runs that are finished, which are not run again, and keeps those that are run.

    Raises
    ------
    ScenarioError
        With what is wrong at all points, if the scenario can be at none of them.
    PartialError
        If no run has a result.
    KeyboardInterrupt
        If interrupted before any run was finished.
    """
    cases, labels, failures = cases_of(question)
    keys: list[Key] = [
        (row, label, replicate)
        for row in sorted({int(case[0]) for case in cases})
        for replicate in range(question.n_replicates)
        for label in labels
    ]
    found: dict[Key, Sequence[Measure]] = {}
    rest = keys
    if memory is not None:
        memory.hold_tables(cases.values())
        for key in keys:
            measures = memory.find(*_run_of(question, key))
            if measures is not None:
                found[key] = measures
        rest = [key for key in keys if key not in found]
    is_interrupted = False
    try:
        job = Simulation(cases, question.root_seed, with_tables=False, readings=question.readings)
        n_before = len(found)
        on_progress(n_before, len(keys))
        with ends_as_interrupts(), closing(executor.run(job, rest)) as results:
            for n_done, (key, result) in enumerate(results if rest else (), n_before + 1):
                if isinstance(result, Failure):
                    failures[key] = str(result)
                else:
                    try:
                        if memory is not None:
                            memory.keep(*_run_of(question, key), result.measures)
                        found[key] = result.measures
                    except OSError as error:
                        failures[key] = str(failure_of(error))
                on_progress(n_done, len(keys))
    except KeyboardInterrupt:
        if not found:
            raise
        is_interrupted = True
    if not found:
        raise PartialError("\n".join(dict.fromkeys(failures.values())))
    status = INTERRUPTED if is_interrupted else PARTIAL if failures else COMPLETE
    return _tabulate(question, labels, found, failures, status)


def _run_of(question: Question, key: Key) -> tuple[Point, str, int]:
    """Point, label and replicate of a run."""
    row, label, replicate = key
    return question.points[int(row)], str(label), int(replicate)


def _tabulate(
    question: Question,
    labels: tuple[str, ...],
    found: Mapping[Key, Sequence[Measure]],
    failures: Mapping[Key, str],
    status: str,
) -> Answers:
    # Measures in the sequence of the first run by key: the same for any sequence of finishing.
    order = sorted(found, key=lambda key: (key[0], labels.index(str(key[1])), key[2]))
    named = {measure.metric: measure for key in order for measure in found[key]}
    column = {metric: row for row, metric in enumerate(named)}
    shape = (len(question.points), len(labels), question.n_replicates, len(named))
    value, denominator = np.full(shape, np.nan), np.full(shape, np.nan)
    for (point, label, replicate), measures in found.items():
        run = int(point), labels.index(str(label)), int(replicate)
        for measure in measures:
            cell = (*run, column[measure.metric])
            value[cell], denominator[cell] = measure.value, measure.denominator
    return Answers(
        labels, tuple(named.values()), value, denominator, dict(sorted(failures.items())), status
    )
