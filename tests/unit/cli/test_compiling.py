"""The line about compiling, and commands that need nothing compiled."""

import ctypes
import json
import pkgutil
import signal
import subprocess
import sys
from multiprocessing import active_children
from pathlib import Path

import pytest

import sim
from sim.cli.console import COMPILING
from sim.engine import warm_up as module
from sim.experiment.executors.task import SerialExecutor, Watch
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from tests.commands import call
from tests.experiments import resolved_of

pytestmark = pytest.mark.laws


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Number of processes that run at each compiling; nothing was compiled before."""
    n_running: list[int] = []
    (tmp_path / "kept").mkdir()
    monkeypatch.setattr(module, "folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(
        module, "_call_every_loop", lambda: n_running.append(len(active_children()))
    )
    return n_running


def n_said(*arguments: object) -> int:
    """How often a command says that it compiles."""
    result = call(*arguments)
    assert result.exit_code in (0, 1), (result.output, result.stderr, result.exception)
    assert COMPILING not in result.stdout
    return result.stderr.splitlines().count(COMPILING)


def test_the_first_run_compiles_before_it_starts_processes_and_says_so_once(
    compiled, write_scenario, tmp_path
):
    run = "run", write_scenario(), "-n", 2, "-w"
    assert n_said(*run, 2, "-o", tmp_path / "one") == 1
    assert compiled == [0]
    assert n_said(*run, 1, "-o", tmp_path / "two") == 0
    assert compiled == [0]


def test_quiet_commands_compile_without_a_word(compiled, write_scenario, tmp_path):
    assert n_said("run", write_scenario(), "--quiet", "-n", 1, "-w", 1, "-o", tmp_path / "out") == 0
    assert len(compiled) == 1


@pytest.mark.parametrize("verb", ["run", "verify", "backtest"])
def test_an_interrupt_that_the_compiler_swallows_ends_the_command_when_it_has_compiled(
    verb, compiled, chase_run, write_scenario, tmp_path, monkeypatch
):
    for mark in module.folder().iterdir():
        mark.unlink()
    monkeypatch.setattr(module, "_call_every_loop", lambda: called_back(signal.SIGTERM))
    monkeypatch.setattr(SerialExecutor, "run", lambda *_: pytest.fail("goes on"))
    arguments = {
        "run": [write_scenario(), "-o", tmp_path / "out", "-w", 1],
        "verify": [chase_run, "--sample", 1, "-w", 1],
        "backtest": ["zello-2018-addresses", "-w", 1],
    }[verb]
    result = call(verb, *map(str, arguments))
    assert (result.exit_code, "Traceback" in result.stderr) == (130, False), result.exception
    assert not (tmp_path / "out").exists()


def called_back(number: signal.Signals) -> None:
    """Send a signal while Python code runs that something else calls, as LLVM does."""
    ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(number))()


def test_what_is_left_is_reckoned_from_the_end_of_compiling(compiled, write_scenario, tmp_path):
    said: list[object] = []
    carry_out(
        Runs(Plan.of_run(resolved_of(str(write_scenario())), 7, 1)),
        folder=tmp_path / "out",
        watch=Watch(lambda *counts: said.append(counts), lambda: said.append("compiles")),
    )
    assert said == ["compiles", (0, 1), (1, 1)]


LIGHT = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    try:
        import_module(name)
    except ModuleNotFoundError as missing:
        assert missing.name in {"shiny", "uvicorn"}, missing  # of the extra explore
    assert not {"numba", "llvmlite", "scipy.stats"} & set(sys.modules), name
"""


def test_no_part_of_the_program_but_the_engine_imports_a_compiler_and_none_all_statistics(
    repository,
):
    modules = [
        found.name
        for found in pkgutil.walk_packages(sim.__path__, "sim.")
        if not found.name.startswith(("sim.engine.", "sim.experiment.executors.loaded"))
        and not found.name.endswith("__main__")
    ]
    assert len(modules) > 150
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *modules], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


CALLED = """
import json, sys
from sim.cli.app import main
loaded = {}
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, (arguments, ended.code)
    loaded[arguments[0]] = sorted({"numba", "llvmlite"} & set(sys.modules))
print(json.dumps(loaded))
"""
"""Calls command after command in one process, which imports no more than a process for each."""


def test_commands_that_simulate_nothing_load_no_compiler(repository, chase_run, tmp_path):
    commands = [
        ["exposure", "samples/blocklist.txt", "--inventory", "samples/hosts.csv", "--by", "sector"],
        ["validate", "telegram-2018"],
        ["list"],
        ["doctor"],
        ["report", str(chase_run), "-o", str(tmp_path / "report.html")],
    ]
    done = subprocess.run(
        [sys.executable, "-c", CALLED, json.dumps(commands)],
        cwd=repository, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded == {command[0]: [] for command in commands}
