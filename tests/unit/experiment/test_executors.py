"""Executors: every key once, whatever breaks on the way."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver, parent_process
from pathlib import Path
from typing import Any

import pytest

from sim.experiment.executors import choose_executor, pool
from sim.experiment.executors.pool import (
    LOST,
    NO_PROCESS,
    AdaptiveExecutor,
    PoolExecutor,
    _starting,
)
from sim.experiment.executors.task import Failure, Key, SerialExecutor
from sim.experiment.interrupts import (
    SIGNALS,
    ends_as_interrupts,
    ends_soon_after,
    pass_on_interrupt,
)

KEYS: list[Key] = [("a", number) for number in range(12)]


@dataclass(frozen=True)
class Squares:
    """Squares the number of a key, and writes down each time it is asked."""

    folder: Path
    raises: Key | None = None
    kills: Key | None = None
    kills_once: Key | None = None
    ends_at_start: bool = False

    def begin(self) -> Callable[[Key], int]:
        if self.ends_at_start:
            # Never the process of the tests themselves, whoever called this in it.
            assert parent_process() is not None
            os.kill(os.getpid(), signal.SIGKILL)
        return self.square

    def square(self, key: Key) -> int:
        with (self.folder / f"{key[1]}.log").open("a") as log:
            log.write(f"{os.getpid()}\n")
        if key == self.raises:
            raise ValueError(f"no square\nof {key[1]}")
        is_first = (self.folder / f"{key[1]}.log").read_text().count("\n") == 1
        if key == self.kills or (key == self.kills_once and is_first):
            os.kill(os.getpid(), signal.SIGKILL)
        return int(key[1]) ** 2

    def n_asked(self, key: Key) -> int:
        file = self.folder / f"{key[1]}.log"
        return file.read_text().count("\n") if file.exists() else 0


WHOLE = {key: int(key[1]) ** 2 for key in KEYS}


@pytest.mark.parametrize(
    "make",
    [
        SerialExecutor,
        lambda: PoolExecutor(2),
        lambda: AdaptiveExecutor(2),
    ],
)
def test_every_key_is_worked_on_once_and_an_exception_is_a_failure_of_its_key(make, tmp_path):
    job = Squares(tmp_path, raises=("a", 3))
    with make() as executor:
        results = list(executor.run(job, KEYS))
        again = list(executor.run(job, KEYS[:2]))
    assert len(results) == len(KEYS)
    failure = dict(results).pop(("a", 3))
    assert isinstance(failure, Failure)
    assert str(failure) == "ValueError: no square of 3"
    assert "test_executors.py" in failure.details
    assert {key: value for key, value in results if key != ("a", 3)} == {
        key: value for key, value in WHOLE.items() if key != ("a", 3)
    }
    assert sorted(again) == [(("a", 0), 0), (("a", 1), 1)]
    assert all(job.n_asked(key) == 1 for key in KEYS[2:])


def test_a_killed_worker_costs_time_and_not_results(tmp_path):
    job = Squares(tmp_path, kills_once=("a", 4))
    with PoolExecutor(2) as executor:
        results = list(executor.run(job, KEYS))
    assert len(results) == len(KEYS)
    assert dict(results) == WHOLE
    assert job.n_asked(("a", 4)) == 2


def test_a_key_that_kills_its_worker_twice_is_a_failure_and_the_others_are_not(tmp_path):
    job = Squares(tmp_path, kills=("a", 4))
    with PoolExecutor(2) as executor:
        results = dict(executor.run(job, KEYS))
    assert results.pop(("a", 4)) == LOST
    assert results == {key: value for key, value in WHOLE.items() if key != ("a", 4)}


@pytest.mark.laws
def test_workers_that_cannot_start_are_given_up(tmp_path):
    with PoolExecutor(1) as executor:
        results = dict(executor.run(Squares(tmp_path, ends_at_start=True), KEYS))
    assert set(results) == set(KEYS)
    assert set(results.values()) == {LOST, NO_PROCESS}


def test_why_a_process_cannot_start_is_what_is_said(tmp_path, monkeypatch):
    def start(process: pool.Process) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(pool.Process, "start", start)
    with pytest.raises(OSError, match="no more processes"), PoolExecutor(2) as executor:
        list(executor.run(Squares(tmp_path), KEYS))


def test_the_pool_works_in_other_processes_with_one_thread_each(tmp_path):
    job = Squares(tmp_path)
    with PoolExecutor(2) as executor:
        list(executor.run(job, KEYS))
    processes = {(tmp_path / f"{key[1]}.log").read_text() for key in KEYS}
    assert f"{os.getpid()}\n" not in processes


def test_the_processes_of_a_job_end_before_those_of_the_next_begin(tmp_path, monkeypatch):
    seen: list[list[bool]] = []

    def start(*given: Any) -> Any:
        seen.append([process.is_alive() for process in first])
        return ProcessPoolExecutor(*given)

    with PoolExecutor(2) as executor:
        list(executor.run(Squares(tmp_path), KEYS[:2]))
        first = list(executor._context.started)
        monkeypatch.setattr(pool, "ProcessPoolExecutor", start)
        list(executor.run(Squares(tmp_path), KEYS[2:4]))
    assert first
    assert seen == [[False] * len(first)]


def test_a_ctrl_c_while_processes_start_is_not_lost():
    def start() -> None:
        with _starting():
            assert os.environ["OMP_NUM_THREADS"] == "1"
            assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
            signal.raise_signal(signal.SIGINT)

    # What runs in the background of a shell is begun with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked from a server on Linux")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_worker_whose_start_is_interrupted_is_ended_and_says_nothing(
    number, tmp_path, monkeypatch, capfd
):
    """It waits for what the interrupted process was to send it, and fails when that is gone."""
    start = forkserver.connect_to_new_process

    def interrupted(files: list[int]) -> tuple[int, int]:
        pipes = start(files)
        os.kill(os.getpid(), number)
        return pipes

    monkeypatch.setattr(forkserver, "connect_to_new_process", interrupted)
    executor = PoolExecutor(2)
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), ends_as_interrupts():
        next(executor.run(Squares(tmp_path), KEYS))
    signal.signal(signal.SIGINT, earlier)
    executor.stop(at_once=True)
    assert executor._context.started
    assert not any(process.is_alive() for process in executor._context.started)
    assert "Traceback" not in capfd.readouterr().err


def test_an_abandoned_pool_leaves_no_process(tmp_path):
    job = Squares(tmp_path)
    executor = PoolExecutor(2)

    def interrupt() -> None:
        with executor:
            for _ in executor.run(job, KEYS):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert executor._context.started
    assert not any(process.is_alive() for process in executor._context.started)


def test_the_number_of_workers_chooses_the_executor():
    assert isinstance(choose_executor(1), SerialExecutor)
    assert isinstance(choose_executor(3), PoolExecutor)
    assert isinstance(choose_executor(), SerialExecutor | AdaptiveExecutor)
    with pytest.raises(ValueError, match="at least one worker, got 0"):
        PoolExecutor(0)


@dataclass
class Timed:
    """Takes so many seconds of a clock of its own for each key."""

    seconds: tuple[float, ...]
    now_s: float = 0.0
    n_done: int = 0

    def begin(self) -> Callable[[Key], int]:
        return self.take

    def take(self, key: Key) -> int:
        self.now_s += self.seconds[min(self.n_done, len(self.seconds) - 1)]
        self.n_done += 1
        return self.n_done


@pytest.mark.parametrize(
    ("seconds", "n_here"),
    [
        ((3.0, 0.1), 12),  # what is loaded with the first key is not what the others take
        ((3.0, 3.0), 2),
        ((30.0, 3.0), 1),
        ((0.1, 0.1, 0.1, 9.0), 4),
        ((0.1,), 12),
    ],
)
def test_a_pool_is_started_once_keys_that_have_loaded_nothing_take_long(
    seconds, n_here, monkeypatch
):
    job = Timed(seconds)
    monkeypatch.setattr(pool.time, "perf_counter", lambda: job.now_s)
    sent: list[Key] = []

    def run(_, keys):
        sent.extend(keys)
        yield from ((key, 0) for key in keys)

    executor = AdaptiveExecutor(2)
    monkeypatch.setattr(executor._pool, "run", lambda job, keys: run(job, keys))
    assert [key for key, _ in executor.run(job, KEYS)] == KEYS
    assert sent == KEYS[n_here:]
    executor.stop()


@pytest.mark.parametrize("is_loaded", [True, False])
def test_many_keys_go_to_a_pool_at_once_unless_the_engine_is_loaded(is_loaded, monkeypatch):
    monkeypatch.setattr(pool, "load_engine", lambda: None)
    monkeypatch.setitem(sys.modules, pool.ENGINE, pool)
    if not is_loaded:
        monkeypatch.delitem(sys.modules, pool.ENGINE)
    keys: list[Key] = [("a", number) for number in range(pool.MANY)]
    executor = AdaptiveExecutor(2)
    monkeypatch.setattr(executor._pool, "run", lambda job, sent: ((key, 0) for key in sent))
    ((_, first), *_) = executor.run(Timed((0.1,)), keys)
    assert first == (1 if is_loaded else 0)


# Ctrl-C where Python cannot raise it: in what a library calls back, as a compiler does.


Said = list[object]


@pytest.fixture(autouse=True)
def default_signals() -> Iterator[None]:
    """A job in the background ignores Ctrl-C, and so does what it starts."""
    earlier = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in earlier.items():
        signal.signal(number, handler)


def heard(monkeypatch: pytest.MonkeyPatch) -> Said:
    """What Python says from now on of errors that it cannot raise.

    For the body of a test: some versions of pytest listen themselves once fixtures are there.
    """
    errors: Said = []
    monkeypatch.setattr(sys, "unraisablehook", lambda given: errors.append(given.exc_value))
    return errors


def called_back(function: Callable[[], object]) -> None:
    """Call a function from outside of Python."""
    ctypes.CFUNCTYPE(None)(function)()


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_of_a_callback_is_passed_on_and_no_traceback_is_printed(number, monkeypatch):
    said = heard(monkeypatch)
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), ends_as_interrupts():
        called_back(lambda: signal.raise_signal(number))
    assert said == []
    assert sys.unraisablehook is hook


def wait(*, signalled: bool) -> None:
    if signalled:
        signal.raise_signal(signal.SIGTERM)
    time.sleep(5)


def test_a_signal_leaves_a_block_some_time_and_no_more():
    before = [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)]
    with ends_soon_after(30, has_come=False):
        signal.raise_signal(signal.SIGTERM)  # there is time to end by itself
    for has_come in (False, True):
        with pytest.raises(KeyboardInterrupt), ends_soon_after(0.01, has_come=has_come):
            wait(signalled=not has_come)
    assert [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)] == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_other_errors_of_a_callback_are_told(monkeypatch):
    said = heard(monkeypatch)

    def fails() -> None:
        raise ValueError("not an interrupt")

    with ends_as_interrupts():
        called_back(fails)
    assert [str(error) for error in said] == ["not an interrupt"]


def test_a_block_inside_another_takes_no_signal_from_it():
    def block() -> None:
        with ends_as_interrupts():
            with ends_as_interrupts():
                pass
            with suppress(KeyboardInterrupt):  # as a library does
                signal.raise_signal(signal.SIGTERM)
            pass_on_interrupt()
            pytest.fail("the interrupt was lost")

    with pytest.raises(KeyboardInterrupt):
        block()
