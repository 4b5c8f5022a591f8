"""Jobs of many independent keys, what all executors share, and the executor of this process."""

from __future__ import annotations

import traceback
from abc import abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeAlias, TypeVar

from sim.experiment.interrupts import pass_on_interrupt

Key: TypeAlias = tuple[int | str, ...]
"""Names one part of a job, such as ``(point, strategy label, replicate)``; keys of a job sort."""

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Job(Protocol[Result_co]):
    """A computation for each key. It is sent once to each worker, so it must pickle.

    What ``begin`` returns stays in its worker and may cache from key to key, but each result must
    depend on the key alone: any worker may get any keys in any order.
    """

    def begin(self) -> Callable[[Key], Result_co]:
        """Set up in a worker, and return the function that is called with each key."""
        ...


@dataclass(frozen=True)
class Failure:
    """Reason why a key has no result."""

    kind: str
    """Name of the exception's class; ``WorkerLost`` where the process died; empty where nothing
    was run."""
    message: str
    """Its message."""
    details: str = ""
    """Its traceback; empty where there is none."""

    def __str__(self) -> str:
        """Kind and message on one line."""
        return ": ".join(part for part in (self.kind, " ".join(self.message.split())) if part)


@dataclass(frozen=True)
class Watch:
    """What is called while runs are under way."""

    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None
    """Called with the number of runs that finished or failed, and of all runs."""
    on_compile: Callable[[], None] = lambda: None
    """Called before loops are compiled, where that was not done before; see `warm_up`."""


NOBODY = Watch()


class Executor(AbstractContextManager["Executor"]):
    """Runs the keys of a job somewhere. Use it in a ``with`` block, which ends its workers.

    ``run`` may be called many times, with the same job or another.
    """

    @abstractmethod
    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Yield each key once with its result, in the order in which they finish."""

    @abstractmethod
    def stop(self, *, at_once: bool = False) -> None:
        """Free workers: after what they are working on, or at once."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, at once after an error or an interrupt."""
        self.stop(at_once=kind is not None)


def attempt(work: Callable[[Key], Result], key: Key) -> Result | Failure:
    """Run one key; an exception becomes a ``Failure``.

    An interrupt is passed on, also where an interrupted library raised an error in its place.
    """
    pass_on_interrupt()
    try:
        return work(key)
    except Exception as error:
        pass_on_interrupt(error)
        return failure_of(error)


def failure_of(error: Exception) -> Failure:
    """Return an exception as a failure."""
    return Failure(type(error).__name__, str(error), "".join(traceback.format_exception(error)))


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
