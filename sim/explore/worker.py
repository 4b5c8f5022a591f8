"""A process that computes what visitors ask, one setting after another.

In: settings through a pipe. Out: pictures so far, how far it is, and the run folder that the
command line would have written. Between two steps of a run it looks whether it is to stop.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sim.engine.warm_up import warm_up
from sim.errors import OverblockError, PartialError
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Executor, Failure, Job, Key
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.experiment.simulation import RunRecord, Simulation
from sim.explore.levers import levers_of
from sim.explore.live_curves import LiveCurves, beside
from sim.explore.live_figures import LiveFigures
from sim.explore.live_map import LiveMap
from sim.explore.setting import Setting, Source
from sim.measure.facts import RunFacts

EVERY_S = 0.15
"""Shortest time between two pictures."""
LEVER_DRAWS = 64
"""Draws by which levers are chosen where no run with draws is there: one Latin hypercube."""
GIVES_WAY = 10
"""How much later the process that chooses levers gets the processor (`os.nice`)."""
SMALL = Setting("surgical", (), ("population.n_businesses=20",), 1)
"""A setting that takes no time."""
Result = TypeVar("Result")


class Event(Protocol):
    """What tells a process to stop, from another one."""

    def is_set(self) -> bool:
        """Whether it is to stop."""
        ...


class _Pipe(Protocol):
    """Where messages go."""

    def send(self, message: Any, /) -> None:
        """Take a message."""
        ...


class Stopped(BaseException):
    """A visitor wants something else."""


@dataclass(frozen=True)
class Task:
    """What is to be computed.

    Attributes
    ----------
    number
        Which task this is; all messages name it.
    setting
        The setting.
    sources
        Each scenario that is offered, by the name that is shown.
    folder
        Where the run folder goes.
    for_levers
        Whether it is run to choose the levers.
    """

    number: int
    setting: Setting
    sources: Mapping[str, Source]
    folder: Path
    for_levers: bool = False


class _Watched(Executor):
    """Runs in this process, and shows them as they go."""

    def __init__(
        self,
        live: LiveCurves,
        map_: LiveMap,
        figures: LiveFigures,
        show: Callable[[], None],
        stop: Event,
    ) -> None:
        self._inner = SerialExecutor()
        self._live, self._map, self._figures = live, map_, figures
        self._show, self._stop = show, stop

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        assert isinstance(job, Simulation)
        watched: Any = replace(job, watch=self._note)
        for key, result in self._inner.run(watched, keys):
            self._live.finish(key)
            if isinstance(result, RunFacts):
                self._figures.finish(key, result.measures)
            if isinstance(result, RunRecord):
                self._map.finish(key, result.tables)
            self._show()
            yield key, result

    def stop(self, *, at_once: bool = False) -> None:
        self._inner.stop(at_once=at_once)

    def _note(self, *told: Any) -> None:
        """Take in what `LiveCurves.note` is told, unless it is to stop."""
        if self._stop.is_set():
            raise Stopped
        self._live.note(*told)
        self._map.note(*told)
        self._show()


class _Nobody:
    """Where messages go before anybody asks."""

    def send(self, message: object) -> None:
        """Take a message."""


def work(pipe: Connection, stop: Event, first: Task, gives_way: bool) -> None:
    """Compute what comes through the pipe until it is closed.

    Parameters
    ----------
    first
        What the page shows first: its tables are read, and something small is run and drawn,
        before anybody asks, so that loops and modules are there when it counts.
    gives_way
        Whether other processes of this computer go first.
    """
    # Ctrl-C is for the process that serves, which ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if gives_way and hasattr(os, "nice"):
        os.nice(GIVES_WAY)
    with suppress(KeyboardInterrupt):
        _make_ready(first, stop)
        pipe.send((first.number, "ready", None))
        _serve(pipe, stop)


def _make_ready(first: Task, stop: Event) -> None:
    warm_up()
    with suppress(OverblockError):
        first.setting.plan(first.sources)
        small = replace(first, setting=SMALL, sources={SMALL.scenario: Source(SMALL.scenario)})
        _carry_out(small, _Nobody(), stop)
    shutil.rmtree(first.folder.parent, ignore_errors=True)


def _serve(pipe: Connection, stop: Event) -> None:
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            kind, told = "done", _carry_out(task, pipe, stop)
        except Stopped:
            shutil.rmtree(task.folder.parent, ignore_errors=True)
            kind, told = "stopped", None
        except OverblockError as error:
            kind, told = "refused", {"problems": str(error).splitlines()[:20]}
        try:
            pipe.send((task.number, kind, told))
        except OSError:
            return


def _carry_out(task: Task, pipe: _Pipe, stop: Event) -> dict[str, Any]:
    plan = task.setting.plan(task.sources)
    if task.for_levers:
        plan = plan.with_draws(LEVER_DRAWS)
    scenario = plan.resolved.scenario
    labels = sorted(plan.labels, key=lambda one: one == plan.baseline)
    live = LiveCurves(labels, scenario.start, scenario.horizon_s, plan.n_replicates)
    map_ = LiveMap(plan.labels, scenario.start)
    figures = LiveFigures([one.description for one in plan.variants], plan.baseline)
    shown_at = -EVERY_S
    done = (0, 1)

    def show() -> None:
        nonlocal shown_at
        now = time.monotonic()
        if now - shown_at < EVERY_S:
            return
        shown_at = now
        told: dict[str, Any] = {"pictures": [], "maps": [], "figures": {"heads": [], "rows": []}}
        if not task.for_levers:
            pictures = live.pictures()
            maps = beside(map_.maps(), pictures)
            told = {"pictures": pictures, "maps": maps, "figures": figures.table()}
        pipe.send((task.number, "picture", {**told, "done": done}))

    def progress(n_done: int, n_all: int) -> None:
        nonlocal done
        done = n_done, n_all
        if stop.is_set():
            raise Stopped

    result = carry_out(
        Runs(plan),
        folder=task.folder,
        executor=_Watched(live, map_, figures, show, stop),
        on_progress=progress,
    )
    if result.status != "complete":
        raise PartialError("some runs failed: see the manifest of the folder")
    return {"levers": [one.as_json() for one in _levers(plan, task)]}


def _levers(plan: Plan, task: Task) -> list[Any]:
    return list(levers_of(plan, task.folder)) if plan.draws is not None else []
