"""Executors: run a job in this process, in processes of this machine, or on a cluster.

Results are merged by key, so that they do not depend on the number of workers.
"""

from __future__ import annotations

import os

from sim.experiment.executors.task import Executor


def n_processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_executor(
    n_workers: int | None = None, cluster: str | None = None, *, n_runs: int | None = 0
) -> Executor:
    """Return an executor.

    Parameters
    ----------
    n_workers
        1 for this process, more for as many others; None for one for each processor, as soon as
        enough is left to do.
    cluster
        Address of a dask cluster to use instead; a local one is started with so many workers.
    n_runs
        With many, or None for not known but many, processes begin to load what they need.
    """
    if cluster is not None:
        from sim.experiment.executors.cluster import ClusterExecutor

        return ClusterExecutor(cluster, n_workers or n_processors())
    from sim.experiment.executors.pool import MANY, AdaptiveExecutor, PoolExecutor, load_engine
    from sim.experiment.executors.task import SerialExecutor

    n = n_processors() if n_workers is None else n_workers
    if n <= 1:
        return SerialExecutor()
    if n_runs is None or n_runs >= MANY:
        load_engine()
    return AdaptiveExecutor(n) if n_workers is None else PoolExecutor(n)
