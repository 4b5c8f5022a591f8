"""Carries out an experiment: from its plan to a complete folder of results.

In: an experiment and an executor. Out: its folder, and what is in it. Each finished run is saved at
once: it survives interrupts and failures of others, and is not run again when the experiment is
resumed. The loop and its ends are one file, since both decide what an interrupt may cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.engine.warm_up import warm_up
from sim.errors import PartialError
from sim.experiment.answers import Answers, NothingFinishedError, tabulate
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import Executor, Failure, Job, Key, failure_of
from sim.experiment.interrupts import ends_as_interrupts, without_interrupts
from sim.experiment.plan import Cases, Plan
from sim.experiment.question import write_question
from sim.experiment.simulation import RunRecord, Simulation
from sim.files import hash_of
from sim.measure.facts import measures_of
from sim.results.checkpoints import PARTS, Checkpoints, n_runs, remove_parts
from sim.results.contents import TIMING
from sim.results.folder import COMPLETE, INTERRUPTED, MANIFEST, PARTIAL
from sim.results.place import new_folder
from sim.results.store import DRAW_CURVES, write_json
from sim.scenario.resolve import Resolved

OnProgress = Callable[[int, int], None]
"""Called with the number of runs that finished or failed, and of all runs."""


@dataclass(frozen=True)
class Result:
    """Result of an experiment, and its folder.

    Attributes
    ----------
    plan
        What was run.
    manifest
        The folder's manifest.
    failures
        Why there is no result: by ``(point, strategy, replicate)`` for a run, by ``(point,)`` where
        the scenario is not possible.
    """

    folder: Path
    plan: Plan
    manifest: dict[str, Any]
    failures: Mapping[Key, Failure]

    @property
    def status(self) -> str:
        """``complete``, ``interrupted`` or ``partial``: something failed."""
        return str(self.manifest["status"])

    @property
    def is_unfinished(self) -> bool:
        """Whether resuming may finish more runs."""
        return self.status == INTERRUPTED or any(len(key) > 1 for key in self.failures)


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of a plan, finished or failed.

    Attributes
    ----------
    labels
        Labels of the strategies.
    names
        Names of the finished runs among the checkpoints, in the order of the rows of tables.
    failures
        As for `Result`.
    """

    plan: Plan
    labels: tuple[str, ...]
    names: Mapping[Key, str]
    failures: Mapping[Key, Failure]
    is_interrupted: bool
    checkpoints: Checkpoints

    @property
    def status(self) -> str:
        """``complete``, ``interrupted`` or ``partial``: something failed."""
        return INTERRUPTED if self.is_interrupted else PARTIAL if self.failures else COMPLETE

    def answers(self) -> Answers:
        """Measures of all runs by point, strategy and replicate; draws are left out."""
        n_points = len(self.plan.points)
        return tabulate(
            n_points,
            self.labels,
            self.plan.n_replicates,
            {
                key: measures_of(self.checkpoints.facts(name))
                for key, name in self.names.items()
                if int(key[0]) < n_points
            },
            self.failures,
            self.status,
        )


class Ask(Protocol):
    """Runs a plan, or reads runs of it; see `Execution`."""

    def __call__(self, plan: Plan, n_before: int = 0, n_all: int = 0) -> Batch:
        """Return the runs of a plan, finished or failed."""
        ...

    def read(
        self,
        plan: Plan,
        job: Job[Mapping[str, NDArray[np.float64]]],
        names: Mapping[Key, str],
        n_before: int = 0,
        n_all: int = 0,
    ) -> Readings:
        """Return what a job reads off runs, finished or failed."""
        ...


@dataclass(frozen=True)
class Readings:
    """Numbers read off runs, in place of their measures and tables.

    Attributes
    ----------
    numbers
        By key, then by the name of what was read.
    failures
        Why there are none, by key.
    """

    numbers: Mapping[Key, Mapping[str, NDArray[np.float64]]]
    failures: Mapping[Key, Failure]


Found = TypeVar("Found")
T = TypeVar("T")
Made = TypeVar("Made", bound=Result)
Made_co = TypeVar("Made_co", bound=Result, covariant=True)


class Experiment(Protocol[Found, Made_co]):
    """A run, a comparison, a sweep, a sensitivity analysis or a calibration."""

    @property
    def plan(self) -> Plan:
        """What is run, as far as that is known beforehand."""
        ...

    def answer(self, ask: Ask) -> Found:
        """Run batch after batch; after an interrupt return what is finished."""
        ...

    def write(self, folder: Path, found: Found) -> Made_co:
        """Write all files but timing, figures and manifest."""
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
    illustrate: Callable[[Made], Iterable[Path]] = lambda made: (),
    on_progress: OnProgress = lambda n_done, n_total: None,
    on_compile: Callable[[], None] = lambda: None,
) -> Made:
    """Run an experiment and write its folder.

    After an interrupt (Ctrl-C or SIGTERM) the folder is written with the finished runs. Its status
    is then ``interrupted``, and it keeps what is needed to resume.

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
    illustrate
        Draws figures into the folder before it is moved into place, and returns the files.
    on_compile
        Called before loops are compiled, where that was not done before; see `warm_up`.

    Raises
    ------
    UsageError
        If the folder is taken or cannot be made.
    ImpossiblePointsError
        If the scenario is possible at none of the points.
    PartialError
        If no run has a result, or the folder could not be written; finished runs are then kept in
        a folder that the message names.
    KeyboardInterrupt
        If interrupted before any run finished; nothing is left behind.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    with ExitStack() as until_moved:
        with new_folder(folder, force=force, is_worth=n_runs) as partial:
            try:
                with executor or choose_executor(1) as executor:
                    execution = Execution(
                        partial / PARTS, experiment.plan, executor, on_progress, on_compile
                    )
                    if earlier is not None:
                        execution.take_over(earlier)
                    with ends_as_interrupts():
                        found = experiment.answer(execution)
                    until_moved.enter_context(without_interrupts())
                made = experiment.write(partial, found)
                outputs: list[dict[str, Any]] = made.manifest["outputs"]
                outputs += [
                    {"file": path.relative_to(partial).as_posix(), "sha256": hash_of(path)}
                    for path in illustrate(made)
                ]
                outputs.sort(key=itemgetter("file"))
                timing = {
                    "run_id": folder.name,
                    "argv": list(argv),
                    "started_utc": started.isoformat(timespec="seconds"),
                    "wall_s": round(time.perf_counter() - clock, 3),
                    "failures": [
                        {
                            "key": list(made.plan.where(key).values()),
                            "details": failure.details,
                        }
                        for key, failure in made.failures.items()
                    ],
                }
                write_json(partial / TIMING, timing)
                write_json(partial / MANIFEST, made.manifest)
            except OSError as error:
                raise PartialError(f"{folder}: cannot be written: {error}") from None
        if not made.is_unfinished:
            # Not before: until the folder is in its place, the experiment is resumed from them.
            remove_parts(folder)
    return replace(made, folder=folder)


class Execution:
    """Runs plans on an executor, and saves each run as soon as it is finished.

    Parameters
    ----------
    folder
        The folder ``parts``, which is made if it is not there.
    plan
        What is run, as far as that is known beforehand.
    executor
        Where runs are simulated; the caller closes it.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        executor: Executor,
        on_progress: OnProgress = lambda n_done, n_total: None,
        on_compile: Callable[[], None] = lambda: None,
    ) -> None:
        self._tables = (*plan.run_tables, DRAW_CURVES) if plan.is_as_given else ()
        self._checkpoints = Checkpoints(folder, self._tables)
        self._executor = executor
        self._on_progress = on_progress
        self._on_compile = on_compile
        self._held: list[Resolved] = [plan.resolved]
        self._result_id = ""
        self._last: tuple[Plan, Cases, Simulation] | None = None

    def take_over(self, parts: Path) -> None:
        """Take the finished runs of an earlier attempt at the same experiment."""
        earlier = Checkpoints(parts, self._tables)
        self._checkpoints.take_over(earlier, earlier.names)

    def __call__(self, plan: Plan, n_before: int = 0, n_all: int = 0) -> Batch:
        """Run all of a plan that is not finished.

        Parameters
        ----------
        plan
            The plan of the experiment, with other points or more replicates.
        n_before, n_all
            For progress: runs of earlier batches, and of all if that is known.

        Raises
        ------
        ImpossiblePointsError
            If the scenario is possible at none of the points.
        NothingFinishedError
            If no run has a result.
        KeyboardInterrupt
            If interrupted before any of the runs finished.
        """
        cases, job = self._work_of(plan)
        self._hold(plan, cases.scenarios.values())
        names, keys = cases.names(plan.n_replicates), cases.keys(plan.n_replicates)
        failures, is_interrupted = dict(cases.impossible), False

        def keep(name: str, result: RunRecord) -> None:
            self._checkpoints.keep(name, result.tables, result.kept())

        try:
            self._finish(job, {key: names[key] for key in keys}, keep, failures, n_before, n_all)
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
            raise NothingFinishedError(plan, failures)
        return Batch(plan, cases.labels, finished, failures, is_interrupted, self._checkpoints)

    def read(
        self,
        plan: Plan,
        job: Job[Mapping[str, NDArray[np.float64]]],
        names: Mapping[Key, str],
        n_before: int = 0,
        n_all: int = 0,
    ) -> Readings:
        """Run a job that reads numbers off runs, where that was not done before.

        Parameters
        ----------
        plan
            The plan of the experiment.
        names
            Names among the checkpoints, by key of the job: the same for the same runs and readings.
        n_before, n_all
            As for a plan.

        Raises
        ------
        KeyboardInterrupt
            If interrupted; what is finished is kept among the checkpoints.
        """
        self._hold(plan, ())

        def keep(name: str, result: Mapping[str, NDArray[np.float64]]) -> None:
            told = {
                of: [None if np.isnan(one) else one for one in numbers.tolist()]
                for of, numbers in result.items()
            }
            self._checkpoints.keep(name, {}, told)

        failures: dict[Key, Failure] = {}
        self._finish(job, names, keep, failures, n_before, n_all)
        numbers = {
            key: {
                of: np.array(told, np.float64) for of, told in self._checkpoints.facts(name).items()
            }
            for key, name in names.items()
            if key not in failures
        }
        return Readings(numbers, failures)

    def _finish(
        self,
        job: Job[T],
        names: Mapping[Key, str],
        keep: Callable[[str, T], None],
        failures: dict[Key, Failure],
        n_before: int,
        n_all: int,
    ) -> None:
        """Run what is not among the checkpoints, and keep each as soon as it is there.

        Failures are added to those given, so that an interrupt loses none. After an interrupt, runs
        under way are not waited for.
        """
        rest = [key for key, name in names.items() if not self._checkpoints.has(name)]
        n_done = n_before + len(names) - len(rest)
        n_all = n_all or n_before + len(names)
        try:
            if rest:
                # In this process, before others are started that would each compile the same.
                warm_up(self._on_compile)
            # Runs are timed from here on: compiling is none.
            self._on_progress(n_done, n_all)
            if rest:
                with ends_as_interrupts(), closing(self._executor.run(job, rest)) as results:
                    for n_more, (key, result) in enumerate(results, 1):
                        if isinstance(result, Failure):
                            failures[key] = result
                        else:
                            try:
                                keep(names[key], result)
                            except OSError as error:
                                failures[key] = failure_of(error)
                        self._on_progress(n_done + n_more, n_all)
        except KeyboardInterrupt:
            self._executor.stop(at_once=True)
            raise

    def _work_of(self, plan: Plan) -> tuple[Cases, Simulation]:
        """Cases of a plan and the job for them; the same ones where only replicates are added."""
        if self._last is None or self._last[0].points is not plan.points:
            cases = plan.cases()
            job = Simulation(
                cases.scenarios,
                plan.root_seed,
                with_tables=plan.is_as_given,
                scratch=self._checkpoints.scratch,
                draws=plan.draws,
            )
            self._last = plan, cases, job
        return self._last[1:]

    def _hold(self, plan: Plan, scenarios: Iterable[Resolved]) -> None:
        """Write the plan and its tables beside the checkpoints, unless they are there already."""
        held = {table.name for resolved in self._held for table in resolved.tables}
        more = []
        for resolved in scenarios:
            names = {table.name for table in resolved.tables}
            if not names <= held:
                more.append(resolved)
                held |= names
        result_id = plan.result_id
        if more or result_id != self._result_id:
            self._held += more
            self._result_id = result_id
            write_question(plan, self._held, self._checkpoints.folder)
