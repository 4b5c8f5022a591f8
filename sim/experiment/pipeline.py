"""The pipeline from an experiment to a complete folder of results.

Runs, comparisons, sweeps, sensitivity analyses and conditioning all take it. Each defines what it
runs and what it writes. Each run is saved as soon as it is finished: saved runs survive interrupts
and failures of other runs, and are not run again when the experiment is resumed.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import RATIOS
from sim.engine.warm_up import warm_up
from sim.errors import PartialError, UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import NOBODY, Executor, Failure, Job, Key, Watch, failure_of
from sim.experiment.interrupts import (
    ends_as_interrupts,
    ends_soon_after,
    pass_on_interrupt,
    without_interrupts,
)
from sim.experiment.plan import Plan
from sim.experiment.saved_plans import HasPlan, write_question
from sim.experiment.simulation import RunRecord, Simulation
from sim.files import write_whole
from sim.measure.facts import measures_of
from sim.measure.measures import Measure, over
from sim.measure.summary import Measured
from sim.results.folder import COMPLETE, INTERRUPTED, MANIFEST, PARTIAL
from sim.results.integrity import MANIFEST_HASH, PARTS, TIMING, Checkpoints, n_runs, remove_parts
from sim.results.output import new_folder
from sim.results.store import json_bytes, write_json
from sim.scenario.own import OwnCodeError
from sim.scenario.resolve import Resolved


@dataclass(frozen=True, eq=False)
class Answers:
    """Measures of all runs."""

    label: str
    """Label of the strategy."""
    measures: tuple[Measure, ...]
    """Name, unit and unit of the denominator of each measure; the numbers are in ``value``."""
    value: NDArray[np.float64]
    denominator: NDArray[np.float64]
    """NaN where not known, and where a run failed or was not started; shape (n_points,
    n_replicates, n_measures)."""
    failures: Mapping[Key, Failure] = field(default_factory=dict)
    """Why there is no result: by ``(point,)`` where the scenario is not possible, by ``(point,
    strategy, replicate)`` where a run failed."""
    status: str = COMPLETE
    """``complete``, ``partial`` (something failed) or ``interrupted``."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the measures."""
        return tuple(measure.metric for measure in self.measures)

    def reason(self, point: int) -> str | None:
        """Why a point has no result, or not all; None where nothing failed."""
        whys = [str(why) for key, why in self.failures.items() if key[0] == point]
        return "; ".join(dict.fromkeys(whys)) or None

    def at(self, point: int) -> Measured:
        """Measures at one point."""
        value, whole = self.value[point].T, self.denominator[point].T
        return Measured(np.arange(value.shape[1]), self.measures, value, whole)

    def mean(self, metric: str) -> NDArray[np.float64]:
        """Mean over replicates, or ratio of sums, at each point; NaN where one is not known."""
        if ratio := RATIOS.get(metric):
            return over(self.mean(ratio.above), self.mean(ratio.below), ratio.per)
        return np.asarray(self.value[:, :, self.metrics.index(metric)].mean(axis=1))


T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of a plan, finished or failed."""

    plan: Plan
    labels: tuple[str, ...]
    """Labels of the strategies."""
    names: Mapping[Key, str]
    """Names of the finished runs among the checkpoints, in the order of the rows of tables."""
    failures: Mapping[Key, Failure]
    """Why there is no result: by ``(point, strategy, replicate)`` for a run, by ``(point,)``
    where the scenario is not possible."""
    is_interrupted: bool
    checkpoints: Checkpoints

    @property
    def status(self) -> str:
        """``complete``, ``interrupted`` or ``partial``: something failed."""
        return INTERRUPTED if self.is_interrupted else PARTIAL if self.failures else COMPLETE

    def answers(self) -> Answers:
        """Measures of all runs by point and replicate.

        The first run gives the order of the measures, whichever run finished first.
        """
        found = {key: measures_of(self.checkpoints.facts(name)) for key, name in self.names.items()}
        named = {measure.metric: measure for measures in found.values() for measure in measures}
        column = {metric: row for row, metric in enumerate(named)}
        plan = self.plan
        shape = (len(plan.points), plan.n_replicates, len(named))
        value, denominator = np.full(shape, np.nan), np.full(shape, np.nan)
        for (point, _, replicate), measures in found.items():
            for measure in measures:
                cell = int(point), int(replicate), column[measure.metric]
                value[cell], denominator[cell] = measure.value, measure.denominator
        failures = dict(sorted(self.failures.items()))
        (label,) = self.labels
        return Answers(label, tuple(named.values()), value, denominator, failures, self.status)


class Execution:
    """Runs a plan on an executor, and saves each run as soon as it is finished.

    Parameters
    ----------
    folder
        The folder ``parts``, which is made if it is not there.
    plan
        What is run, as far as that is known beforehand.
    executor
        Where runs are simulated; the caller closes it.

    Attributes
    ----------
    progress
        How many simulations are finished, of how many.
    is_interrupted
        Whether an interrupt has ended them.
    """

    def __init__(self, folder: Path, plan: Plan, executor: Executor, watch: Watch = NOBODY) -> None:
        self._plan = plan
        self._tables = plan.run_tables if plan.is_as_given else ()
        self._checkpoints = Checkpoints(folder, self._tables)
        self._executor = executor
        self.progress, self.is_interrupted = (0, 0), False
        self._watch = watch
        self._is_saved = False

    def take_over(self, parts: Path) -> None:
        """Take the finished runs of an earlier attempt at the same experiment."""
        self._checkpoints.take_over(Checkpoints(parts, self._tables))

    def __call__(self) -> Batch:
        """Run all of the plan that is not finished.

        Raises
        ------
        ScenarioError
            If the scenario is possible at none of the points.
        PartialError
            If no run has a result.
        KeyboardInterrupt
            If interrupted before any of the runs finished.
        """
        plan, cases = self._plan, self._plan.cases()
        job = Simulation(
            cases.scenarios,
            plan.root_seed,
            with_tables=plan.is_as_given,
            scratch=self._checkpoints.scratch,
            draws=plan.draws,
        )
        self._save_plan(cases.scenarios.values())
        keys, of_result = plan.run_keys(cases), plan.result_id[:24]
        # In the order of the rows of tables.
        in_order = [
            (*case, number) for case in cases.scenarios for number in range(plan.n_replicates)
        ]
        names = {key: f"{of_result}-{number:07d}" for number, key in enumerate(in_order)}
        failures, is_interrupted = dict(cases.impossible), False

        def keep(name: str, result: RunRecord) -> None:
            self._checkpoints.keep(name, result.tables, result.kept())

        try:
            self._finish(job, {key: names[key] for key in keys}, keep, failures)
        except KeyboardInterrupt:
            if not any(self._checkpoints.has(name) for name in names.values()):
                raise
            is_interrupted = True
        finished = {
            key: name
            for key, name in names.items()
            if key not in failures and self._checkpoints.has(name)
        }
        failures = {key: failures[key] for key in (*cases.impossible, *names) if key in failures}
        if not finished:
            failed = {key: why for key, why in failures.items() if len(key) > 1}
            key, first = next(iter(failed.items()))
            where = " ".join(f"{name}={part}" for name, part in plan.where(key).items())
            message = f"all {len(failed)} runs failed, the first ({where}) with {first}"
            raise PartialError(f"{message}\n{first.details}".rstrip())
        return Batch(plan, cases.labels, finished, failures, is_interrupted, self._checkpoints)

    def read(
        self,
        job: Job[Mapping[str, float]],
        names: Mapping[Key, str],
        n_before: int = 0,
        n_all: int = 0,
    ) -> tuple[Mapping[Key, Mapping[str, float]], Mapping[Key, Failure]]:
        """Run a job that reads numbers off runs, where that was not done before.

        Parameters
        ----------
        names
            Names among the checkpoints, by key of the job: the same for the same runs and readings.
        n_before, n_all
            For progress: readings of earlier calls, and of all if that is known.

        Returns
        -------
        numbers
            By key, then by the name of what was read.
        failures
            Why there are none, by key.

        Raises
        ------
        KeyboardInterrupt
            If interrupted; what is finished is kept among the checkpoints.
        """
        self._save_plan()

        def keep(name: str, result: Mapping[str, float]) -> None:
            plain = {of: None if math.isnan(one) else one for of, one in result.items()}
            self._checkpoints.keep(name, {}, plain)

        failures: dict[Key, Failure] = {}
        self._finish(job, names, keep, failures, n_before, n_all)
        numbers = {
            key: {
                of: math.nan if plain is None else float(plain)
                for of, plain in self._checkpoints.facts(name).items()
            }
            for key, name in names.items()
            if key not in failures
        }
        return numbers, failures

    def _finish(
        self,
        job: Job[T],
        names: Mapping[Key, str],
        keep: Callable[[str, T], None],
        failures: dict[Key, Failure],
        n_before: int = 0,
        n_all: int = 0,
    ) -> None:
        """Run what is not among the checkpoints; failures are added to those given."""
        rest = [key for key, name in names.items() if not self._checkpoints.has(name)]
        n_done = n_before + len(names) - len(rest)
        n_all = n_all or n_before + len(names)
        n_failed, self.progress = 0, (n_done, n_all)
        try:
            if rest:
                # In this process, before others are started that would each compile the same.
                warm_up(self._watch.on_compile)
                pass_on_interrupt()
            # Runs are timed from here on: compiling is none.
            self._watch.on_progress(n_done, n_all)
            if rest:
                with ends_as_interrupts(), closing(self._executor.run(job, rest)) as results:
                    for key, result in results:
                        n_done += 1
                        if isinstance(result, Failure):
                            if result.kind == OwnCodeError.__name__:
                                # It fails in other runs too, and its user waits for the line.
                                raise UsageError(result.message)
                            failures[key] = result
                        else:
                            try:
                                keep(names[key], result)
                            except OSError as error:
                                failures[key] = failure_of(error)
                        n_failed += key in failures
                        self.progress = n_done - n_failed, n_all
                        self._watch.on_progress(n_done, n_all)
        except KeyboardInterrupt:
            self.is_interrupted = True
            self._executor.stop(at_once=True)
            raise

    def _save_plan(self, scenarios: Iterable[Resolved] = ()) -> None:
        """Write the plan and its tables beside the checkpoints, unless they are there already."""
        if not self._is_saved:
            write_question(self._plan, scenarios, self._checkpoints.folder)
            self._is_saved = True


@dataclass(frozen=True)
class Result:
    """Result of an experiment, and its folder."""

    folder: Path
    plan: Plan
    """What was run."""
    manifest: dict[str, Any]
    """The folder's manifest."""
    failures: Mapping[Key, Failure]
    """As for `Batch`."""
    progress: tuple[int, int] = field(default=(0, 0), kw_only=True)
    """As for `Execution`."""

    @property
    def status(self) -> str:
        """``complete``, ``interrupted`` or ``partial``: something failed."""
        return str(self.manifest["status"])

    @property
    def is_unfinished(self) -> bool:
        """Whether resuming may finish more runs."""
        return self.status == INTERRUPTED or any(len(key) > 1 for key in self.failures)


MOST_WRITING_S = 3.0
"""Longest time for writing tables after an interrupt: who sent it waits some seconds at most."""

Found = TypeVar("Found")
Made = TypeVar("Made", bound=Result)
Made_co = TypeVar("Made_co", bound=Result, covariant=True)


class Experiment(HasPlan, Protocol[Found, Made_co]):
    """A run, a comparison, a sweep, a sensitivity analysis, or conditioning."""

    def answer(self, ask: Execution) -> Found:
        """Run batch after batch; after an interrupt return what is finished."""
        ...

    def write(self, folder: Path, found: Found) -> Made_co:
        """Write all files but timing and manifest."""
        ...


def default_folder(plan: Plan) -> Path:
    """``runs/<utc-stamp>-<name of the result>`` below the current folder."""
    return Path("runs") / f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{plan.name}"


def carry_out(
    experiment: Experiment[Found, Made],
    *,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    executor: Executor | None = None,
    earlier: Path | None = None,
    watch: Watch = NOBODY,
) -> Made:
    """Run an experiment and write its folder.

    After an interrupt (Ctrl-C or SIGTERM) the folder is written with the finished runs. Its status
    is then ``interrupted``, and it keeps what is needed to resume. Where writing takes longer than
    ``MOST_WRITING_S``, the finished runs stay in the temporary folder, from which they are resumed.

    Parameters
    ----------
    folder
        Where the result goes; it appears there when it is complete.
    force
        Replace an earlier result there.
    argv
        The command, for ``timing.json``.
    executor
        Where runs are simulated; in this process when None.
    earlier
        Checkpoints of an interrupted attempt at the same experiment: its runs are not run again.

    Raises
    ------
    UsageError
        If the folder is taken, or cannot be made or written before any run is finished.
    ScenarioError
        If the scenario is possible at none of the points.
    PartialError
        If no run has a result, or the folder could not be written after some; finished runs are
        then kept in a folder that the message names.
    KeyboardInterrupt
        If interrupted before any run finished, and nothing is left behind; or when its tables take
        too long to write, with a note where the finished runs are.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    with ExitStack() as until_moved:
        with new_folder(folder, force=force, is_worth=n_runs) as partial:
            try:
                with executor or choose_executor(1) as executor:
                    execution = Execution(partial / PARTS, experiment.plan, executor, watch)
                    if earlier is not None:
                        execution.take_over(earlier)
                    with _counting(execution), ends_as_interrupts():
                        found = experiment.answer(execution)
                with (
                    _counting(execution),
                    ends_soon_after(MOST_WRITING_S, has_come=execution.is_interrupted),
                ):
                    made = experiment.write(partial, found)
                until_moved.enter_context(without_interrupts())
                outputs: list[dict[str, Any]] = made.manifest["outputs"]
                outputs.sort(key=itemgetter("file"))
                timing = {
                    "run_id": folder.name,
                    "argv": list(argv),
                    "started_utc": started.isoformat(timespec="seconds"),
                    "wall_s": round(time.perf_counter() - clock, 3),
                    MANIFEST_HASH: hashlib.sha256(data := json_bytes(made.manifest)).hexdigest(),
                    "failures": [
                        {"key": list(made.plan.where(key).values()), "details": failure.details}
                        for key, failure in made.failures.items()
                    ],
                }
                write_json(partial / TIMING, timing)
                write_whole(partial / MANIFEST, data)
            except OSError as error:
                kind = PartialError if n_runs(partial) else UsageError
                raise kind(f"{folder}: cannot be written: {error}") from None
        if not made.is_unfinished:
            # Not before: until the folder is in its place, the experiment is resumed from them.
            remove_parts(folder)
    return replace(made, folder=folder, progress=execution.progress)


@contextmanager
def _counting(execution: Execution) -> Iterator[None]:
    """Note on an interrupt how many simulations are finished."""
    try:
        yield
    except KeyboardInterrupt as error:
        n, asked = execution.progress
        if n:
            error.add_note(f"{n} of {asked} simulations are finished")
        raise
