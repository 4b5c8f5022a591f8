"""Who is computed when, and who is ended, with processes that only note what they are given."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sim.explore import jobs
from sim.explore.jobs import BusyError, Jobs, Run
from sim.explore.setting import Setting, Source
from sim.explore.worker import Task

FIRST, OTHER, THIRD = (Setting("short", n_replicates=n) for n in (2, 3, 4))
SOURCES = {"short": Source("short")}
Inside = Callable[[Jobs], Awaitable[None]]


class Noting:
    """A process in name: it takes tasks, and says what a test lets it say."""

    def __init__(self, first: Task, *, for_levers: bool) -> None:
        self.first, self.for_levers = first, for_levers
        self.ours, self.stop = self, threading.Event()
        self.is_ready, self.is_ended, self.is_closed = False, False, False
        self.run: Run | None = None
        self.tasks: list[Task] = []
        self._messages: queue.Queue[Any] = queue.Queue()

    def send(self, task: Task) -> None:
        self.tasks.append(task)

    def recv(self) -> Any:
        message = self._messages.get()
        if message is None:
            raise EOFError
        return message

    def close(self) -> None:
        self.is_closed = True

    def end(self) -> None:
        self.is_ended = True
        self._messages.put(None)

    def tell(self, kind: str, value: Any = None) -> None:
        number = self.first.number if kind == "ready" else self.tasks[-1].number
        self._messages.put((number, kind, value))


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, for two seconds at most."""
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never held")


def carry(folder: Path, inside: Inside, n_processes: int = 1, answered: Path | None = None) -> None:
    async def whole() -> None:
        made = Jobs(folder, SOURCES, FIRST, n_processes, answered)
        made.begin()
        try:
            await inside(made)
        finally:
            made.end()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "_Process", Noting)
        patch.setattr(jobs, "GRACE_S", 0.05)
        asyncio.run(whole())


async def ready(made: Jobs, n: int = 2) -> list[Any]:
    """All processes, each of which is ready."""
    (first,) = made._processes
    first.tell("ready")
    await until(lambda: len(made._processes) == n)
    for one in made._processes[1:]:
        one.tell("ready")
    await until(lambda: all(one.is_ready for one in made._processes))
    return list(made._processes)


def test_one_begins_alone_and_the_others_follow_it(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        assert [one.for_levers for one in made._processes] == [False]
        visitors = await ready(made, 4)
        assert [one.for_levers for one in visitors] == [False, False, False, True]
        # What the page shows first is computed before anybody asks.
        (task,) = visitors[0].tasks
        assert (task.setting, task.sources, task.for_levers) == (FIRST, SOURCES, False)
        assert task.folder == tmp_path / str(task.number) / "run"
        assert task.folder.parent.is_dir()
        assert not any(one.tasks for one in visitors[1:])
        # Each gets ready in a folder of its own.
        assert len({one.first.folder for one in visitors}) == 4
        assert all(one.first.folder.parent.is_dir() for one in visitors)

    carry(tmp_path, inside, n_processes=3)


def test_settings_are_computed_in_the_sequence_in_which_they_were_asked(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, levers = await ready(made)
        first, second, third = made.ask(FIRST), made.ask(OTHER), made.ask(THIRD)
        own = made.ask(OTHER, for_levers=True)
        assert [one.state for one in (first, second, third, own)] == [
            "running", "waiting", "waiting", "running",
        ]  # fmt: skip
        assert [one.setting for one in levers.tasks] == [OTHER]
        assert levers.tasks[0].for_levers
        for run in (first, second, third):
            assert visitor.run is run
            visitor.tell("done", {"levers": []})
            await until(lambda run=run: run.state == "done")
            assert run.told[-1] == ("done", {"levers": []})
        assert [one.setting for one in visitor.tasks] == [FIRST, OTHER, THIRD]
        assert visitor.run is None

    carry(tmp_path, inside)


def test_a_process_that_does_not_stop_is_ended_and_another_takes_its_place(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        run, waits = made.ask(FIRST), made.ask(OTHER)
        made.cancel(run)
        assert visitor.stop.is_set()
        assert (run.state, visitor.is_ended) == ("running", False)
        await until(lambda: run.state == "stopped")
        assert visitor.is_ended
        assert run.told[-1] == ("stopped", None)
        assert not run.folder.parent.exists()
        await until(lambda: visitor.is_closed)
        levers, another = made._processes
        assert (levers.for_levers, another.for_levers) == (True, False)
        another.tell("ready")
        await until(lambda: waits.state == "running")
        assert another.run is waits

    carry(tmp_path, inside)


def test_a_process_that_stops_in_time_goes_on_with_what_waits(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        run, waits = made.ask(FIRST), made.ask(OTHER)
        made.cancel(run)
        visitor.tell("stopped")
        await until(lambda: waits.state == "running")
        assert (run.state, visitor.run, visitor.stop.is_set()) == ("stopped", waits, False)
        await asyncio.sleep(0.1)  # beyond the time that it is given
        assert visitor in made._processes
        assert (waits.state, visitor.is_ended) == ("running", False)

    carry(tmp_path, inside)


def test_what_waits_is_cancelled_at_once_and_alone(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        run, waits, last = made.ask(FIRST), made.ask(OTHER), made.ask(THIRD)
        made.cancel(waits)
        assert (waits.state, waits.told[-1]) == ("stopped", ("stopped", None))
        assert (run.state, last.state, visitor.stop.is_set()) == ("running", "waiting", False)
        visitor.tell("done", {})
        await until(lambda: last.state == "running")

    carry(tmp_path, inside)


def test_nothing_is_ended_after_the_end(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, levers = await ready(made)
        made.cancel(made.ask(FIRST))
        made.end()
        assert visitor.is_ended
        assert levers.is_ended
        await asyncio.sleep(0.1)
        assert made._processes == []

    carry(tmp_path, inside)


def test_a_process_that_is_lost_takes_along_only_what_it_was_at(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, levers = await ready(made)
        run, waits, own = made.ask(FIRST), made.ask(OTHER), made.ask(OTHER, for_levers=True)
        visitor.end()
        await until(lambda: run.state == "stopped")
        assert (waits.state, own.state) == ("waiting", "running")
        assert len(made._processes) == 2
        # Nobody waits for a process that is lost before it is ready; levers have their own.
        made._processes[1].end()
        await until(lambda: waits.state == "stopped")
        assert (waits.told[-1], own.state) == (("stopped", None), "running")
        assert waits not in made._waiting
        assert levers in made._processes

    carry(tmp_path, inside)


def test_too_many_settings_do_not_wait(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        await ready(made)
        for _ in range(16):
            made.ask(OTHER)
        with pytest.raises(BusyError):
            made.ask(OTHER)
        assert len(made.runs) == 1 + 16
        assert made.ask(FIRST).state == "running"  # it is under way, and waits for nobody

    carry(tmp_path, inside)


def test_what_was_begun_for_whoever_asks_first_is_given_once(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        first = made.ask(FIRST)
        assert made.ask(FIRST) is not first
        assert made.ask(FIRST, for_levers=True) is not first
        levers = made.ask(OTHER, for_levers=True)
        assert made.ask(OTHER, for_levers=True) is levers
        visitor.tell("done", {})
        await until(lambda: first.state == "done")
        assert made.ask(FIRST).state in ("done", "running")

    carry(tmp_path, inside)


def test_the_results_asked_for_last_are_kept(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        first, found = made.ask(FIRST), []
        visitor.tell("done", {})
        await until(lambda: first.state == "done")
        for seed in range(24):
            found.append(made.ask(Setting("short", root_seed=seed)))
            assert made.ask(FIRST) is first  # which is then no old one
            visitor.tell("done", {})
            await until(lambda: found[-1].state == "done")
        made.ask(OTHER)
        # The running one, and 24 that are over: of 25 the oldest is forgotten.
        assert len(made.runs) == 25
        assert found[0].number not in made.runs
        assert not found[0].folder.parent.exists()
        assert all(one.number in made.runs for one in (first, *found[1:]))
        assert all(one.folder.parent.is_dir() for one in (first, *found[1:]))

    carry(tmp_path, inside)


def test_messages_come_once_each_and_end_with_the_run(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        run, heard = made.ask(FIRST), []

        async def listen() -> None:
            heard.extend([one async for one in run.messages()])

        hearing = asyncio.create_task(listen())
        shown = asyncio.create_task(made.until_shown())
        for n_done in range(3):
            visitor.tell("picture", {"pictures": [n_done] * n_done})
            await until(lambda n=n_done: run.told[-1:] and len(run.told[-1][1]["pictures"]) == n)
            await asyncio.sleep(0.01)
        visitor.tell("done", {"levers": [1]})
        await asyncio.wait_for(hearing, 2)
        assert [kind for kind, _ in heard] == ["picture", "picture", "picture", "done"]
        assert [value["pictures"] for _, value in heard[:3]] == [[], [1], [2, 2]]
        # Who comes later hears the last picture and the end.
        assert [one async for one in run.messages()] == heard[2:]
        await asyncio.wait_for(shown, 2)

    carry(tmp_path, inside)


def test_messages_of_what_is_no_longer_computed_are_nobodys(tmp_path: Path) -> None:
    async def inside(made: Jobs) -> None:
        visitor, _ = await ready(made)
        run = made.ask(FIRST)
        n_told = len(run.told)
        visitor._messages.put((run.number + 1000, "done", None))
        visitor.tell("picture", {"pictures": []})
        await until(lambda: len(run.told) > n_told)
        assert (run.state, [kind for kind, _ in run.told]) == ("running", ["picture"])

    carry(tmp_path, inside)
