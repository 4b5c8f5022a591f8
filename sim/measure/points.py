"""One scenario at many points: other values, the same luck.

In: a resolved scenario, points that each change some of its values, strategies, replicates. Out:
the measures of every run, by point, strategy and replicate, and what failed by key. It does not
know why these points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.errors import PartialError, ProblemsError, ScenarioError
from sim.measure.executors.task import Executor, Failure, Key
from sim.measure.impact import Measure
from sim.measure.interrupts import ends_as_interrupts
from sim.measure.readings import Reading
from sim.measure.simulation import Simulation
from sim.scenario.changes import ColumnChange, change
from sim.scenario.resolve import Resolved
from sim.scenario.tree import Value
from sim.scenario.variants import choose_variants, own_variant

COMPLETE, INTERRUPTED, PARTIAL = "complete", "interrupted", "partial"


@dataclass(frozen=True)
class Point:
    """What differs from the scenario at one point.

    Attributes
    ----------
    keys
        Scenario keys by full path, and their values.
    columns
        Changes of table columns.
    """

    keys: tuple[tuple[str, Value], ...] = ()
    columns: tuple[ColumnChange, ...] = ()


@dataclass(frozen=True)
class Question:
    """A scenario, where it is looked at, and with what luck.

    Attributes
    ----------
    resolved
        The scenario as it stands.
    points
        Where to look.
    strategies
        As for ``overblock compare``; the scenario's own when empty.
    root_seed, n_replicates
        Replicates 0, 1, … of the same root seed at every point.
    readings
        Values of curves to be measured besides.
    """

    resolved: Resolved
    points: tuple[Point, ...]
    strategies: tuple[str, ...]
    root_seed: int
    n_replicates: int
    readings: tuple[Reading, ...] = ()


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

    def mean(self, metric: str, strategy_row: int = 0) -> NDArray[np.float64]:
        """Mean over replicates at each point; NaN where not known in one of them."""
        values = self.value[:, strategy_row, :, self.metrics.index(metric)]
        means: NDArray[np.float64] = values.mean(axis=1)
        return means


def is_possible(resolved: Resolved, point: Point) -> bool:
    """Whether the scenario can be so at a point; it is not run."""
    try:
        change(resolved, dict(point.keys), point.columns)
    except ProblemsError:
        return False
    return True


def ask(
    question: Question,
    executor: Executor,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
) -> Answers:
    """Run the scenario at every point.

    Parameters
    ----------
    executor
        Where runs are worked off; whoever gives it closes it.
    on_progress
        Called with the number of runs that are finished or failed, and of all.

    Raises
    ------
    ScenarioError
        With what is wrong at all points, if the scenario can be at none of them.
    PartialError
        If no run has a result.
    KeyboardInterrupt
        If interrupted before any run was finished.
    """
    cases, labels, failures = _cases(question)
    keys: list[Key] = [
        (row, label, replicate)
        for row in sorted({int(case[0]) for case in cases})
        for replicate in range(question.n_replicates)
        for label in labels
    ]
    found: dict[Key, Sequence[Measure]] = {}
    is_interrupted = False
    try:
        job = Simulation(cases, question.root_seed, with_tables=False, readings=question.readings)
        with ends_as_interrupts():
            for n_done, (key, result) in enumerate(executor.run(job, keys), 1):
                if isinstance(result, Failure):
                    failures[key] = str(result)
                else:
                    found[key] = result.measures
                on_progress(n_done, len(keys))
    except KeyboardInterrupt:
        if not found:
            raise
        is_interrupted = True
    if not found:
        raise PartialError("\n".join(dict.fromkeys(failures.values())))
    status = INTERRUPTED if is_interrupted else PARTIAL if failures else COMPLETE
    return _tabulate(question, labels, found, failures, status)


def _cases(question: Question) -> tuple[dict[Key, Resolved], tuple[str, ...], dict[Key, str]]:
    """Scenarios by point and strategy, the strategies' labels, and points that cannot be."""
    cases: dict[Key, Resolved] = {}
    labels: tuple[str, ...] = ()
    failures: dict[Key, str] = {}
    refused: list[ProblemsError] = []
    for row, point in enumerate(question.points):
        try:
            resolved = change(question.resolved, dict(point.keys), point.columns)
            if question.strategies:
                first = _label(question.strategies[0])
                variants, _ = choose_variants(resolved, question.strategies, baseline=first)
            else:
                variants = (own_variant(resolved),)
        except ProblemsError as error:
            failures[(row,)] = " ".join(str(error).split())
            refused.append(error)
            continue
        labels = tuple(variant.label for variant in variants)
        # Runs need no places in the file: all points share those of the scenario.
        document = question.resolved.loaded.document
        for variant in variants:
            loaded = replace(variant.resolved.loaded, document=document)
            cases[row, variant.label] = replace(variant.resolved, loaded=loaded)
    if not cases:
        once = {problem: None for error in refused for problem in error.problems}
        raise ScenarioError(list(once))
    return cases, labels, failures


def _label(text: str) -> str:
    """Label of a strategy written as ``[label=]id[:parameter=value,…]``."""
    match = re.fullmatch(r"([^=:]*)=.*", text.strip(), re.DOTALL)
    return (match[1] if match else text).strip()


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
