"""All runs of a plan, from resolved scenarios to a whole run folder.

In: a plan, and where to work it off. Out: the folder and what it says. What is finished outlives
whatever happens to the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sim.errors import PartialError
from sim.experiment.comparison import ComparisonLine, Measured
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import Executor, Failure, Key, failure_of
from sim.experiment.interrupts import ends_as_interrupts, without_interrupts
from sim.experiment.outputs import write_outputs
from sim.experiment.plan import Plan
from sim.experiment.question import write_question
from sim.experiment.simulation import Simulation, measures_of
from sim.experiment.weighing import TradeoffLine
from sim.measure.money.accounts import MethodLine
from sim.measure.money.providers import ProviderLine
from sim.measure.summary import SummaryLine
from sim.results.checkpoints import PARTS, Checkpoints, has_runs, remove_parts
from sim.results.contents import TIMING
from sim.results.folder import COMPLETE, INTERRUPTED, PARTIAL
from sim.results.place import new_folder
from sim.results.store import RUN_TABLES, write_json
from sim.scenario.resolve import Resolved

__all__ = ["COMPLETE", "INTERRUPTED", "PARTIAL", "Experiment", "carry_out", "run_experiment"]

Grow = Callable[[Mapping[str, Measured]], int]
"""From the measures so far to the number of further replicates; 0 when there are enough."""


@dataclass(frozen=True)
class Experiment:
    """What was run and where it lies.

    Attributes
    ----------
    folder
        The run folder.
    status
        ``complete``, ``interrupted`` or ``partial``: some runs failed.
    manifest
        Its manifest.
    summary
        Measures over replicates, money last.
    methods
        What each money method says.
    providers
        What each provider lost and gained.
    comparison, tradeoff
        Rows of ``comparison.csv`` and ``tradeoff.csv``; none for a single run.
    failures
        Runs without a result, and why.
    """

    folder: Path
    status: str
    manifest: dict[str, object]
    summary: tuple[SummaryLine, ...]
    methods: tuple[MethodLine, ...]
    providers: tuple[ProviderLine, ...] = ()
    comparison: tuple[ComparisonLine, ...] = ()
    tradeoff: tuple[TradeoffLine, ...] = ()
    failures: Mapping[Key, Failure] = field(default_factory=dict)


def default_folder(plan: Plan) -> Path:
    """``runs/<utc-stamp>-<scenario>-<hash6>`` below the current folder."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path("runs") / f"{stamp}-{plan.resolved.scenario.name}-{plan.result_id[:6]}"


def run_experiment(
    resolved: Resolved,
    *,
    root_seed: int,
    n_replicates: int,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    on_replicate: Callable[[int], None] = lambda n_done: None,
) -> Experiment:
    """Simulate every replicate of a scenario here, and write the run folder; see `carry_out`."""
    plan = Plan.of_run(resolved, root_seed, n_replicates)
    return carry_out(
        plan,
        folder=folder,
        force=force,
        argv=argv,
        on_progress=lambda n_done, n_total: on_replicate(n_done),
    )


def carry_out(
    plan: Plan,
    *,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    executor: Executor | None = None,
    earlier: Checkpoints | None = None,
    grow: Grow | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
) -> Experiment:
    """Work off every run of a plan and write the run folder.

    An interrupt (Ctrl-C, or a request to end) keeps the runs that are finished: the folder is
    written with them and says so, and what it takes to go on stays in it.

    Parameters
    ----------
    folder
        Where the run goes; it appears when it is whole.
    force
        Replace an earlier run there.
    argv
        The command, for ``timing.json``.
    executor
        Where runs are worked off; in this process when None.
    earlier
        Finished runs of the same plan, which are taken and not run again.
    grow
        Asked after all runs how many more replicates are wanted.
    on_progress
        Called with the number of runs finished and of all.

    Raises
    ------
    UsageError
        If the folder is taken or cannot be made.
    PartialError
        If runs failed and none was finished, or the folder could not be written; what is finished
        is then kept in a folder that the message names.
    KeyboardInterrupt
        If interrupted before any run was finished; nothing is left behind.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    with ExitStack() as until_moved:
        with new_folder(folder, force=force, is_worth=has_runs) as partial:
            work = _Work(plan, partial, executor or choose_executor(1), on_progress)
            if earlier is not None:
                work.take_over(earlier)
            is_interrupted = False
            try:
                with ends_as_interrupts():
                    work.run(grow)
            except KeyboardInterrupt:
                if not has_runs(partial):
                    raise
                is_interrupted = True
            until_moved.enter_context(without_interrupts())
            if not work.n_finished:
                raise PartialError(_nothing_finished(work.failures))
            try:
                found = write_outputs(
                    partial,
                    work.plan,
                    work.checkpoints,
                    work.failures,
                    is_interrupted=is_interrupted,
                )
                status = str(found.manifest["status"])
                timing = {
                    "run_id": folder.name,
                    "argv": list(argv),
                    "started_utc": started.isoformat(timespec="seconds"),
                    "wall_s": round(time.perf_counter() - clock, 3),
                    "failures": [
                        {"key": list(key), "details": failure.details}
                        for key, failure in work.failures.items()
                    ],
                }
                write_json(partial / TIMING, timing)
            except OSError as error:
                raise PartialError(f"{folder}: cannot be written: {error}") from None
        if status == COMPLETE:
            # Not before: until the folder is in its place, they are what can be gone on with.
            remove_parts(folder)
    return Experiment(
        folder,
        status,
        found.manifest,
        found.summary,
        found.methods,
        found.providers,
        found.comparison,
        found.tradeoff,
        work.failures,
    )


class _Work:
    """Runs of a plan under way: what is finished, and what failed."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        executor: Executor,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self.plan = plan
        self.failures: dict[Key, Failure] = {}
        self.checkpoints = Checkpoints(folder / PARTS, RUN_TABLES)
        write_question(plan, self.checkpoints.folder)
        self.n_finished = 0
        self._executor = executor
        self._on_progress = on_progress
        self._job = Simulation(plan.cases, plan.root_seed, scratch=self.checkpoints.scratch)

    def take_over(self, earlier: Checkpoints) -> None:
        """Take what is finished from an earlier attempt at the same plan."""
        names = [self.plan.part_name(key) for key in self.plan.keys]
        self.n_finished = self.checkpoints.take_over(earlier, names)

    def run(self, grow: Grow | None) -> None:
        """Work off what is not finished, and what it grows to."""
        with self._executor:
            self._run_rest()
            while grow is not None and not self.failures:
                n_more = grow(self._measured())
                if n_more <= 0:
                    break
                self.plan = replace(self.plan, n_replicates=self.plan.n_replicates + n_more)
                write_question(self.plan, self.checkpoints.folder)
                self._run_rest()

    def _run_rest(self) -> None:
        keys = self.plan.keys
        rest = [key for key in keys if not self.checkpoints.has(self.plan.part_name(key))]
        self._on_progress(self.n_finished, len(keys))
        if not rest:
            return
        with closing(self._executor.run(self._job, rest)) as results:
            for key, result in results:
                if isinstance(result, Failure):
                    self.failures[key] = result
                else:
                    try:
                        name = self.plan.part_name(key)
                        self.checkpoints.keep(name, result.tables, result.facts())
                        self.n_finished += 1
                    except OSError as error:
                        self.failures[key] = failure_of(error)
                self._on_progress(self.n_finished + len(self.failures), len(keys))

    def _measured(self) -> dict[str, Measured]:
        return {
            label: Measured.of(
                {
                    replicate: measures_of(
                        self.checkpoints.facts(self.plan.part_name((label, replicate)))
                    )
                    for replicate in range(self.plan.n_replicates)
                }
            )
            for label in self.plan.labels
        }


def _nothing_finished(failures: Mapping[Key, Failure]) -> str:
    (label, replicate), failure = next(iter(failures.items()))
    return (
        f"all {len(failures)} runs failed, the first (strategy={label} replicate={replicate}) with "
        f"{failure}\n{failure.details}".rstrip()
    )
