"""Where runs are worked out: in this process, in processes of this machine, or on a cluster.

In: a job and the keys of its pieces. Out: a result, or the reason why not, for each key as it is
finished. Whoever uses it merges by key, so that a result never depends on the number of workers.
"""

from __future__ import annotations

from sim.measure.executors.task import Executor


def choose_executor(n_workers: int | None = None) -> Executor:
    """Return an executor.

    Parameters
    ----------
    n_workers
        1 works in this process, more in as many others; None uses as many as there are
        processors, as soon as enough is left to do.
    """
    from sim.measure.executors.patient import PatientExecutor
    from sim.measure.executors.pool import PoolExecutor, n_processors
    from sim.measure.executors.serial import SerialExecutor

    if n_workers is None:
        n_found = n_processors()
        return PatientExecutor(n_found) if n_found > 1 else SerialExecutor()
    return PoolExecutor(n_workers) if n_workers > 1 else SerialExecutor()
