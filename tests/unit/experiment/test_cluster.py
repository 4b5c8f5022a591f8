"""The same work on a dask cluster, on loopback."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sim.errors import UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.executors import cluster as module
from sim.experiment.executors.cluster import ClusterExecutor
from sim.experiment.executors.task import Failure, Job, Key
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.scenario.variants import choose_variants
from tests.experiments import files_of, resolved_of
from tests.optional import needs

pytestmark = pytest.mark.laws

BRIEF = ["population.n_businesses=30", "end=2018-04-16T20:00+03:00"]


@dataclass(frozen=True)
class Deadly:
    """A job that kills its worker at one key, the first time or every time."""

    job: Job[Any]
    folder: Path
    key: Key
    always: bool = False

    def begin(self) -> Callable[[Key], Any]:
        work = self.job.begin()

        def run(key: Key) -> Any:
            seen = self.folder / "killed"
            if key == self.key and (self.always or not seen.exists()):
                seen.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return work(key)

        return run


@dataclass(frozen=True)
class Double:
    """Doubles a number, fails at three."""

    def begin(self) -> Callable[[Key], int]:
        return self.double

    def double(self, key: Key) -> int:
        if key == ("n", 3):
            raise ValueError("not three")
        return 2 * int(key[1])


@dataclass(frozen=True)
class Sleeping:
    """Takes no time at the first key of a worker, whichever that is, and a minute at others."""

    def begin(self) -> Callable[[Key], int]:
        waits_s = iter([0.0])

        def sleep(key: Key) -> int:
            time.sleep(next(waits_s, 60.0))
            return 0

        return sleep


@dataclass
class Killing:
    """A cluster on which a worker is killed in the middle, and which is not closed after use."""

    executor: ClusterExecutor
    folder: Path
    key: Key = (0, "exact", 1)

    def run(self, job: Job[Any], keys: Sequence[Key]) -> Generator[tuple[Key, Any], None, None]:
        return self.executor.run(Deadly(job, self.folder, self.key), keys)

    def __enter__(self) -> Killing:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterExecutor]:
    """Two workers on this machine, started once."""
    needs("distributed")
    logging.getLogger("distributed").addHandler(log := logging.StreamHandler())
    with choose_executor(2, "local") as executor:
        assert isinstance(executor, ClusterExecutor)
        yield executor
    logging.getLogger("distributed").removeHandler(log)


def plan() -> Plan:
    resolved = resolved_of("telegram-2018", BRIEF)
    variants, baseline = choose_variants(resolved, ["exact"])
    return Plan.of_comparison(resolved, variants, baseline, (), 11, 2)


@pytest.mark.long
def test_a_cluster_gives_the_same_bytes_also_when_a_worker_is_killed(cluster, tmp_path):
    here = carry_out(Runs(plan()), folder=tmp_path / "here")
    executor = Killing(cluster, tmp_path)
    there = carry_out(Runs(plan()), folder=tmp_path / "there", executor=executor)
    assert (tmp_path / "killed").exists()
    assert there.status == "complete", there.failures
    assert files_of(there.folder) == files_of(here.folder)


KEYS: list[Key] = [("n", number) for number in range(8)]


def test_a_failure_is_one_of_its_key_and_a_killed_worker_costs_no_result(cluster, tmp_path):
    results = dict(Killing(cluster, tmp_path, KEYS[5]).run(Double(), KEYS))
    assert (tmp_path / "killed").exists()
    failure = results.pop(("n", 3))
    assert isinstance(failure, Failure)
    assert str(failure) == "ValueError: not three"
    assert results == {key: 2 * int(key[1]) for key in KEYS if key != ("n", 3)}


def test_quick_keys_are_sent_together(cluster, monkeypatch):
    import distributed

    sent: list[Any] = []
    submit = distributed.Client.submit

    def noted(client: Any, function: Any, held: Any, *given: Any, **options: Any) -> Any:
        sent.extend(given[:1] if function is module._run else ())
        return submit(client, function, held, *given, **options)

    monkeypatch.setattr(distributed.Client, "submit", noted)
    keys: list[Key] = [("n", number) for number in range(4, 304)]
    assert dict(cluster.run(Double(), keys)) == {key: 2 * int(key[1]) for key in keys}
    assert [key for chunk in sent for key in chunk] == keys
    assert len(sent) < 50
    # No worker is left with many while another has none.
    assert len(sent[-1]) == 1


def test_a_scheduler_that_is_not_there_is_a_mistake_of_the_user(monkeypatch):
    needs("distributed")
    monkeypatch.setattr("sim.experiment.executors.cluster.CONNECT_S", 0.5)
    with (
        pytest.raises(UsageError, match=r"^tcp://127\.0\.0\.1:9: cannot reach a scheduler: "),
        ClusterExecutor("tcp://127.0.0.1:9") as executor,
    ):
        list(executor.run(Double(), [("n", 1)]))


def test_an_encrypted_cluster_is_spoken_to_with_the_certificate_of_dasks_settings(tmp_path):
    needs("distributed")
    from dask import config
    from distributed import LocalCluster, Security

    security = Security.temporary()
    settings = {}
    for key, name in (
        ("ca-file", "tls_ca_file"),
        ("client.cert", "tls_client_cert"),
        ("client.key", "tls_client_key"),
    ):
        file = tmp_path / name
        file.write_text(getattr(security, name))
        settings[f"distributed.comm.tls.{key}"] = str(file)
    with LocalCluster(
        n_workers=1, processes=False, threads_per_worker=1, host="tls://127.0.0.1",
        dashboard_address="127.0.0.1:0", security=security,
    ) as scheduler:  # fmt: skip
        address = scheduler.scheduler_address
        assert address.startswith("tls://")
        with config.set(settings), choose_executor(1, address) as executor:
            assert dict(executor.run(Double(), [("n", 2)])) == {("n", 2): 4}
        with (
            pytest.raises(UsageError, match=r"^tls://.*: cannot reach a scheduler: "),
            choose_executor(1, address) as executor,
        ):
            list(executor.run(Double(), [("n", 2)]))


@pytest.mark.parametrize("identity", ["none", "another"])
def test_a_local_cluster_answers_nobody_else(cluster, identity):
    """Whoever reaches a scheduler can have it run anything."""
    from distributed import Client, Security

    assert dict(cluster.run(Double(), [("n", 2)])) == {("n", 2): 4}
    address = cluster._connect().scheduler.address
    assert address.startswith("tls://127.0.0.1:")
    # What it logs of workers that come and go is none of the command's output.
    handlers = logging.getLogger("distributed").handlers
    assert {one.level for one in handlers} == {logging.CRITICAL}
    if identity == "none":
        address, security = address.replace("tls:", "tcp:"), None
    else:
        security = Security.temporary()
    with pytest.raises(OSError):
        Client(address, security=security, timeout=3, set_as_default=False)


def test_a_local_cluster_is_not_started_without_a_key(monkeypatch):
    needs("distributed")
    from distributed import Security

    def fail() -> None:
        raise ImportError("cryptography")

    monkeypatch.setattr(Security, "temporary", fail)
    with (
        pytest.raises(UsageError, match="--cluster local needs the package cryptography"),
        ClusterExecutor("local") as executor,
    ):
        list(executor.run(Double(), [("n", 1)]))


def test_at_once_waits_for_nothing_that_is_worked_on(cluster):
    """The last of this file: nobody uses these workers after it."""
    key, result = next(cluster.run(Sleeping(), KEYS))
    assert key in KEYS
    assert result == 0
    begun = time.perf_counter()
    cluster.stop(at_once=True)
    assert time.perf_counter() - begun < 3
