"""Processes that compute, and who waits for what.

In: settings. Out: messages of each, as they come. A setting that nobody waits for any more is
stopped; a process that does not stop is ended, and another one takes its place. What the page shows
first is computed before anybody asks, and what was computed is not computed again. It is one file,
since who waits, what is computed and what is ended are one state.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import multiprocessing
import shutil
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from sim.explore.setting import Setting, Source
from sim.explore.worker import Task, work

Message: TypeAlias = "tuple[str, Any]"
MOST_WAITING = 16
"""Settings that wait for a process, at most."""
MOST_KEPT = 24
"""Finished results that are kept, at most; older ones are forgotten."""
GRACE_S = 3.0
"""Time a process is given to stop."""


class BusyError(Exception):
    """Too many settings wait already."""


@dataclass(eq=False)
class Run:
    """A setting that is computed or was.

    Attributes
    ----------
    number
        Names it.
    folder
        Of its results, once it is done.
    state
        ``waiting, running, done, refused`` or ``stopped``.
    n_listening
        How many wait for its messages.
    """

    number: int
    setting: Setting
    folder: Path
    for_levers: bool = False
    state: str = "waiting"
    n_listening: int = 0
    told: list[Message] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, kind: str, value: Any) -> None:
        """Note a message for all who wait; a picture takes the place of the one before."""
        if kind == "picture":
            self.told = [one for one in self.told if one[0] != "picture"]
        self.told.append((kind, value))
        self.changed.set()
        self.changed = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ("done", "refused", "stopped")

    async def messages(self) -> AsyncIterator[Message]:
        """Messages so far and as they come, each at most once, until it is over."""
        seen: list[Message] = []
        while True:
            changed = self.changed
            for one in self.told:
                if not any(one is other for other in seen):
                    seen.append(one)
                    yield one
            seen = list(self.told)
            if self.is_over and self.changed is changed:
                return
            if self.changed is changed:
                await changed.wait()


class _Process:
    """One process and what it is at."""

    def __init__(self, first: Task, *, for_levers: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self.ours, theirs = context.Pipe()
        self.stop = context.Event()
        self.for_levers = for_levers
        self.is_ready = False
        self.run: Run | None = None
        arguments = theirs, self.stop, first, for_levers
        self.process = context.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """End the process, whatever it is at; who listens to it closes the connection."""
        self.process.kill()


class Jobs:
    """All processes, and the settings they compute.

    Parameters
    ----------
    folder
        For results, removed by whoever made it.
    sources
        Each scenario that is offered, by the name that is shown.
    first
        What the page shows first: it is computed before anybody asks.
    n_processes
        How many settings of visitors are computed at a time; one more process chooses levers.
    answered
        Folder that answers the first setting, which is then not computed; it is never removed.
    """

    def __init__(
        self,
        folder: Path,
        sources: Mapping[str, Source],
        first: Setting,
        n_processes: int,
        answered: Path | None = None,
    ) -> None:
        self._folder, self._sources = folder, sources
        self._first, self._n_processes, self._answered = first, n_processes, answered
        self._untaken: Run | None = None
        self._numbers = itertools.count(1)
        self._waiting: deque[Run] = deque()
        self._processes: list[_Process] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.runs: dict[int, Run] = {}

    def begin(self) -> None:
        """Start the processes; call it in the loop in which messages are waited for.

        One begins alone, so that nothing holds up the first picture; the others follow it.
        """
        self._loop = asyncio.get_running_loop()
        if self._answered is None:
            self._untaken = self._new(self._first, for_levers=False)
        else:
            number = next(self._numbers)
            run = Run(number, self._first, self._answered, state="done")
            run.tell("done", {"levers": []})
            self.runs[number] = run
        self._add(for_levers=False)

    async def until_shown(self) -> None:
        """Wait until there is a picture of what the page shows first, or why there is none."""
        if self._untaken is not None:
            async for kind, value in self._untaken.messages():
                if kind != "picture" or value["pictures"]:
                    return

    def end(self) -> None:
        """End all processes."""
        for one in self._processes:
            one.end()
        self._processes = []

    def ask(self, setting: Setting, *, for_levers: bool = False) -> Run:
        """Compute a setting as soon as a process is free, unless that is done.

        Raises
        ------
        BusyError
            If too many wait.
        """
        known = self._known(setting, for_levers=for_levers)
        if known is not None:
            return known
        if len(self._waiting) >= MOST_WAITING:
            raise BusyError
        return self._new(setting, for_levers=for_levers)

    def _known(self, setting: Setting, *, for_levers: bool) -> Run | None:
        """The run of a setting that somebody may have who did not begin it.

        What is under way ends with the visitor who asked for it, but for levers, which are
        everybody's, and what was begun for whoever asks first.
        """
        for run in reversed(self.runs.values()):
            if run.setting == setting and run.for_levers == for_levers:
                is_free = for_levers or run is self._untaken
                if run.state == "done" or (is_free and not run.is_over):
                    self._untaken = None if run is self._untaken else self._untaken
                    self.runs[run.number] = self.runs.pop(run.number)  # the last to be forgotten
                    return run
        return None

    def _new(self, setting: Setting, *, for_levers: bool) -> Run:
        number = next(self._numbers)
        folder = self._folder / str(number) / "run"
        run = Run(number, setting, folder, for_levers)
        folder.parent.mkdir()
        self.runs[number] = run
        self._waiting.append(run)
        self._forget()
        self._give()
        return run

    def cancel(self, run: Run) -> None:
        """Stop a setting."""
        if run in self._waiting:
            self._waiting.remove(run)
            run.state = "stopped"
            run.tell("stopped", None)
        for one in self._processes:
            if one.run is run:
                one.stop.set()
                assert self._loop is not None
                self._loop.call_later(GRACE_S, self._end_unless_stopped, one, run)

    def _end_unless_stopped(self, process: _Process, run: Run) -> None:
        if process.run is run and process in self._processes:
            self._replace(process)

    def _add(self, *, for_levers: bool) -> None:
        number = next(self._numbers)
        ready = Task(number, self._first, self._sources, self._folder / f"{number}-first" / "run")
        ready.folder.parent.mkdir()
        process = _Process(ready, for_levers=for_levers)
        self._processes.append(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: _Process) -> None:
        """Hand messages of a process to the loop; runs in a thread of its own."""
        assert self._loop is not None
        while True:
            try:
                number, kind, value = process.ours.recv()
            except (EOFError, OSError):
                number, kind, value = 0, "lost", None
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._take, process, number, kind, value)
            if kind == "lost":
                # Here alone: a connection must not be closed while another thread reads from it.
                process.ours.close()
                return

    def _take(self, process: _Process, number: int, kind: str, value: Any) -> None:
        run = process.run
        if kind == "lost":
            if process in self._processes:
                self._replace(process)
            return
        if kind == "ready":
            process.is_ready = True
            if len(self._processes) == 1:
                for _ in range(self._n_processes - 1):
                    self._add(for_levers=False)
                self._add(for_levers=True)
            self._give()
            return
        if run is None or run.number != number:
            return
        if kind in ("done", "refused", "stopped"):
            run.state, process.run = kind, None
            process.stop.clear()
        run.tell(kind, value)
        self._give()

    def _replace(self, process: _Process) -> None:
        """End a process, and begin another in its place."""
        self._processes.remove(process)
        stopped = [process.run] if process.run is not None else []
        process.run = None
        process.end()
        if not process.is_ready:  # neither may the next one be: nobody waits for ever
            stopped += [run for run in self._waiting if run.for_levers == process.for_levers]
        for run in stopped:
            if run in self._waiting:
                self._waiting.remove(run)
            run.state = "stopped"
            shutil.rmtree(run.folder.parent, ignore_errors=True)
            run.tell("stopped", None)
        self._add(for_levers=process.for_levers)
        self._give()

    def _give(self) -> None:
        """Give what waits to processes that are free, the first come first."""
        for process in self._processes:
            if process.run is not None or not process.is_ready:
                continue
            mine = (run for run in self._waiting if run.for_levers == process.for_levers)
            run = next(mine, None)
            if run is not None:
                self._waiting.remove(run)
                process.run, run.state = run, "running"
                process.stop.clear()
                task = Task(run.number, run.setting, self._sources, run.folder, run.for_levers)
                with contextlib.suppress(OSError):  # it died just now, which is told next
                    process.ours.send(task)

    def _forget(self) -> None:
        """Forget the oldest results beyond those that are kept."""
        over = [one for one in self.runs.values() if one.is_over and one.folder != self._answered]
        for run in over[: max(len(over) - MOST_KEPT, 0)]:
            shutil.rmtree(run.folder.parent, ignore_errors=True)
            del self.runs[run.number]
