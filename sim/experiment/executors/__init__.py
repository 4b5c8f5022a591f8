"""Executors: run a job in this process, in processes of this machine, or on a cluster.

Results are merged by key, so that they do not depend on the number of workers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sim.experiment.executors.task import Executor

if TYPE_CHECKING:
    from sim.experiment.executors.cluster import Cluster


def n_processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_executor(n_workers: int | None = None, cluster: Cluster | None = None) -> Executor:
    """Return an executor.

    Parameters
    ----------
    n_workers
        1 for this process, more for as many others; None for one for each processor, as soon as
        enough is left to do.
    cluster
        A dask cluster to use instead; a local one is started with so many workers.
    """
    if cluster is not None:
        from sim.experiment.executors.cluster import ClusterExecutor

        return ClusterExecutor(cluster, n_workers or n_processors())
    from sim.experiment.executors.pool import AdaptiveExecutor, PoolExecutor
    from sim.experiment.executors.task import SerialExecutor

    if n_workers is None:
        n_found = n_processors()
        return AdaptiveExecutor(n_found) if n_found > 1 else SerialExecutor()
    return PoolExecutor(n_workers) if n_workers > 1 else SerialExecutor()
