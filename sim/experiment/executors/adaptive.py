"""Runs keys in this process first, and in a pool once that pays for starting it.

Where a key is run does not change its result.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

from sim.experiment.executors.pool import PoolExecutor
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Executor, Failure, Job, Key, Result

START_S = 4.0
"""A pool is started when more work than this is left, judged by the latest key."""
LOADING_S = 10.0
"""A first key that took less than this tells nothing: it may have loaded compiled code."""


class AdaptiveExecutor(Executor):
    """Starts in this process and moves to a pool when much is left to do."""

    def __init__(self, n_workers: int) -> None:
        self._serial = SerialExecutor()
        self._pool = PoolExecutor(n_workers)
        self._s_per_key, self._is_first = 0.0, True

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Yield each key with its result."""
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
