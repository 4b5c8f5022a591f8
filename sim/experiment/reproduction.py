"""Makes the result of a folder again from it, and compares every byte.

In: a run folder, and nothing else. Out: a new folder, and the files that differ.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment.executors.task import Executor, Key
from sim.experiment.folder_plan import plan_of_folder
from sim.experiment.pipeline import Experiment, Result, carry_out
from sim.experiment.runs import Runs
from sim.files import hash_of
from sim.results.folder import MANIFEST, RUN_KINDS, RunFolder, open_run
from sim.results.integrity import is_inside


@dataclass(frozen=True)
class MadeAgain:
    """A run, made again.

    Attributes
    ----------
    n_files
        Files compared.
    keys
        Runs that were made: strategy and number of the simulation; none of other experiments.
    differences
        One line each; none if every file has the same bytes.
    """

    n_files: int
    keys: tuple[Key, ...]
    differences: tuple[str, ...]


def runs_again(run: RunFolder, scratch: Path) -> Runs:
    """Plan a run or a comparison again from its folder."""
    return Runs(plan_of_folder(run, scratch))


def make_again(
    path: Path,
    into: Path,
    executor: Executor,
    *,
    again: Callable[[RunFolder, Path], Experiment[Any, Result]] = runs_again,
    kinds: Collection[str] = RUN_KINDS,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
    on_compile: Callable[[], None] = lambda: None,
) -> MadeAgain:
    """Make all of a folder again, from the scenario and the tables in it.

    Parameters
    ----------
    into
        Folder to write.
    executor
        Where runs are simulated.
    again
        Plans the experiment from the folder, with another folder for scratch.
    kinds
        Kinds of folders that it plans.
    on_compile
        Called before loops are compiled, where that was not done before.

    Raises
    ------
    DataError
        If the folder cannot be read.
    UsageError
        If ``into`` is taken or cannot be made.
    OverblockError
        If the scenario or a table is not one that this version reads.
    """
    run = open_run(path, kinds)
    with tempfile.TemporaryDirectory() as scratch:
        experiment = again(run, Path(scratch))
        made = carry_out(
            experiment,
            folder=into,
            executor=executor,
            on_progress=on_progress,
            on_compile=on_compile,
        )
    other, plan = open_run(made.folder, kinds), experiment.plan
    names = sorted({*_listed(run), *_listed(other), MANIFEST})
    keys = plan.cases().keys(plan.n_replicates) if plan.is_as_given else []
    return MadeAgain(
        len(names),
        tuple(key[1:] for key in keys),
        tuple(_differences(run, other, names)),
    )


def _listed(run: RunFolder) -> list[str]:
    return [str(one["file"]) for one in run.manifest["outputs"]]


def _differences(run: RunFolder, again: RunFolder, names: list[str]) -> Iterator[str]:
    for name in names:
        first, second = run.path / name, again.path / name
        if not is_inside(run, first) or not first.is_file():
            yield f"{name}: is not in the folder"
        elif not second.is_file():
            yield f"{name}: is not made again"
        elif hash_of(first) != hash_of(second):
            yield f"{name}: {_keys(run, again) if name == MANIFEST else 'has other bytes'}"


def _keys(run: RunFolder, again: RunFolder) -> str:
    keys = [key for key in again.manifest if run.manifest.get(key) != again.manifest[key]]
    return f"has other bytes, in {', '.join(keys)}" if keys else "has other bytes"
