"""What tests of experiments share: a run, an executor that breaks where told to, file contents."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.experiment.executors.task import Executor, Failure, Key, SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs, RunsResult
from sim.scenario.resolve import Resolved


@dataclass
class Scripted(Executor):
    """Runs keys in this process, notes which, and breaks where it is told to.

    Attributes
    ----------
    asked
        Keys that were run.
    interrupt_after
        Number of keys after which an interrupt comes.
    fails
        Keys that fail, or their numbers in the order of running.
    backwards
        Run the last key first.
    """

    asked: list[Key] = field(default_factory=list)
    interrupt_after: int | None = None
    fails: tuple[Key | int, ...] = ()
    backwards: bool = False

    def run(self, job: Any, keys: Sequence[Key]) -> Generator[tuple[Key, Any], None, None]:
        keys = list(reversed(keys)) if self.backwards else list(keys)
        for key, result in SerialExecutor().run(job, keys):
            n = len(self.asked)
            if n == self.interrupt_after:
                raise KeyboardInterrupt
            self.asked.append(key)
            is_told = key in self.fails or n in self.fails
            yield key, Failure("ValueError", "told to", "where") if is_told else result

    def stop(self, *, at_once: bool = False) -> None:
        pass


def files_of(folder: Path) -> dict[str, bytes]:
    """Contents of the files in a folder by name, without what differs each time."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timing.json"
    }


def run_experiment(
    resolved: Resolved,
    *,
    root_seed: int,
    n_replicates: int,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    on_replicate: Callable[[int], None] = lambda n_done: None,
) -> RunsResult:
    """Simulate every replicate of a scenario here, and write the run folder; see `carry_out`."""
    return carry_out(
        Runs(Plan.of_run(resolved, root_seed, n_replicates)),
        folder=folder,
        force=force,
        argv=argv,
        on_progress=lambda n_done, n_total: on_replicate(n_done),
    )
