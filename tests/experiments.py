"""What tests of experiments share: a run, an executor that breaks where told to, file contents."""

import fcntl
import math
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.experiment.executors.task import Executor, Failure, Key, SerialExecutor, Watch
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs, RunsResult
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.unknowns import Factor
from sim.scenario.variants import choose_variants
from sim.streams import Streams
from sim.world.build import World, build_world
from tests import sites


@dataclass
class Scripted(Executor):
    """Runs keys in this process, notes which, and breaks where it is told to."""

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


def files_of(folder: Path | str) -> dict[str, bytes]:
    """Contents of the files in a folder by name, without what differs each time."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name != "timing.json"
    }


def resolved_of(name: str, overrides: Sequence[str] = ()) -> Resolved:
    """A scenario read with its tables; see `load_scenario`."""
    return resolve(load_scenario(name, overrides))


def simulated(resolved: Resolved, streams: Streams) -> tuple[World, Outcome]:
    """One simulation of a scenario, and the world in which it takes place."""
    world = build_world(resolved, streams)
    return world, simulate(world, build_strategy(resolved, streams), streams)


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
        watch=Watch(lambda n_done, n_total: on_replicate(n_done)),
    )


# Processes of overblock that end by a signal at a given moment, and what a running one holds.


SCRIPT = """\
import os, signal
from sim.results.integrity import Checkpoints

real, kept = Checkpoints.keep, []

def keep(self, *arguments):
    real(self, *arguments)
    kept.append(1)
    if len(kept) == {n_kept}:
        os.kill(os.getpid(), signal.{signal})

# Workers import this file, and go on.
if __name__ == "__main__":
    Checkpoints.keep = keep
    from sim.cli.app import main
    main()
"""


def run_until(
    arguments: Sequence[str], *, signal: str, n_kept: int, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder until so many runs are kept; return how it ended."""
    script = folder / "ended.py"
    script.write_text(SCRIPT.format(signal=signal, n_kept=n_kept), encoding="utf-8")
    try:
        return subprocess.run(
            [sys.executable, str(script), *arguments],
            cwd=folder, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    finally:
        script.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder as the process does that is at work on it."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


# Small folders of ensembles: a run, a comparison, and a case with sites of its own.


def percentiles(values: Iterable[float]) -> tuple[float, ...]:
    """Median, 5th and 95th percentile; each is one of the values where these repeat."""
    ranked, shares = sorted(values), (0.5, 0.05, 0.95)
    if 2 * len(set(ranked)) > len(ranked):
        return tuple(np.quantile(ranked, shares).tolist())
    return tuple(ranked[math.ceil(share * len(ranked)) - 1] for share in shares)


def write_ensemble(folder: Path, resolved: Resolved, n: int = 8) -> None:
    """Write a run of so many simulations."""
    carry_out(Runs(Plan.of_run(resolved, 5, n).of_size(n, fixed=False)), folder=folder)


def write_run(folder: Path) -> None:
    """Write a run with orders that were placed, and nobody who reacts."""
    write_ensemble(folder, resolved_of("austria-2022", ["population.n_businesses=400"]))


def write_sessions(folder: Path) -> None:
    """Write a run in four sessions, whose times are the record's and whose addresses are not."""
    write_ensemble(folder, resolved_of("match-days", ["population.n_businesses=200"]), 4)


def write_comparison(folder: Path, *more: str) -> None:
    """Write two strategies beside none, or more, in a chase of two days."""
    short = ["population.n_businesses=60", "end=2018-04-18T00:00+03:00"]
    resolved = resolved_of("telegram-2018", short)
    variants, baseline = choose_variants(resolved, ("exact", *more, "covering-prefix"))
    plan = Plan.of_comparison(resolved, variants, baseline, (), 3, 1).of_size(6, fixed=False)
    carry_out(Runs(plan), folder=folder)


def write_sites(folder: Path) -> None:
    """Write the case of five named sites whose hours are worked out by hand."""
    tables = folder.with_name(f"{folder.name}-tables")
    tables.mkdir()
    write_ensemble(folder, sites.resolved(tables), 4)


def dial_of(factor: Factor, amount: float) -> float:
    """Where in the range of an assumption an amount stands: 0 at the low end, 1 at the high end."""
    low, high = factor.low, factor.high
    if factor.distribution == "log-uniform":
        return math.log(amount / low) / math.log(high / low)
    return (amount - low) / (high - low)
