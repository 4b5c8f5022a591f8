"""The pipeline from an experiment to a complete folder of results.

Runs, comparisons, sweeps, sensitivity analyses and conditioning all take it. Each defines what it
runs and what it writes.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sim.errors import PartialError, UsageError
from sim.experiment.execution import Execution
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import NOBODY, Executor, Failure, Key, Watch
from sim.experiment.interrupts import ends_as_interrupts, ends_soon_after, without_interrupts
from sim.experiment.plan import Plan
from sim.experiment.saved_plans import HasPlan
from sim.files import write_whole
from sim.results.checkpoints import PARTS, n_runs, remove_parts
from sim.results.folder import INTERRUPTED, MANIFEST
from sim.results.integrity import MANIFEST_HASH, TIMING
from sim.results.output import new_folder
from sim.results.store import json_bytes, write_json


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
