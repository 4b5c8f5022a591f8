"""What all verbs share that run an experiment: its folder, how it is resumed, its exit code.

In: options of the command line. Out: a result; progress and what is missing go to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from sim.cli.terminal import console
from sim.cli.terminal.progress import COMPILING, progress
from sim.errors import UsageError
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.cli.options import ExperimentOptions
    from sim.experiment.executors.task import Executor
    from sim.experiment.pipeline import Experiment, Result
    from sim.experiment.plan import Plan
    from sim.experiment.question import HasPlan
    from sim.scenario.resolve import Resolved

VERBS = {"comparison": "compare"}
"""Verbs by the kind of folder they write, where the two have different names."""

MOST_SAID = 10
"""Failures that are named one by one."""

Found = TypeVar("Found")
Made = TypeVar("Made", bound="Result")
Planned = TypeVar("Planned", bound="HasPlan")


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


def check_alone(options: ExperimentOptions, *given: Any) -> None:
    """Refuse options that change a question which was asked when the experiment was begun."""
    asked = (*given, options.seed, options.overrides)
    if any(one is not None and one != [] for one in asked):
        raise UsageError(
            f"--resume {options.resume}: goes on with what was asked; give no scenario and no "
            "options that change it"
        )


def unless_from(variable: str, value: int | None) -> int | None:
    """Return what was asked for on the command line: None for what the environment states.

    It states that for whatever is run, and resuming asks for nothing.
    """
    stated = os.environ.get(variable)
    return None if stated is not None and stated.strip() == str(value) else value


def check_kind(path: Path, found: str, wanted: str) -> None:
    """Refuse to go on with what another verb has begun."""
    if found != wanted:
        verb = VERBS.get(found, found)
        raise UsageError(f"{path}: is a {found}; go on with it by overblock {verb}")


def free_folder(folder: Path, *, force: bool) -> Path:
    """Return where a new result goes; refuse a place that is taken before anything runs."""
    from sim.results.checkpoints import n_runs
    from sim.results.output import check_free, check_left_behind, partial_folders

    for partial in partial_folders(folder):
        check_left_behind(partial)
        if n := n_runs(partial):
            console.say(
                f"note: a process that was killed left {count(n, 'finished run')} in "
                f"{partial}; --resume {partial} goes on with them"
            )
    check_free(folder, force=force)
    return folder


@dataclass(frozen=True)
class Task:
    """Where the folder of an experiment goes, and what it goes on from.

    Attributes
    ----------
    earlier
        Parts of an earlier attempt; None for a new one.
    """

    folder: Path
    is_forced: bool
    earlier: Path | None = None

    @classmethod
    def new(cls, plan: Plan, output: Path | None, *, force: bool) -> Task:
        """Begin anew; refuse a place that is taken before anything runs."""
        from sim.experiment.pipeline import default_folder

        return cls(free_folder(output or default_folder(plan), force=force), force)

    @classmethod
    def resumed(
        cls, options: ExperimentOptions, kind: str, make: Callable[..., Planned], *given: Any
    ) -> tuple[Planned, Task]:
        """Go on with what was begun; see `Question.ask_again`.

        Parameters
        ----------
        given
            Options that change what is asked: refused, as they were when it was begun.
        """
        from sim.experiment.question import find_unfinished, read_question

        check_alone(options, *given)
        assert options.resume is not None
        parts, folder = find_unfinished(options.resume)
        question = read_question(parts)
        check_kind(options.resume, question.kind, kind)
        folder = options.output or folder
        is_forced = options.force or folder == parts.parent
        return question.ask_again(make), cls(folder, is_forced, parts)

    def carry_out(
        self,
        experiment: Experiment[Found, Made],
        executor: Executor,
        *,
        quiet: bool,
    ) -> Made:
        """Run what is to be run, write the folder, and say what is missing."""
        from sim.experiment.pipeline import carry_out
        from sim.experiment.question import forget_unfinished

        with progress("runs", quiet=quiet) as on_progress:
            made = carry_out(
                experiment,
                folder=self.folder,
                force=self.is_forced,
                argv=["overblock", *sys.argv[1:]],
                executor=executor,
                earlier=self.earlier,
                on_progress=on_progress,
                on_compile=lambda: console.say(COMPILING, quiet=quiet),
            )
        if self.earlier is not None:
            is_complete, result_id = not made.is_unfinished, experiment.plan.result_id
            forget_unfinished(self.earlier, result_id, is_complete=is_complete)
        say_what_is_missing(made, quiet=quiet)
        return made


def say_what_is_missing(result: Result, *, quiet: bool) -> None:
    """Say warnings, failures, and what is left to do."""
    from sim.results.folder import count_simulations

    manifest = result.manifest
    console.say_warnings(manifest["warnings"], quiet=quiet)
    failures = list(result.failures.items())
    for key, failure in failures[:MOST_SAID]:
        where = " ".join(f"{name}={part}" for name, part in result.plan.where(key).items())
        console.say(f"failed: {where}: {failure}")
    if len(failures) > MOST_SAID:
        console.say(f"and {len(failures) - MOST_SAID} more, in manifest.json")
    if result.status == "complete":
        return
    (n, of), each = result.progress, ""
    if result.plan.is_as_given:
        n, of = count_simulations(manifest)
        each = " of each strategy" * (len(result.plan.labels) > 1)
    finished = f"{n} of {of} simulations{each} are finished and kept in"
    more = f"; --resume {result.folder} goes on" if result.is_unfinished else ""
    console.say(f"{result.status}: {finished} {result.folder}{more}")


def leave_unless_complete(result: Result) -> None:
    """Leave with the exit code of a result that is not whole."""
    if result.status == "interrupted":
        raise typer.Exit(console.EXIT_INTERRUPTED)
    if result.status != "complete":
        raise typer.Exit(console.EXIT_PARTIAL)
