"""Simulates a folder's scenario with other values, in a process of its own that can be ended."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from sim.experiment.executors import choose_executor
from sim.experiment.pipeline import carry_out
from sim.experiment.runs import Runs
from sim.experiment.saved_plans import plan_of_folder
from sim.results.folder import open_run


def simulate(folder: Path, into: Path, overrides: list[str]) -> None:
    """Write the result of a folder's plan with some values changed.

    Parameters
    ----------
    folder
        A run or a comparison.
    overrides
        ``key.path=value`` or ``table.column=amount`` each.
    """

    def report(n_done: int, n_all: int) -> None:
        sys.stdout.write(f"{n_done} {n_all}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as scratch:
        plan = plan_of_folder(open_run(folder), Path(scratch), more=overrides)
        executor = choose_executor(None)
        carry_out(Runs(plan), folder=into, force=True, executor=executor, on_progress=report)


if __name__ == "__main__":
    simulate(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
