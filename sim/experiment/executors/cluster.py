"""Runs keys on a dask cluster, on this machine or on many.

In: the address of a scheduler, a job and keys. Out: results as they finish. What a lost worker was
working on, and results it had not yet sent, are computed again.
"""

from __future__ import annotations

import logging
import pickle
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sim.addresses.compiled.kept_code import environment
from sim.errors import UsageError
from sim.experiment.executors.pool import LOST
from sim.experiment.executors.task import Executor, Failure, Job, Key, Result, attempt, failure_of
from sim.version import __version__

LOCAL = "local"
CONNECT_S = 30
PER_WORKER = 3
"""Keys sent ahead for each thread of the cluster, so that no thread waits."""

_begun = threading.local()


@dataclass(frozen=True)
class Cluster:
    """Address of a cluster, and the files of an encrypted connection.

    Attributes
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786`` or ``tls://…``; ``local`` starts workers
        on this machine.
    tls_ca, tls_cert, tls_key
        Files of the certificate authority, and of this client's certificate and key: all three, or
        none for a connection that is not encrypted.
    """

    address: str
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        given = [one is not None for one in (self.tls_ca, self.tls_cert, self.tls_key)]
        if any(given) and not all(given):
            raise UsageError("expected --tls-ca, --tls-cert and --tls-key together, got a part")
        if self.address.startswith("tls:") and not all(given):
            raise UsageError(f"{self.address}: expected --tls-ca, --tls-cert and --tls-key")


@dataclass(frozen=True)
class _Held:
    """A pickled job, and the name under which a worker remembers that it has begun it."""

    name: str
    job: bytes


def _hold(name: str, job: bytes) -> _Held:
    """Return the job as a task of its own, so that it is sent again when its worker is lost."""
    return _Held(name, job)


def _run(held: _Held, key: Key) -> tuple[str, Any]:
    """Version of the worker, and the result of a key."""
    if getattr(_begun, "name", None) != held.name:
        # One thread keeps what it has begun to itself.
        work: Callable[[Key], Any] | Failure
        try:
            work = pickle.loads(held.job).begin()
        except Exception as error:
            work = failure_of(error)
        _begun.name, _begun.work = held.name, work
    if isinstance(_begun.work, Failure):
        return __version__, _begun.work
    return __version__, attempt(_begun.work, key)


class ClusterExecutor(Executor):
    """A dask cluster.

    Parameters
    ----------
    cluster
        Where it is.
    n_workers
        Workers to start, if it is local.
    """

    def __init__(self, cluster: Cluster, n_workers: int = 1) -> None:
        self._cluster = cluster
        self._n_workers = n_workers
        self._open = ExitStack()
        self._client: Any = None

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
        key_of: dict[str, Key] = {}
        while waiting or key_of:
            if held is None or held.status not in ("pending", "finished"):
                held = client.submit(_hold, uuid4().hex, data, pure=False)
            n_threads = sum(client.ncores().values())
            while waiting and len(key_of) < max(2, PER_WORKER * n_threads):
                future = client.submit(_run, held, waiting[0], pure=False)
                key_of[future.key] = waiting.popleft()
                under_way.add(future)
                del future
            done = next(under_way)
            key = key_of.pop(done.key)
            try:
                version, result = done.result()
            except KilledWorker:
                yield key, LOST
                continue
            except Exception as error:
                yield key, failure_of(error)
                continue
            if version != __version__:
                message = f"a worker has overblock {version}, this is {__version__}"
                yield key, Failure("OtherVersion", message)
                continue
            yield key, result

    def _connect(self) -> Any:
        if self._client is not None:
            return self._client
        try:
            from dask import config
            from distributed import Client, LocalCluster, Security
        except ImportError:
            raise UsageError(
                "--cluster needs the package distributed: pip install 'overblock[cluster]'"
            ) from None
        where = self._cluster
        if where.address == LOCAL:
            # A worker of this machine that dies was killed by its keys: trying the same keys
            # together again gains nothing.
            self._open.enter_context(config.set({"distributed.scheduler.allowed-failures": 0}))
            # A scheduler runs anything for whoever reaches it: it answers only holders of this
            # key, which is nowhere but in the memory of these processes.
            security = _temporary_identity()
            address: Any = self._open.enter_context(
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
        else:
            address = where.address
            security = where.tls_ca and Security(
                tls_ca_file=str(where.tls_ca),
                tls_client_cert=str(where.tls_cert),
                tls_client_key=str(where.tls_key),
                require_encryption=True,
            )
        try:
            self._client = self._open.enter_context(
                Client(address, security=security, timeout=CONNECT_S, set_as_default=False)
            )
        except (OSError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UsageError(f"{where.address}: cannot reach a scheduler: {reason}") from None
        return self._client

    def stop(self, *, at_once: bool = False) -> None:
        """Disconnect; a cluster that was started here ends."""
        self._client = None
        self._open.close()


def _temporary_identity() -> Any:
    """A key and its certificate for one cluster.

    Raises
    ------
    UsageError
        If the package that makes them is not installed.
    """
    from distributed import Security

    try:
        return Security.temporary()
    except ImportError:
        raise UsageError(
            "--cluster local needs the package cryptography: pip install 'overblock[cluster]'"
        ) from None
