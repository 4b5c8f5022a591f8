"""In this process while that is quicker than starting others, then in a pool.

How long work takes decides where it is done; what comes out is the same.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from types import TracebackType

from sim.experiment.executors.pool import PoolExecutor
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.executors.task import Failure, Job, Key, Result

START_S = 4.0
"""Processes are started when more than this is left to do, by the latest key: it takes a second."""


class PatientExecutor:
    """Begins alone; asks for a pool when much is left to do."""

    def __init__(self, n_workers: int) -> None:
        self._serial = SerialExecutor()
        self._pool = PoolExecutor(n_workers)
        self._s_per_key = 0.0

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Give each key with its result."""
        for row, key in enumerate(keys):
            if self._s_per_key * (len(keys) - row) > START_S:
                yield from self._pool.run(job, keys[row:])
                return
            started = time.perf_counter()
            done = next(iter(self._serial.run(job, [key])))
            self._s_per_key = time.perf_counter() - started
            yield done

    def __enter__(self) -> PatientExecutor:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes."""
        self._serial.__exit__(kind, error, trace)
        self._pool.__exit__(kind, error, trace)
