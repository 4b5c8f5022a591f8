"""Who waits for what: the first picture is there before anybody asks, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from sim.explore import jobs
from sim.explore.jobs import Jobs, Run
from sim.explore.setting import Setting, Source
from tests.unit.explore import pretend

pytestmark = pytest.mark.laws
FIRST = Setting("short", n_replicates=2)
OTHER = Setting("short", n_replicates=3)
LONG = Setting("short", n_replicates=pretend.WAITS)


@pytest.fixture
def carried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Setting, Callable[[Jobs], Awaitable[None]]], None]:
    """Run something with processes that compute nothing."""
    monkeypatch.setattr(jobs, "work", pretend.work)

    def carry(first: Setting, inside: Callable[[Jobs], Awaitable[None]]) -> None:
        async def whole() -> None:
            made = Jobs(tmp_path, {first.scenario: Source(first.scenario)}, first, 1)
            made.begin()
            try:
                await asyncio.wait_for(inside(made), 60)
            finally:
                made.end()

        asyncio.run(whole())

    return carry


async def over(run: Run) -> list[tuple[str, Any]]:
    return [one async for one in run.messages()]


def test_what_is_shown_first_is_there_before_anybody_asks(carried: Any) -> None:
    async def inside(made: Jobs) -> None:
        await made.until_shown()
        run = made.ask(FIRST)
        (first, *_) = run.told
        assert first[0] == "picture"
        assert first[1]["pictures"]
        assert len(made.runs) == 1

    carried(FIRST, inside)


def test_what_is_under_way_has_one_owner_and_what_is_done_is_everybodys(carried: Any) -> None:
    async def inside(made: Jobs) -> None:
        await made.until_shown()
        mine = made.ask(LONG)
        theirs = made.ask(LONG)  # of another visitor: each can be cancelled alone
        assert mine is not theirs
        assert made.ask(LONG) not in (mine, theirs)
        for run in list(made.runs.values()):
            made.cancel(run)
        assert (await over(mine))[-1][0] == "stopped"
        again = made.ask(LONG)
        assert again.number not in (mine.number, theirs.number)
        made.cancel(again)
        done = made.ask(OTHER)
        assert (await over(done))[-1][0] == "done"
        assert made.ask(OTHER) is done
        assert made.ask(OTHER, for_levers=True) is not done

    carried(LONG, inside)


def test_levers_have_a_process_of_their_own_that_gives_way(carried: Any) -> None:
    async def inside(made: Jobs) -> None:
        levers = made.ask(LONG, for_levers=True)
        assert made.ask(LONG, for_levers=True) is levers
        told = await over(made.ask(OTHER))
        assert [kind for kind, _ in told] == ["picture", "picture", "done"]
        (visitors,) = told[1][1]["pictures"]
        while not any(kind == "picture" and value["pictures"] for kind, value in levers.told):
            await asyncio.sleep(0.01)
        (own,) = levers.told[-1][1]["pictures"]
        assert own["process"] != visitors["process"]
        assert (visitors["gives_way"], own["gives_way"]) == (False, True)
        made.cancel(levers)
        assert (await over(levers))[-1][0] == "stopped"

    carried(FIRST, inside)


def test_no_connection_is_closed_while_it_is_read(
    carried: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, closed_meanwhile = set(), []
    recv, close = Connection.recv, Connection.close

    def watched_recv(self: Connection) -> Any:
        reading.add(id(self))
        try:
            return recv(self)
        finally:
            reading.discard(id(self))

    def watched_close(self: Connection) -> None:
        closed_meanwhile.extend([id(self)] if id(self) in reading else [])
        close(self)

    monkeypatch.setattr(Connection, "recv", watched_recv)
    monkeypatch.setattr(Connection, "close", watched_close)

    async def inside(made: Jobs) -> None:
        await made.until_shown()

    carried(LONG, inside)
    assert closed_meanwhile == []


def test_nobody_waits_for_a_process_that_does_not_get_ready(carried: Any) -> None:
    async def inside(made: Jobs) -> None:
        await made.until_shown()
        (run,) = made.runs.values()
        assert run.state == "stopped"

    carried(Setting(pretend.DIES), inside)
