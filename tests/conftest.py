"""How tests run, and a small scenario to change; ``shared_runs.py`` makes runs once a session."""

import fcntl
import gc
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

import pytest

from sim.addresses.machine_code import folder as folder_of_code
from sim.engine.warm_up import warm_up
from sim.experiment.executors.pool import ONE_THREAD
from tests import examples

# Some hundred processes import the same. Containers often tell Python to keep nothing it compiled.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# To collect tests makes millions of objects, none of which is garbage.
gc.set_threshold(20_000, 20, 20)

# Whoever starts tests in the background has them ignore an interrupt, and so would what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Before tests are imported, which ask for numbers of examples, and before the option is read.
examples.register()

REPOSITORY = Path(__file__).resolve().parent.parent
COMPILING = "from sim.engine.warm_up import warm_up; warm_up()"
NOTHING_COMPILED = (
    "documents/", "fuzz/", "mutants/", "packaging/", "unit/addresses/", "unit/blocklists/",
    "unit/names/", "unit/report/documents/", "unit/report/test_languages.py", "unit/report/words/",
    "unit/scenario/", "unit/statistics/",
)  # fmt: skip
"""Tests that simulate nothing, and run while loops are compiled."""

MINIMAL = """\
format: overblock/scenario/1
name: small
title: A small scenario
start: 2018-04-16T00:00+03:00
end: 2018-04-20T00:00+03:00
root_seed: 7
n_replicates: 2
target:
  name: Target
  prefixes: telegram-prefixes-2018
strategy:
  id: replay
  orders: telegram-2018-orders
population:
  n_businesses: 40
"""
"""Valid; each line is said once, so that a test can replace it. ``strategy`` stands in line 11."""

WriteScenario = Callable[..., Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite files of tests/golden whose numbers moved (see tests/golden/README.md)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Compile all loops in a process of its own while workers run what needs none."""
    if not getattr(config.option, "numprocesses", None):
        _let_the_first_compile_tests()
        # The process that only distributes tests skips this import of most of the program.
        from tests import shared_runs

        config.pluginmanager.register(shared_runs)
        return
    # Workers, and what they start, share the processors: a second thread for linear algebra would
    # wait for one that another worker has.
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    # Files are run in the sequence of `pytest_collection_modifyitems`.
    config.option.loadscopereorder = False
    with _lock_of_code().open("w") as lock:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The lock goes with the process.
        compiling = subprocess.Popen(
            [sys.executable, "-c", COMPILING], cwd=REPOSITORY, pass_fds=[lock.fileno()]
        )

    def end() -> None:
        compiling.kill()
        compiling.wait()

    config.add_cleanup(end)


_COLLECTING: list[IO[str]] = []


def _let_the_first_compile_tests() -> None:
    """Wait, in a fresh clone, while another worker compiles all that both import."""
    is_fresh = not (REPOSITORY / "tests/unit/world/__pycache__").exists()
    if is_fresh and "PYTEST_XDIST_WORKER" in os.environ:
        _COLLECTING.append(lock := (folder_of_code() / "collecting.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(lock, fcntl.LOCK_SH)


def _lock_of_code() -> Path:
    return folder_of_code() / "tests.lock"


@cache
def compile_loops() -> None:
    """Compile all loops, or wait for the process that does, so that no command says it does."""
    with _lock_of_code().open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        warm_up()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Wait before any fixture: one that makes a run would compile all loops a second time.

    What a command says on stderr does not depend on which test is the first.
    """
    if simulates(item.path):
        compile_loops()


def simulates(path: Path) -> bool:
    """Whether tests of a file may call compiled loops."""
    place = path.relative_to(REPOSITORY / "tests").as_posix()
    return not place.startswith(NOTHING_COMPILED)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files of which no test is asked for."""
    if collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    return is_left_out(text, config.option.markexpr) or None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first what simulates nothing."""
    items.sort(key=lambda item: simulates(item.path))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave thousands of collected tests out of every later collection of garbage."""
    while _COLLECTING:
        _COLLECTING.pop().close()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _a_broken_pipe_kills_no_test() -> Iterator[None]:
    """Hold that a test leaves broken pipes to Python: else a later one, with a pool, kills all."""
    yield
    if hasattr(signal, "SIGPIPE"):
        assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(pytestconfig.getoption("update_golden"))


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def write_scenario(tmp_path: Path) -> WriteScenario:
    """Write the minimal scenario with lines replaced, added at the end, or raw text instead."""

    def write(replace: dict[str, str] | None = None, add: str = "", text: str = MINIMAL) -> Path:
        for old, new in (replace or {}).items():
            assert text.count(old) == 1, f"{old!r} must stand once in the minimal scenario"
            text = text.replace(old, new)
        path = tmp_path / "scenario.yaml"
        path.write_text(text + add, encoding="utf-8")
        return path

    return write


# Files of tests that an expression of marks leaves out whole: to read them takes seconds.


_WHOLE = re.compile(r"^pytestmark = pytest\.mark\.(\w+)$", re.MULTILINE)
"""A mark of all tests of a file, if it is the only one."""


def is_left_out(text: str, expression: str) -> bool:
    """Whether no test of a file can be meant; where that is not plain, some may be."""
    terms = expression.split(" and ")
    if not all(re.fullmatch(r"(not )?\w+", term) for term in terms):
        return False
    asked = [term for term in terms if term.isidentifier()]
    if any(f"mark.{name}" not in text for name in asked):
        return True
    return any(f"not {name}" in terms for name in _WHOLE.findall(text))
