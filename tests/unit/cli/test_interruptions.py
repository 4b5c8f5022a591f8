"""Nothing finished is lost, whenever the process ends and whatever stands where it writes."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.names import listed
from tests.commands import call
from tests.experiments import files_of
from tests.forks import run_code
from tests.kills import SIGNALS, campaign, say, table

pytestmark = pytest.mark.laws

WriteScenario = Callable[..., Path]
RUN = ["run", "small.yaml", "-n", "3", "-w", "1", "--set", "population.n_businesses=10"]
SWEEP = ["sweep", "small.yaml", "--over", "thresholds.impaired=0.1,0.2", "-n", "1", "-w", "1"]
COMMANDS = {"run": RUN, "sweep": SWEEP}
MAIN = "from sim.cli.app import main\nmain()\n"
A_LONG_QUERY = (
    "import duckdb; duckdb.connect(config={'threads': 1}).execute("
    "'SELECT count(*) FROM range(100000000000) t(i) WHERE i % 7 = 3').fetchall()"
)
INTERRUPT_SOON = (
    "threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.{}))).start()"
)


@pytest.fixture(autouse=True)
def here(write_scenario: WriteScenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    write_scenario({"end: 2018-04-20": "end: 2018-04-17"}).rename(folder / "small.yaml")
    monkeypatch.chdir(folder)
    return folder


def script(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, after some lines that change it."""
    head = "import os, signal, threading, time\nfrom pathlib import Path\n"
    return run_code(f"{head}{before}\n{MAIN}", arguments)


def names() -> list[str]:
    return sorted(path.name for path in Path.cwd().iterdir() if path.name != "small.yaml")


@pytest.mark.parametrize("verb", [pytest.param("run", marks=pytest.mark.long), "sweep"])
def test_a_place_that_is_taken_meanwhile_costs_no_run(verb, monkeypatch):
    import sim.experiment.pipeline as pipeline

    command = COMMANDS[verb]
    assert call(*command, "-o", "whole").exit_code == 0
    with monkeypatch.context() as patched:
        real = pipeline.write_json

        def take_place(path: Path, value: object) -> None:
            Path("out").mkdir(exist_ok=True)
            Path("out", "mine").write_text("mine")
            real(path, value)

        patched.setattr(pipeline, "write_json", take_place)
        result = call(*command, "-o", "out")
    (kept,) = set(names()) - {"out", "whole"}
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.endswith(
        "out: exists and is not a run's folder; choose another --output\n"
        f"what is finished is kept in {kept}; --resume {kept} -o OTHER puts it elsewhere\n"
    )
    assert Path("out/mine").read_text() == "mine"
    refused = call(verb, "--resume", kept)
    assert (refused.exit_code, names()) == (2, sorted([kept, "out", "whole"]))
    monkeypatch.setattr("sim.experiment.executors.task.attempt", None)  # nothing is run again
    result = call(verb, "--resume", kept, "-o", "other")
    assert (result.exit_code, names()) == (0, ["other", "out", "whole"]), result.stderr
    assert files_of("other") == files_of("whole")


KILL_AT_RENAME = (
    "def rename(self, other):\n    os.kill(os.getpid(), signal.SIGKILL)\nPath.rename = rename"
)


def test_a_kill_before_the_folder_is_in_its_place_costs_no_run(monkeypatch):
    assert script(KILL_AT_RENAME, *RUN, "-o", "out").returncode == -signal.SIGKILL
    (kept,) = names()
    # Who begins anew is told.
    anew = call(*RUN, "-o", "out")
    said = f"note: a process that was killed left 3 finished runs in {kept}; --resume {kept} goes"
    assert (anew.exit_code, said in anew.stderr) == (0, True), anew.stderr
    monkeypatch.setattr("sim.experiment.executors.task.attempt", None)  # nothing is run again
    result = call("run", "--resume", kept, "-o", "other")
    assert (result.exit_code, names()) == (0, ["other", "out"]), result.stderr
    assert files_of("other") == files_of("out")


@pytest.mark.parametrize(
    ("verb", "name"), [("sweep", "SIGTERM"), pytest.param("run", "SIGINT", marks=pytest.mark.long)]
)
def test_an_interrupt_in_a_query_is_no_failed_run(verb, name):
    """DuckDB with one thread drops the interrupt and raises an error of its own."""
    before = (
        "import sim.experiment.simulation as simulation\n"
        "real, seen = simulation._Worker.run, []\n"
        "def run(self, key):\n"
        "    seen.append(key)\n"
        # Measures are listed by a run that is none of the question.
        "    if len([key for key in seen if key != ('', 0)]) == 2:\n"
        f"        {INTERRUPT_SOON.format(name)}\n"
        f"        {A_LONG_QUERY}\n"
        "    return real(self, key)\n"
        "simulation._Worker.run = run"
    )
    done = script(before, *COMMANDS[verb], "-o", "out")
    assert (done.returncode, done.stdout) == (130, "out\n"), done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(Path("out/manifest.json").read_text())["status"] == "interrupted"
    assert names() == ["out"]
    assert call(verb, "--resume", "out").exit_code == 0
    assert call(*COMMANDS[verb], "-o", "whole").exit_code == 0
    assert files_of("out") == files_of("whole")


IN_A_QUERY = {
    "import": ("sim.addresses.feeds.normal._insert", "list.txt", "-o", "table.parquet"),
    "plot": ("sim.report.figures.look.add_words", "out", "outage"),
    "report": ("sim.report.page.document.render", "out"),
}
"""Where each command is interrupted, and its arguments."""


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("report", "SIGINT"),
        pytest.param("import", "SIGINT", marks=pytest.mark.long),
        pytest.param("plot", "SIGTERM", marks=pytest.mark.long),
    ],
)
def test_an_interrupted_command_leaves_nothing_half_done(verb, name):
    where, *arguments = IN_A_QUERY[verb]
    Path("list.txt").write_text("192.0.2.0/24\n")
    assert call(*RUN, "-o", "out").exit_code == 0
    before = sorted(files_of("."))
    module, function = where.rsplit(".", 1)
    done = script(
        f"import {module} as module\n"
        f"def interrupted(*arguments, **options):\n"
        f"    {INTERRUPT_SOON.format(name)}\n"
        f"    {A_LONG_QUERY}\n"
        f"module.{function} = interrupted",
        verb,
        *arguments,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert sorted(files_of(".")) == before


# Commands that are killed at random moments lose nothing; ``python -m tests.kills`` does more.


@pytest.mark.parametrize(
    "commands",
    [
        ["import --force"],
        pytest.param(["run"], marks=pytest.mark.long),
        pytest.param(["condition"], marks=pytest.mark.long),
    ],
)
def test_nothing_is_lost_by_a_kill(monkeypatch, commands):
    # As many as in the processes that are killed.
    monkeypatch.setattr(listed, "N_DRAWS", 20_000)
    monkeypatch.setattr(listed, "N_LAWS", 100)
    found = campaign(commands, n_kills=6, seed=6)
    assert say(found) == [], f"\n{table(found)}"
    assert len(found) == 6
    assert {one.number for one in found} == set(SIGNALS)
    # Kills that all come too early or too late would find nothing, as on a machine that is busy.
    if len({one.found for one in found}) == 1:
        found = campaign(commands, n_kills=6, seed=7)
        assert say(found) == [], f"\n{table(found)}"
    assert len({one.found for one in found}) > 1, table(found)
