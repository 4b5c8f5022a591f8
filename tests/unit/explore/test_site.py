"""The server: who is answered, and that its answer is the command line's, to the byte."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forks import run_code

pytestmark = pytest.mark.laws

pytest.importorskip("starlette")
httpx = pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

MAIN = "from sim.cli.app import main; main()"
BRIEF = {"population.n_businesses": 20}
ASKED = {"scenario": "short", "n_replicates": 1, "settings": BRIEF}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[tuple[str, Path]]:
    """The address of a page over a short scenario, and the folder of its file."""
    folder = tmp_path_factory.mktemp("explored")
    text = (repository / "scenarios" / "surgical.yaml").read_text("utf-8")
    short = "\n".join(
        "end: 2018-04-17T00:00+03:00" if line.startswith("end:") else line
        for line in text.splitlines()
    )
    (folder / "short.yaml").write_text(f"{short}\n", "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "explore", "short.yaml", "--no-open", "-q"],
        cwd=folder, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(repository)},
    )  # fmt: skip
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    yield address, folder
    process.send_signal(signal.SIGINT)
    assert process.wait(60) in (0, 130, -signal.SIGINT)
    process.stdout.close()


def finish(client: Any, address: str, asked: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """Ask for a setting, and wait until it is over."""
    answer = client.post(f"{address}runs", json=asked)
    assert answer.status_code == 202, answer.text
    number = answer.json()["number"]
    with client.stream("GET", f"{address}runs/{number}/messages", timeout=300) as lines:
        return number, [json.loads(line) for line in lines.iter_lines()]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with httpx.Client(timeout=60) as client:
        yield client


def test_only_the_printed_address_is_answered(place: tuple[str, Path], client: Any) -> None:
    address, _ = place
    page = client.get(address)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    origin, token = address.rstrip("/").rsplit("/", 1)
    for wrong in (f"{origin}/", f"{origin}/{token[:-1]}/", f"{origin}/x/start", f"{origin}//"):
        assert client.get(wrong).status_code == 404
    # A name that somebody let resolve to this computer.
    port = origin.rsplit(":", 1)[1]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.:{port}"):
        assert client.get(address, headers={"host": host}).status_code == 421
    asked = client.post(f"{address}runs", json=ASKED, headers={"origin": "http://evil.example"})
    assert asked.status_code == 421


def test_what_is_too_large_or_not_offered_is_refused(place: tuple[str, Path], client: Any) -> None:
    address, _ = place
    assert client.post(f"{address}runs", content=b"x" * 20_000).status_code == 413
    for body in (b"", b"[", b"[" * 10_000, b"\xff"):
        assert client.post(f"{address}runs", content=body).status_code == 400
    refused = client.post(f"{address}runs", json={**ASKED, "settings": {"censor.nothing": 1}})
    assert refused.status_code == 202
    number = refused.json()["number"]
    with client.stream("GET", f"{address}runs/{number}/messages", timeout=300) as lines:
        (told,) = [json.loads(line) for line in lines.iter_lines()]
    assert told["kind"] == "refused"
    assert "censor.nothing" in told["value"]["problems"][0]
    listed = client.post(f"{address}runs", json={**ASKED, "settings": {"fronts.pools": "/x"}})
    assert listed.status_code == 422
    assert client.get(f"{address}runs/9999/answer").status_code == 404
    assert client.get(f"{address}scenario/..%2Fpyproject").status_code == 404


@pytest.mark.long
def test_levers_are_computed_or_there(place: tuple[str, Path], client: Any) -> None:
    """Beside all else, in a process that gives way: see `test_jobs.py`."""
    address, _ = place
    assert client.post(f"{address}levers", json={"scenario": "short"}).status_code in (200, 202)


def test_files_are_those_of_the_manifest(place: tuple[str, Path], client: Any) -> None:
    address, _ = place
    number, told = finish(client, address, ASKED)
    assert told[-1]["kind"] == "done"
    files = f"{address}runs/{number}/files"
    assert client.get(f"{files}/summary.csv").status_code == 200
    for name in ("timing.json", "../../../etc/passwd", "..%2F..%2Fsecret", "/etc/passwd"):
        assert client.get(f"{files}/{name}").status_code in (404, 422)
    assert "<!doctype html>" in client.get(f"{address}runs/{number}/report").text


def test_pictures_come_while_it_computes_and_a_cancelled_run_ends(
    place: tuple[str, Path], client: Any
) -> None:
    address, _ = place
    answer = client.post(f"{address}runs", json={**ASKED, "n_replicates": 200})
    number = answer.json()["number"]
    kinds = []
    began = time.monotonic()
    with client.stream("GET", f"{address}runs/{number}/messages", timeout=120) as lines:
        for line in lines.iter_lines():
            message = json.loads(line)
            kinds.append(message["kind"])
            if message["kind"] == "picture" and message["value"]["pictures"]:
                assert message["value"]["pictures"][0]["svg"].startswith("<svg")
                client.post(f"{address}runs/{number}/cancel")
    assert "picture" in kinds
    assert kinds[-1] == "stopped"
    assert time.monotonic() - began < 100
    assert client.get(f"{address}runs/{number}/answer").status_code == 404


def test_a_page_that_is_closed_stops_its_run(place: tuple[str, Path], client: Any) -> None:
    address, _ = place
    number = client.post(f"{address}runs", json={**ASKED, "n_replicates": 200}).json()["number"]
    with client.stream("GET", f"{address}runs/{number}/messages", timeout=60) as lines:
        next(lines.iter_lines())
    _, told = finish(client, address, ASKED)  # the processes are free again
    assert told[-1]["kind"] == "done"
    with client.stream("GET", f"{address}runs/{number}/messages", timeout=60) as lines:
        assert json.loads(list(lines.iter_lines())[-1])["kind"] == "stopped"


@pytest.mark.parametrize(
    "asked_for",
    [
        # A run with draws.
        pytest.param({5}, id="one"),
        pytest.param(set(range(10)), id="all", marks=pytest.mark.long),
    ],
)
def test_its_answer_is_the_command_lines_to_the_byte(
    asked_for: set[int], place: tuple[str, Path], client: Any, tmp_path: Path
) -> None:
    """Random settings of the levers: every file that a manifest names, and the manifest."""
    address, folder = place
    luck = random.Random(20261127)
    keys = {
        "population.n_businesses": (10, 40, True),
        "population.share_components_at_home": (0.4, 0.9, False),
        "censor.discovery_lag_h": (2, 48, False),
    }  # fmt: skip
    from sim.scenario.load import load_scenario

    tree = load_scenario(str(folder / "short.yaml")).document.tree
    known = {key: ends for key, ends in keys.items() if _has(tree, key)}
    assert len(known) >= 2
    # Columns of tables: a factor, and a position.
    known |= {
        "operators-russia-2018.apply_lag_median_h": (0.4, 1.9, False),
        "components-2018.share_spread": (-1, 1, False),
    }
    for row in range(10):
        settings = {
            key: luck.randint(int(low), int(high)) if whole else round(luck.uniform(low, high), 4)
            for key, (low, high, whole) in known.items()
        }
        strategies = luck.choice([[], ["exact"], ["exact", "wide=aggregate:length=20"]])
        asked = {
            "scenario": "short", "settings": settings, "strategies": strategies,
            "n_replicates": luck.randint(1, 3), "n_draws": luck.choice([0, 0, 2]),
            "root_seed": luck.randrange(2**32),
        }  # fmt: skip
        if row not in asked_for:
            continue
        number, told = finish(client, address, asked)
        assert told[-1]["kind"] == "done", told[-1]
        command = client.get(f"{address}runs/{number}/answer").json()["command"]
        words = shlex.split(command)
        assert "short.yaml" in words
        # What was asked, not what was made of it.
        said = f"-n {asked['n_replicates']} --seed {asked['root_seed']} --draws {asked['n_draws']}"
        assert said in command
        for key, value in settings.items():
            assert f"--set {key}={value}" in command
        for one in strategies:
            assert f"--strategy {one}" in command
        words[words.index("again")] = str(tmp_path / str(row))
        done = run_code(MAIN, [*words[1:], "-q", "-w", "1"], folder=folder)
        assert done.returncode == 0, done.stderr
        manifest = (tmp_path / str(row) / "manifest.json").read_bytes()
        for file in ["manifest.json", *(one["file"] for one in json.loads(manifest)["outputs"])]:
            theirs = client.get(f"{address}runs/{number}/files/{file}")
            assert theirs.status_code == 200, file
            mine = (tmp_path / str(row) / file).read_bytes()
            assert theirs.content == mine, file


def _has(tree: Any, key: str) -> bool:
    section, name = key.split(".")
    return section in tree and name in tree[section]
