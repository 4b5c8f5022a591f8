"""A plan on its way to a run folder: what ``run`` and ``compare`` share.

In: options of the command line. Out: an experiment, and the talk that goes with it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli.terminal import console
from sim.cli.terminal.progress import progress
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.experiment.executors.task import Executor
    from sim.experiment.experiment import Experiment, Grow
    from sim.experiment.plan import Plan
    from sim.scenario.resolve import Resolved

VERBS = {"comparison": "compare", "calibration": "calibrate"}
"""Verbs that are not called like what they make."""


def load_resolved(scenario: str | None, overrides: Sequence[str]) -> Resolved:
    """Load a scenario and the tables it names."""
    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve

    if scenario is None:
        raise UsageError("expected SCENARIO, or --resume RUN, got neither")
    return resolve(load_scenario(scenario, overrides))


def choose_root_seed(given: int | None, in_scenario: int | None, *, quiet: bool) -> int:
    """Return the root seed of the command, else of the scenario, else one that is said aloud."""
    if given is not None:
        return given
    if in_scenario is not None:
        return in_scenario
    import secrets

    chosen = secrets.randbelow(2**32)
    console.say(
        f"root seed: {chosen} (chosen; give --seed {chosen} to repeat this run)", quiet=quiet
    )
    return chosen


def check_alone(resume: Path, *given: Any) -> None:
    """Refuse to ask anew what was asked when the experiment was begun."""
    if any(one is not None and one != [] for one in given):
        raise UsageError(
            f"--resume {resume}: goes on with what was asked; give no scenario and no options that "
            "change it"
        )


def check_kind(path: Path, found: str, wanted: str) -> None:
    """Refuse to go on with what another verb has begun."""
    if found != wanted:
        verb = VERBS.get(found, found)
        raise UsageError(f"{path}: is a {found}; go on with it by overblock {verb}")


def executor_for(
    workers: int | None,
    cluster: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> Executor:
    """Return where runs are worked off, by the options of the command line."""
    from sim.experiment.executors import choose_executor

    if cluster is None:
        if tls_ca or tls_cert or tls_key:
            raise UsageError("--tls-ca, --tls-cert and --tls-key belong to --cluster; got none")
        return choose_executor(workers)
    from sim.experiment.executors.cluster import Cluster

    return choose_executor(workers, Cluster(cluster, tls_ca, tls_cert, tls_key))


def free_folder(folder: Path, *, force: bool) -> Path:
    """Return where a new result goes; refuse a place that is taken before anything runs."""
    from sim.results.checkpoints import n_runs
    from sim.results.place import check_free, partial_folders

    check_free(folder, force=force)
    for partial in partial_folders(folder):
        if n := n_runs(partial):
            console.say(
                f"note: a process that was killed left {n} finished run{'s' * (n > 1)} in "
                f"{partial}; --resume {partial} goes on with them"
            )
    return folder


@dataclass(frozen=True)
class Task:
    """A plan and where its folder goes.

    Attributes
    ----------
    earlier
        Parts of an earlier attempt; None for a new one.
    """

    plan: Plan
    folder: Path
    is_forced: bool
    earlier: Path | None = None

    @classmethod
    def of(cls, plan: Plan, output: Path | None, *, force: bool) -> Task:
        """Begin anew."""
        from sim.experiment.experiment import default_folder

        return cls(plan, free_folder(output or default_folder(plan), force=force), force)

    @classmethod
    def resumed(cls, path: Path, kind: str, output: Path | None, *, force: bool) -> Task:
        """Go on with what was begun."""
        from sim.experiment.question import find_begun, read_begun, read_question

        parts, folder = find_begun(path)
        check_kind(path, read_begun(parts).kind, kind)
        plan = read_question(parts)
        folder = output or folder
        return cls(plan, folder, force or folder == parts.parent, parts)

    def carry_out(self, executor: Executor, *, quiet: bool, grow: Grow | None = None) -> Experiment:
        """Run what is to be run, and write the folder."""
        from sim.experiment.experiment import COMPLETE, carry_out
        from sim.experiment.question import forget_begun
        from sim.results.checkpoints import Checkpoints
        from sim.results.store import RUN_TABLES

        with progress("runs", quiet=quiet) as on_progress:
            experiment = carry_out(
                self.plan,
                folder=self.folder,
                force=self.is_forced,
                argv=["overblock", *sys.argv[1:]],
                executor=executor,
                earlier=Checkpoints(self.earlier, RUN_TABLES) if self.earlier else None,
                grow=grow,
                on_progress=on_progress,
            )
        if self.earlier is not None:
            is_complete = experiment.status == COMPLETE
            forget_begun(self.earlier, self.plan.result_id, is_complete=is_complete)
        return experiment


def say_what_is_missing(experiment: Experiment, *, quiet: bool) -> None:
    """Say warnings, failures, and what an interrupt left to do."""
    manifest: dict[str, Any] = experiment.manifest
    console.say_warnings(manifest["warnings"], quiet=quiet)
    for (label, replicate), failure in experiment.failures.items():
        console.say(f"failed: strategy={label} replicate={replicate}: {failure}")
    if manifest["status"] == "complete":
        return
    console.say(
        f"{manifest['status']}: {manifest['n_replicates']} of {manifest['n_replicates_asked']} "
        f"replicates are finished and kept in {experiment.folder}; --resume {experiment.folder} "
        "goes on"
    )


def leave_unless_complete(experiment: Experiment) -> None:
    """Leave with the exit code of an experiment that is not whole."""
    from sim.experiment.experiment import COMPLETE, INTERRUPTED

    if experiment.status == INTERRUPTED:
        raise typer.Exit(console.EXIT_INTERRUPTED)
    if experiment.status != COMPLETE:
        raise typer.Exit(console.EXIT_PARTIAL)
