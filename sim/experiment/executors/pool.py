"""Keys spread over processes of this machine, by the standard library's pool.

In: a job and keys. Out: results as they are finished. Processes are spawned, so that nothing of
this one leaks into them; each gets the job once, and one thread for linear algebra.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from sim.experiment.executors.task import Executor, Failure, Job, Key, Result, attempt, failure_of

CHUNK_S = 1.0
"""Keys are sent together until they take about this long: sending costs little beside that."""
MOST_IN_CHUNK = 64
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
MOST_BREAKS = 3
"""So often in a row may all processes end before anything is done."""
LOST = Failure("WorkerLost", "the process ended twice: killed, out of memory, or crashed")
NO_PROCESS = Failure("WorkerLost", "processes end before they have done anything")

_begun: list[Callable[[Key], Any] | Failure] = []
"""What this worker calls with a key, or why it cannot; empty in the coordinator."""


def _begin(job: bytes) -> None:
    """Set up a worker. An error here waits for the first key, or it would break the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides
    threading.Thread(target=_end_with_coordinator, daemon=True).start()
    try:
        _begun.append(pickle.loads(job).begin())
    except Exception as error:
        _begun.append(failure_of(error))


def _end_with_coordinator() -> None:
    """End this worker when the coordinator is gone, which would else have told it to."""
    coordinator = parent_process()
    if coordinator is not None:
        coordinator.join()
        os._exit(1)


def _run(keys: Sequence[Key]) -> tuple[list[tuple[Key, Any]], float]:
    """Results of some keys, and the seconds they took."""
    started = time.perf_counter()
    (work,) = _begun
    if isinstance(work, Failure):
        return [(key, work) for key in keys], 0.0
    done = [(key, attempt(work, key)) for key in keys]
    return done, time.perf_counter() - started


class _Tracked(SpawnContext):
    """Spawns processes, and knows which."""

    def __init__(self) -> None:
        self.started: list[SpawnProcess] = []

    def Process(self, *arguments: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        process = SpawnProcess(*arguments, **options)
        self.started.append(process)
        return process


class PoolExecutor(Executor):
    """A fixed number of processes.

    Parameters
    ----------
    n_workers
        Processes.
    n_in_chunk
        Keys sent together; as many as take about ``CHUNK_S`` when None.
    """

    def __init__(self, n_workers: int, n_in_chunk: int | None = None) -> None:
        if n_workers < 1:
            raise ValueError(f"expected at least one worker, got {n_workers}")
        self._n_workers = n_workers
        self._n_in_chunk = n_in_chunk
        self._job: Job[Any] | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._context = _Tracked()

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Give each key with its result.

        A process that ends on the way takes no result with it: what was under way is worked out
        again, each key alone, and a key that ends its process a second time is a failure.
        """
        waiting = deque(keys)
        under_way: dict[Future[Any], list[Key]] = {}
        n_done, spent_s, n_breaks = 0, 0.0, 0
        while waiting or under_way:
            is_broken = False
            # One more than there are workers, so that none waits for the next.
            while waiting and len(under_way) <= self._n_workers and not is_broken:
                size = self._n_in_chunk or _fitting(n_done, spent_s)
                chunk = [waiting.popleft() for _ in range(min(size, len(waiting)))]
                try:
                    under_way[self._submit(job, chunk)] = chunk
                except BrokenProcessPool:
                    waiting.extendleft(reversed(chunk))
                    is_broken = True
            suspects: list[Key] = []
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

    def _alone(self, job: Job[Result], keys: Sequence[Key]) -> Iterator[tuple[Key, Any]]:
        """Work on keys one by one, so that only the key that ends a process is to blame."""
        for key in keys:
            try:
                (result,), _ = self._submit(job, [key]).result()
                yield result
            except BrokenProcessPool:
                self.stop(at_once=True)
                yield key, LOST

    def _submit(self, job: Job[Any], chunk: list[Key]) -> Future[Any]:
        if self._pool is None or job is not self._job:
            self.stop()
            self._job, self._context = job, _Tracked()
            self._pool = ProcessPoolExecutor(
                self._n_workers, self._context, _begin, (pickle.dumps(job),)
            )
        with _starting():
            return self._pool.submit(_run, chunk)

    def stop(self, *, at_once: bool = False) -> None:
        """End the processes: at once, or when they have finished what they are at."""
        pool, self._pool, self._job = self._pool, None, None
        if pool is None:
            return
        if at_once:
            for process in self._context.started:
                if process.pid is not None:  # one whose start failed was never there
                    process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _fitting(n_done: int, spent_s: float) -> int:
    """How many keys take about ``CHUNK_S``, by those done so far."""
    if n_done == 0:
        return 1
    return max(1, min(MOST_IN_CHUNK, int(CHUNK_S * n_done / max(spent_s, 1e-9))))


@contextmanager
def _starting() -> Iterator[None]:
    """Surroundings that a process started now inherits: one thread, and deaf to Ctrl-C.

    A terminal sends Ctrl-C to all processes; only this one may act on it. It is not lost here: it
    comes when the block ends, or at once where another thread takes it.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
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
