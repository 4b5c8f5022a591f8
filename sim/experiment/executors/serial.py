"""One key after another, in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any

from sim.experiment.executors.task import Failure, Job, Key, Result, attempt


class SerialExecutor:
    """Works in the sequence of the keys, without any other process."""

    def __init__(self) -> None:
        self._job: Job[Any] | None = None
        self._work: Callable[[Key], Any] | None = None

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Give each key with its result."""
        if self._work is None or job is not self._job:
            self._job, self._work = job, job.begin()
        for key in keys:
            yield key, attempt(self._work, key)

    def __enter__(self) -> SerialExecutor:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget the job."""
        self._job = self._work = None
