"""Run keys on a dask cluster, on this machine or on many.

The keys of a lost worker, and results that it had not sent yet, are computed again.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

from sim.addresses.machine_code import environment
from sim.errors import UsageError
from sim.experiment.executors.pool import LOST, n_fitting
from sim.experiment.executors.task import Executor, Failure, Job, Key, Result, attempt, failure_of
from sim.version import __version__

LOCAL = "local"
CONNECT_S = 30
SELDOM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.work-stealing-interval": "1s",
    "distributed.worker.memory.monitor-interval": "1s",
}
"""How often a cluster of this machine looks at itself: its own values take a twentieth of a
processor where nothing is done."""
MOST_ENDING_S = 0.5
"""How long a worker has to end by itself, where it is not waited for."""
PER_WORKER = 2
"""Chunks of keys sent ahead for each thread of the cluster, so that no thread waits."""

_begun = threading.local()


def _hold(name: str, job: bytes) -> tuple[str, bytes]:
    """Return a job and its name, as a task that is sent again when its worker is lost."""
    return name, job


def _run(held: tuple[str, bytes], keys: Sequence[Key]) -> tuple[str, list[Any], float]:
    """Version of the worker, results of some keys, and the seconds they took."""
    started = time.perf_counter()
    name, job = held
    if getattr(_begun, "name", None) != name:
        # One thread keeps what it has begun to itself.
        work: Callable[[Key], Any] | Failure
        try:
            work = pickle.loads(job).begin()
        except Exception as error:
            work = failure_of(error)
        _begun.name, _begun.work = name, work
    work = _begun.work
    results = [work if isinstance(work, Failure) else attempt(work, key) for key in keys]
    return __version__, results, time.perf_counter() - started


class ClusterExecutor(Executor):
    """A dask cluster.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786`` or ``tls://…``, for which dask's own
        settings name the certificates; ``local`` starts workers on this machine.
    n_workers
        Workers to start, if it is local.
    """

    def __init__(self, address: str, n_workers: int = 1) -> None:
        self._address = address
        self._n_workers = n_workers
        self._open = ExitStack()
        self._client: Any = None
        self._local: Any = None

    def run(
        self, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        """Yield each key with its result.

        Keys on a worker that died are run again, in the end each alone: a key that kills its worker
        then is a failure.
        """
        client = self._connect()
        suspects = []
        for key, result in self._spread(client, job, keys):
            if result is LOST:
                suspects.append(key)
            else:
                yield key, result
        for key in suspects:
            yield from self._spread(client, job, [key])

    def _spread(
        self, client: Any, job: Job[Result], keys: Sequence[Key]
    ) -> Generator[tuple[Key, Result | Failure], None, None]:
        from distributed import KilledWorker, as_completed

        waiting = deque(keys)
        data, held = pickle.dumps(job), None
        under_way = as_completed(loop=client.loop)
        keys_of: dict[str, list[Key]] = {}
        n_done, spent_s = 0, 0.0
        while waiting or keys_of:
            if held is None or held.status not in ("pending", "finished"):
                held = client.submit(_hold, uuid4().hex, data, pure=False)
            n_ahead = max(2, PER_WORKER * sum(client.ncores().values()))
            while waiting and len(keys_of) < n_ahead:
                # Smaller ones in the end, so that no thread is left with the last.
                size = max(1, min(n_fitting(n_done, spent_s), len(waiting) // n_ahead))
                chunk = [waiting.popleft() for _ in range(size)]
                future = client.submit(_run, held, chunk, pure=False)
                keys_of[future.key] = chunk
                under_way.add(future)
                del future
            done = next(under_way)
            chunk = keys_of.pop(done.key)
            results: Sequence[Any]
            try:
                version, results, *took_s = done.result()  # other versions say no time
                n_done, spent_s = n_done + len(chunk), spent_s + sum(took_s)
                if version != __version__:
                    message = f"a worker has overblock {version}, this is {__version__}"
                    results = [Failure("OtherVersion", message)] * len(chunk)
            except KilledWorker:
                results = [LOST] * len(chunk)
            except Exception as error:
                results = [failure_of(error)] * len(chunk)
            yield from zip(chunk, results, strict=True)

    def _connect(self) -> Any:
        if self._client is not None:
            return self._client
        address: Any = self._address
        is_local, security = address == LOCAL, None
        try:
            from dask import config
            from distributed import Client, LocalCluster, Security

            if is_local:
                # A scheduler runs anything for whoever reaches it: it answers only holders of this
                # key, which is nowhere but in the memory of these processes.
                security = Security.temporary()
        except ImportError as error:
            is_key = "cryptography" in str(error)
            needs = "local needs the package cryptography" if is_key else "needs distributed"
            raise UsageError(f"--cluster {needs}: pip install 'overblock[cluster]'") from None
        if is_local:
            # A worker of this machine that dies was killed by its keys: trying the same keys
            # together again gains nothing.
            settings = {"distributed.scheduler.allowed-failures": 0, **SELDOM}
            self._open.enter_context(config.set(settings))
            address = self._local = self._open.enter_context(
                LocalCluster(
                    n_workers=self._n_workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    silence_logs=logging.CRITICAL,
                    security=security,
                    env=environment(),
                )
            )
        try:
            self._client = self._open.enter_context(
                Client(address, security=security, timeout=CONNECT_S, set_as_default=False)
            )
        except (OSError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UsageError(f"{self._address}: cannot reach a scheduler: {reason}") from None
        return self._client

    def stop(self, *, at_once: bool = False) -> None:
        """Disconnect; a cluster that was started here ends."""
        local, self._client, self._local = self._local, None, None
        if at_once and local is not None:
            local.sync(_end_workers, local)
        self._open.close()


async def _end_workers(local: Any) -> None:
    """End the workers of a cluster of this machine, whatever they are working on."""
    workers = local.workers.values()
    await asyncio.gather(*(worker.close(timeout=MOST_ENDING_S) for worker in workers))
