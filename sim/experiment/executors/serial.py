"""Runs keys one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from sim.experiment.executors.task import Executor, Failure, Job, Key, Result, attempt


class SerialExecutor(Executor):
    """Runs keys in their order, in this process alone."""

    def __init__(self) -> None:
        self._job: Job[Any] | None = None
        self._work: Callable[[Key], Any] | None = None

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Yield each key with its result."""
        if self._work is None or job is not self._job:
            self._job, self._work = job, job.begin()
        for key in keys:
            yield key, attempt(self._work, key)

    def stop(self, *, at_once: bool = False) -> None:
        """Forget the job."""
        self._job = self._work = None
