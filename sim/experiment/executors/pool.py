"""Run keys in processes of this machine, with the standard library's pool.

Processes inherit no state of this one: on Linux they are forked from a process that has loaded the
engine and done nothing else, elsewhere they are spawned. Each gets the job once, and one thread
for linear algebra.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Any

from sim.addresses.machine_code import environment
from sim.experiment.executors import task
from sim.experiment.interrupts import holds_interrupts

if sys.platform == "linux":
    from multiprocessing import forkserver
    from multiprocessing.context import ForkServerContext as Context
    from multiprocessing.context import ForkServerProcess as Process
else:
    from multiprocessing.context import SpawnContext as Context
    from multiprocessing.context import SpawnProcess as Process

CHUNK_S = 1.0
"""Keys are sent in chunks that take about this long, beside which sending costs little."""
MOST_IN_CHUNK = 64
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
LOADED = "sim.experiment.executors.loaded"
"""Module that loads what workers need."""
MOST_BREAKS = 3
"""How often in a row the pool may break before any key is finished."""
LOST = task.Failure("WorkerLost", "the process ended twice: killed, out of memory, or crashed")
NO_PROCESS = task.Failure("WorkerLost", "processes end before they have done anything")

_begun: list[Callable[[task.Key], Any] | task.Failure] = []
"""In a worker: what is called with a key, or why that is not possible. Empty elsewhere."""


def _begin(job: bytes) -> None:
    """Set up a worker. An error is kept for the first key: raised here, it would break the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides
    threading.Thread(target=_end_with_coordinator, daemon=True).start()
    try:
        _begun.append(pickle.loads(job).begin())
    except Exception as error:
        _begun.append(task.failure_of(error))


def _end_with_coordinator() -> None:
    """End this worker when the coordinator has died and can no longer tell it to."""
    coordinator = parent_process()
    if coordinator is not None:
        coordinator.join()
        os._exit(1)


def _run(keys: Sequence[task.Key]) -> tuple[list[tuple[task.Key, Any]], float]:
    """Run some keys; return their results and the seconds they took."""
    started = time.perf_counter()
    (work,) = _begun
    if isinstance(work, task.Failure):
        return [(key, work) for key in keys], 0.0
    return [(key, task.attempt(work, key)) for key in keys], time.perf_counter() - started


class _Tracked(Context):
    """A context that remembers its processes."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self.set_forkserver_preload([LOADED])

    def Process(self, *arguments: Any, **options: Any) -> Process:  # type: ignore[override]  # noqa: N802
        process = Process(*arguments, **options)
        self.started.append(process)
        return process


def load_engine() -> None:
    """Begin to load what workers need, in the process that they are forked from."""
    if sys.platform == "linux":
        _Tracked()
        with holds_interrupts(), _starting():
            forkserver.ensure_running()


class PoolExecutor(task.Executor):
    """Runs keys in a fixed number of processes.

    Parameters
    ----------
    n_workers
        Number of processes.
    """

    def __init__(self, n_workers: int) -> None:
        if n_workers < 1:
            raise ValueError(f"expected at least one worker, got {n_workers}")
        self._n_workers = n_workers
        self._job: task.Job[Any] | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._context = _Tracked()

    def run(
        self, job: task.Job[task.Result], keys: Sequence[task.Key]
    ) -> Generator[tuple[task.Key, task.Result | task.Failure], None, None]:
        """Yield each key with its result.

        When a process dies, the keys under way are run again one by one; a key whose process dies a
        second time is a failure.
        """
        waiting = deque(keys)
        under_way: dict[Future[Any], list[task.Key]] = {}
        n_done, spent_s, n_breaks = 0, 0.0, 0
        while waiting or under_way:
            is_broken = False
            # One more than there are workers, so that none waits for the next.
            while waiting and len(under_way) <= self._n_workers and not is_broken:
                size = min(n_fitting(n_done, spent_s), len(waiting))
                chunk = [waiting.popleft() for _ in range(size)]
                try:
                    under_way[self._submit(job, chunk)] = chunk
                except BrokenProcessPool:
                    waiting.extendleft(reversed(chunk))
                    is_broken = True
            suspects: list[task.Key] = []
            done = set() if is_broken else wait(under_way, None, FIRST_COMPLETED).done
            is_broken |= any(isinstance(f.exception(), BrokenProcessPool) for f in done)
            for future in list(under_way) if is_broken else list(done):
                chunk = under_way.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    suspects += chunk
                    continue
                results, took_s = future.result()
                n_done, spent_s, n_breaks = n_done + len(chunk), spent_s + took_s, 0
                yield from results
            if is_broken:
                self.stop(at_once=True)
                n_breaks += 1
                for key, result in self._alone(job, suspects):
                    n_breaks = n_breaks if result is LOST else 0
                    yield key, result
            if n_breaks > MOST_BREAKS:
                yield from ((key, NO_PROCESS) for key in waiting)
                return

    def _alone(
        self, job: task.Job[task.Result], keys: Sequence[task.Key]
    ) -> Iterator[tuple[task.Key, Any]]:
        """Run keys one by one, to find the key that kills its process."""
        for key in keys:
            try:
                (result,), _ = self._submit(job, [key]).result()
                yield result
            except BrokenProcessPool:
                self.stop(at_once=True)
                yield key, LOST

    def _submit(self, job: task.Job[Any], chunk: list[task.Key]) -> Future[Any]:
        if self._pool is None or job is not self._job:
            self.stop()
            self._job, self._context = job, _Tracked()
            self._pool = ProcessPoolExecutor(
                self._n_workers, self._context, _begin, (pickle.dumps(job),)
            )
        # A worker whose start is interrupted is nobody's, and fails loudly when the locks are gone.
        with holds_interrupts(), _starting():
            return self._pool.submit(_run, chunk)

    def stop(self, *, at_once: bool = False) -> None:
        """End the processes: at once, or when they have finished their chunks."""
        pool, self._pool, self._job = self._pool, None, None
        if pool is None:
            return
        if at_once:
            for process in self._context.started:
                if process.pid is not None:  # None where the start failed
                    process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def n_fitting(n_done: int, spent_s: float) -> int:
    """How many keys take about ``CHUNK_S``, judged by those done so far."""
    if n_done == 0:
        return 1
    return max(1, min(MOST_IN_CHUNK, int(CHUNK_S * n_done / max(spent_s, 1e-9))))


@contextmanager
def _starting() -> Iterator[None]:
    """Environment of new processes; Ctrl-C, which a terminal sends to all, is blocked in them."""
    settings = dict.fromkeys(ONE_THREAD, "1") | environment()
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    has_mask = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if has_mask else set()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if has_mask:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


START_S = 4.0
"""A pool is started when more work than this is left, judged by the latest key."""
MANY = 16
"""Keys with which a pool is likely to be started."""
ENGINE = "sim.engine.run"
LOADING_S = 10.0
"""A first key that took less than this tells nothing: it may have loaded compiled code."""


class AdaptiveExecutor(task.Executor):
    """Starts in this process and moves to a pool when much is left to do.

    Many keys go to the pool at once, unless this process has loaded the engine.
    """

    def __init__(self, n_workers: int) -> None:
        self._serial = task.SerialExecutor()
        self._pool = PoolExecutor(n_workers)
        self._s_per_key, self._is_first = 0.0, True

    def run(
        self, job: task.Job[task.Result], keys: Sequence[task.Key]
    ) -> Generator[tuple[task.Key, task.Result | task.Failure], None, None]:
        """Yield each key with its result."""
        if len(keys) >= MANY:
            load_engine()
            if ENGINE not in sys.modules:
                # Loading it here for a first key would take as long.
                yield from self._pool.run(job, keys)
                return
        for row, key in enumerate(keys):
            if self._s_per_key * (len(keys) - row) > START_S:
                yield from self._pool.run(job, keys[row:])
                return
            started = time.perf_counter()
            done = next(iter(self._serial.run(job, [key])))
            elapsed_s = time.perf_counter() - started
            self._s_per_key = 0.0 if self._is_first and elapsed_s < LOADING_S else elapsed_s
            self._is_first = False
            yield done

    def stop(self, *, at_once: bool = False) -> None:
        """End the processes, if any were started."""
        self._serial.stop(at_once=at_once)
        self._pool.stop(at_once=at_once)
