"""The explorer without a browser: its guard, its levers, and its answer to a setting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim.cli.app import app as command_line
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.experiment.saved_plans import plan_of_folder
from sim.explore.app import Lever, levers_of, overrides_of
from sim.explore.server import simulate
from sim.measure.estimates import read_estimates
from sim.results.folder import open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.optional import needs

HOST, TOKEN = "127.0.0.1:8123", "a-token"
SMALL = "population.n_businesses=30"
N = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explored") / "out"
    resolved = resolve(load_scenario("austria-2022", [SMALL]))
    carry_out(Runs(Plan.of_run(resolved, 5, N).of_size(N, fixed=False)), folder=path)
    return path


@pytest.fixture(scope="module")
def levers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Lever]:
    run = open_run(folder)
    plan = plan_of_folder(run, tmp_path_factory.mktemp("tables"))
    return levers_of(plan, read_estimates(run))


def ask(kind: str, path: str, headers: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """Scopes that reach the page, and what is sent back by the guard itself."""
    needs("shiny")
    from sim.explore.app import Guard

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
def test_nothing_but_its_own_address_is_answered(
    kind: str, path: str, headers: dict[str, str], is_ours: bool
) -> None:
    reached, sent = ask(kind, path, headers)
    if is_ours:
        assert [one["root_path"] for one in reached] == [f"/{TOKEN}"]
        assert sent == []
        return
    assert reached == []
    assert sent[0]["type"] == ("websocket.close" if kind == "websocket" else "http.response.start")
    assert kind == "websocket" or sent[0]["status"] == 404


def test_a_lever_gives_what_the_command_line_takes(levers: list[Lever]) -> None:
    assert levers
    for lever in levers:
        assert lever.low <= lever.given <= lever.high
        for value in (lever.low, lever.high):
            chosen = lever.override(str(value))
            assert chosen is not None
            resolve(load_scenario("austria-2022", [SMALL, chosen]))
        above = lever.high + max(abs(lever.high), 1)
        for wrong in (str(above), "nan", "inf", "1e999", "", "1; x=2", "on"):
            assert lever.override(wrong) is None
    assert overrides_of(levers, {"end": "2030-01-01", levers[0].key: "x"}) == []


def test_a_setting_of_kept_simulations_takes_all_draws_as_the_command_line_does(
    folder: Path, levers: list[Lever], tmp_path: Path
) -> None:
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


def test_a_setting_answers_as_the_command_line_does(
    folder: Path, levers: list[Lever], tmp_path: Path
) -> None:
    (chosen,) = overrides_of(levers, {levers[0].key: str(levers[0].high)})
    simulate(folder, tmp_path / "explored", [chosen])
    done = CliRunner().invoke(
        command_line,
        ["run", "austria-2022", "-n", str(N), "--seed", "5", "--set", SMALL, "--set", chosen,
         "-o", str(tmp_path / "run"), "-q", "-w", "1"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for name in ("summary.csv", "groups.csv", "inputs.parquet", "measures.parquet"):
        explored = (tmp_path / "explored" / name).read_bytes()
        assert explored == (tmp_path / "run" / name).read_bytes()
    assert (tmp_path / "explored" / "inputs.parquet").read_bytes() != (
        folder / "inputs.parquet"
    ).read_bytes()
