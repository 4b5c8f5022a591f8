"""The explorer without a browser: its guard, its levers, its page, and its answer to a setting."""

import asyncio
import html
import json
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

pytest.importorskip("shiny")

from sim.cli.app import app as command_line
from sim.errors import UsageError
from sim.experiment.saved_plans import plan_of_folder
from sim.explore import app as explorer
from sim.explore.app import Guard, Lever, build_app, levers_of, overrides_of
from sim.measure.estimates import read_estimates
from sim.report.words.answer import answer
from sim.report.words.numbers import span
from sim.results.folder import open_run
from sim.scenario.load import load_scenario
from tests.experiments import resolved_of, write_ensemble

HOST, TOKEN = "127.0.0.1:8123", "a-token"
SMALL = "population.n_businesses=30"
N = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explored") / "out"
    write_ensemble(path, resolved_of("austria-2022", [SMALL]), N)
    return path


@pytest.fixture(scope="module")
def levers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Lever]:
    run = open_run(folder)
    plan = plan_of_folder(run, tmp_path_factory.mktemp("tables"))
    return levers_of(plan, read_estimates(run))


@pytest.fixture(scope="module")
def other(folder: Path, levers: list[Lever], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Result of the first lever at its upper end."""
    path = tmp_path_factory.mktemp("other") / "out"
    explorer.simulate(folder, path, overrides_of(levers, {levers[0].key: str(levers[0].high)}))
    return path


def ask(kind: str, path: str, headers: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """Scopes that reach the page, and what is sent back by the guard itself."""
    reached: list[Any] = []
    sent: list[Any] = []

    async def page(scope: Any, _receive: Any, _send: Any) -> None:
        reached.append(scope)

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "headers": given}
    asyncio.run(Guard(page, TOKEN, HOST)(scope, None, send))
    return reached, sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("path", "headers", "is_ours"),
    [
        (f"/{TOKEN}/", {"host": HOST}, True),
        (f"/{TOKEN}/websocket/", {"host": HOST, "origin": f"http://{HOST}"}, True),
        ("/", {"host": HOST}, False),
        ("/another/", {"host": HOST}, False),
        (f"/{TOKEN}x/", {"host": HOST}, False),
        (f"/{TOKEN}/", {"host": "example.org"}, False),
        (f"/{TOKEN}/", {}, False),
        (f"/{TOKEN}/", {"host": HOST, "origin": "http://example.org"}, False),
        (f"/{TOKEN}/", {"host": HOST, "origin": "null"}, False),
        (f"/{TOKEN}/", {"host": HOST, "origin": f"https://{HOST}"}, False),
    ],
)
def test_nothing_but_its_own_address_is_answered(kind, path, headers, is_ours):
    reached, sent = ask(kind, path, headers)
    if is_ours:
        assert [one["root_path"] for one in reached] == [f"/{TOKEN}"]
        assert sent == []
        return
    assert reached == []
    assert sent[0]["type"] == ("websocket.close" if kind == "websocket" else "http.response.start")
    assert kind == "websocket" or sent[0]["status"] == 404


def test_a_lever_gives_what_the_command_line_takes(levers):
    assert levers
    for lever in levers:
        assert lever.low <= lever.given <= lever.high
        for value in (lever.low, lever.high):
            chosen = lever.override(str(value))
            assert chosen is not None
            resolved_of("austria-2022", [SMALL, chosen])
        above = lever.high + max(abs(lever.high), 1)
        for wrong in (str(above), "nan", "inf", "1e999", "", "1; x=2", "on"):
            assert lever.override(wrong) is None
    assert overrides_of(levers, {"end": "2030-01-01", levers[0].key: "x"}) == []


def test_a_setting_of_kept_simulations_takes_all_draws_as_the_command_line_does(
    folder, levers, tmp_path
):
    run = open_run(folder)
    kept = {"n_members": N, "is_conditioned": True, "root_seed": 9, "draws": [1, 4, 7]}
    run = replace(run, manifest={**run.manifest, "ensemble": kept})
    assert plan_of_folder(run, tmp_path).asked["ensemble"] == kept
    chosen = levers[0].override(str(levers[0].high))
    plan = plan_of_folder(run, tmp_path, more=[str(chosen)])
    assert plan.draws is not None
    assert (plan.draws.root_seed, plan.draws.number.tolist()) == (5, [0, 1, 2])
    assert plan.asked["ensemble"] == {
        "n_members": N, "is_conditioned": False,
        "not_conditioned": "they are of other inputs, values or tables",
    }  # fmt: skip


def test_a_setting_answers_as_the_command_line_does(folder, levers, other, tmp_path):
    (chosen,) = overrides_of(levers, {levers[0].key: str(levers[0].high)})
    done = CliRunner().invoke(
        command_line,
        ["run", "austria-2022", "-n", str(N), "--seed", "5", "--set", SMALL, "--set", chosen,
         "-o", str(tmp_path / "run"), "-q", "-w", "1"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for name in ("summary.csv", "groups.csv", "inputs.parquet", "measures.parquet"):
        explored = (other / name).read_bytes()
        assert explored == (tmp_path / "run" / name).read_bytes()
    assert read_inputs(other) != read_inputs(folder)


OUTPUTS = ("now", "before", "progress")
STUB = """#!{python}
import shutil, sys
_, _, _, folder, into, chosen = sys.argv
if chosen.endswith("={wrong}"):
    sys.exit("a warning\\nthe error")
assert (folder, chosen) == ({folder!r}, {chosen!r})
print("2 3", flush=True)
shutil.copytree({other!r}, into)
"""
"""Stands for Python, which is asked for a setting: it copies the result, or fails."""


@asynccontextmanager
async def opened(app: Guard, search: str) -> AsyncIterator[tuple[str, Any, Any]]:
    """Text of the page, and what sends it values and waits for what it is sent."""
    of_both = {"headers": [(b"host", HOST.encode())], "query_string": search.encode()}
    sent: asyncio.Queue[Any] = asyncio.Queue()
    got: asyncio.Queue[Any] = asyncio.Queue()
    scope = {**of_both, "type": "http", "method": "GET", "path": f"/{TOKEN}/"}
    await app(scope, sent.get, got.put)
    parts = [got.get_nowait() for _ in range(got.qsize())]
    page = b"".join(part.get("body", b"") for part in parts).decode()

    async def send(method: str, **values: Any) -> None:
        text = json.dumps({"method": method, "data": values})
        await sent.put({"type": "websocket.receive", "text": text})

    async def wait(name: str, text: str) -> dict[str, Any]:
        """Next outputs, address and levers of which the named one has the text."""
        while True:
            message = json.loads((await asyncio.wait_for(got.get(), 120)).get("text", "{}"))
            found = {**message.get("values", {}), **message.get("custom", {})}
            found |= {one["id"]: one["message"] for one in message.get("inputMessages", [])}
            if name in found and text in json.dumps(found[name]):
                return found

    scope = {**of_both, "type": "websocket", "path": f"/{TOKEN}/websocket/"}
    ended = asyncio.create_task(app(scope, sent.get, got.put))
    await sent.put({"type": "websocket.connect"})
    yield page, send, wait
    await sent.put({"type": "websocket.disconnect", "code": 1000})
    await ended


@pytest.mark.laws
def test_the_page_has_the_answer_of_a_setting_beside_the_one_before(
    folder, levers, other, tmp_path, monkeypatch
):
    first = levers[0]
    (chosen,) = overrides_of(levers, {first.key: str(first.high)})
    wrong = f"{first.low:.6g}"
    stub = tmp_path / "python"
    stub.write_text(
        STUB.format(
            python=sys.executable, folder=str(folder), other=str(other), chosen=chosen, wrong=wrong
        )
    )
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    (tmp_path / "results").mkdir()
    runs = [open_run(path) for path in (folder, other)]
    results = [answer(run).lines()[-1] for run in runs]
    assert results[0] != results[1]
    app = Guard(build_app(folder, levers, tmp_path / "results"), TOKEN, HOST)

    async def look() -> None:
        async with opened(app, f"{quote(first.key)}={first.high}") as (page, send, wait):
            assert f"<h1>{html.escape(runs[0].title, quote=False)}</h1>" in page
            assert f"<title>overblock: {html.escape(runs[0].title, quote=False)}</title>" in page
            sliders = re.findall(r'<label for="(.*?)">(.*?)</label><input (.*?)/>', page)
            assert len(sliders) == len(levers) == 6  # docs/how-to/explore.md
            for row, (one, (of, text, input_)) in enumerate(zip(levers, sliders, strict=True)):
                value = one.high if row == 0 else one.given
                assert html.unescape(text).startswith(one.meaning)
                assert html.unescape(text).endswith(f", {one.unit} ({span(one.low, one.high)})")
                assert f'id="{of}"' in input_
                for name, end in (("min", one.low), ("max", one.high), ("value", value)):
                    assert f'{name}="{end!r}"' in input_
                assert ('step="1"' in input_) is one.is_whole
            ids = [of for of, *_ in sliders]
            given = {of: one.given for of, one in zip(ids, levers, strict=True)}
            shown = {f".clientdata_output_{one}_hidden": False for one in OUTPUTS}
            await send("init", **given, **shown, **{"reset:shiny.action": 0})
            assert (await wait("address", ""))["address"] == {"search": ""}
            now = (await wait("now", "This setting"))["now"]["html"]
            for line in answer(runs[0]).lines():
                assert html.escape(line, quote=False) in now
            assert re.findall(r'<div class="(\w+)"><svg', now) == ["wide", "narrow"]
            await send("update", **{ids[0]: first.high})
            assert (await wait("address", "?"))["address"] == {"search": f"?{chosen}"}
            await wait("progress", "the answer above is of the one before")
            await wait("progress", "2 of 3 simulations")
            both = await wait("now", results[1])
            assert both["progress"] == ""
            assert results[0] in both["before"]["html"]
            assert "The setting before" in both["before"]["html"]
            await send("update", **{ids[0]: first.low})
            await wait("progress", '"the error"')
            await send("update", **{"reset:shiny.action": 1})
            back = await wait(ids[-1], "value")
            assert [back[of]["value"] for of in ids] == list(given.values())
            await send("update", **{ids[0]: first.given})
            assert results[1] in (await wait("now", results[0]))["before"]["html"]

    asyncio.run(look())


def test_a_folder_is_served_as_it_is_and_a_scenario_is_simulated_first(
    folder, levers, tmp_path, monkeypatch
):
    built: list[Any] = []
    served: list[Any] = []
    said: list[Any] = []

    def build(path: Path, of: list[Lever], results: Path) -> None:
        assert results.is_dir()
        built.append((path, of, open_run(path).manifest["ensemble"], read_inputs(path)))

    def run(uvicorn: Any, sockets: list[socket.socket]) -> None:
        served.append((uvicorn.config.app, *sockets[0].getsockname()))

    monkeypatch.setattr("sim.explore.app.build_app", build)
    monkeypatch.setattr("uvicorn.Server.run", run)
    edited = shutil.copytree(folder, tmp_path / "edited")
    (edited / "groups.csv").write_text("")
    explorer.serve(str(edited), 0, said.append, said.append)
    (warned,), address = said
    assert warned.startswith(f"{edited / 'groups.csv'}: ")
    guard, host, port = served[0]
    assert (guard._host, host) == (f"{host}:{port}", "127.0.0.1")
    assert address == f"http://{host}:{port}/{guard._token}/"
    assert built[0][:2] == (edited, levers)
    # A scenario is run like `overblock run`.
    monkeypatch.setattr(explorer, "FEWEST", N)
    monkeypatch.setattr(explorer, "load_scenario", lambda given, _: load_scenario(given, [SMALL]))
    monkeypatch.setattr(explorer, "choose_root_seed", lambda *_: 5)
    explorer.serve("austria-2022", 0, said.append, said.append)
    assert said[2] == []
    assert built[1][0] != folder
    assert built[1][2:] == (open_run(folder).manifest["ensemble"], read_inputs(folder))


def test_a_port_that_is_taken_is_refused(folder):
    with socket.create_server((HOST.partition(":")[0], 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port {port}: Address already in use"):
            explorer.serve(str(folder), port, lambda _: None, lambda _: None)


def read_inputs(run: Path) -> bytes:
    return (run / "inputs.parquet").read_bytes()


@pytest.mark.parametrize("options", [["--open"], ["--no-open"], []])
def test_the_address_is_printed_and_opened_on_a_terminal_or_when_asked(options, monkeypatch):
    opened: list[str] = []
    at_once: list[bytes] = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    def serve(given, port, ready, warn):
        ready(f"{given} {port}")
        at_once.append(cast("Any", sys.stdout).buffer.getvalue())

    monkeypatch.setattr(explorer, "serve", serve)
    result = CliRunner().invoke(command_line, ["explore", "runs/1", "--port", "7", *options])
    assert (result.exit_code, result.stdout) == (0, "runs/1 7\n")
    assert at_once == [b"runs/1 7\n"]
    assert "Computing the first answer" in result.stderr
    assert opened == ["runs/1 7"] * (options == ["--open"])


def test_packages_that_are_missing_are_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "sim.explore.app")
    monkeypatch.setitem(sys.modules, "shiny", None)
    result = CliRunner().invoke(command_line, ["explore", "telegram-2018", "--no-open"])
    assert result.exit_code == 2
    assert "explore needs more packages: pip install 'overblock[explore]'" in result.output
