"""What ``sweep``, ``sensitivity`` and ``calibrate`` share: folders, failures, tables, exit codes.

In: options, then a study and its tables. Out: a folder, and text on stdout and stderr. No model
logic.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli.task import check_alone, check_kind, choose_root_seed, free_folder
from sim.cli.terminal import console
from sim.cli.terminal.progress import progress

if TYPE_CHECKING:
    from sim.experiment.answers import Answers
    from sim.experiment.executors.task import Executor
    from sim.experiment.kept import Kept
    from sim.experiment.points import Question
    from sim.experiment.question import Begun
    from sim.experiment.sheets import Sheet
    from sim.experiment.study import Study, StudyPlan
    from sim.scenario.resolve import Resolved

Ask = Callable[..., "Answers"]
"""Answers a question; takes besides how many runs were before it, and how many there are in all."""

MOST_SAID = 10
"""Failures that are said one by one."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a study is asked: now, or when it was begun.

    Attributes
    ----------
    options
        What the study's kind takes, by name.
    begun, parts, folder
        Of a study that was begun: what it is, its finished runs, and the folder it is to become.
    """

    resolved: Resolved
    root_seed: int
    n_replicates: int
    options: Mapping[str, Any]
    begun: Begun | None = None
    parts: Path | None = None
    folder: Path | None = None

    @classmethod
    def now(
        cls,
        resolved: Resolved,
        seed: int | None,
        n_replicates: int | None,
        options: Mapping[str, Any],
        *,
        quiet: bool,
    ) -> Asked:
        """Ask anew; options that are None take their defaults."""
        given = {name: value for name, value in options.items() if value is not None}
        root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
        return cls(resolved, root_seed, n_replicates or resolved.scenario.n_replicates, given)

    @classmethod
    def before(cls, path: Path, kind: str, *given: Any) -> Asked:
        """Go on with what was begun; nothing that changes the question may be given."""
        from sim.experiment.question import find_begun, read_begun

        check_alone(path, *given)
        parts, folder = find_begun(path)
        begun = read_begun(parts)
        check_kind(path, begun.kind, kind)
        return cls(
            begun.resolved, begun.root_seed, begun.n_replicates, begun.asked, begun, parts, folder
        )


@dataclass(frozen=True)
class StudyTask:
    """A study on its way to its folder."""

    plan: StudyPlan
    folder: Path
    is_forced: bool
    earlier: Path | None

    @classmethod
    def of(cls, asked: Asked, plan: StudyPlan, output: Path | None, *, force: bool) -> StudyTask:
        """Return where the study goes; refuse a place that is taken before anything runs."""
        from sim.experiment.question import check_same
        from sim.experiment.study import default_folder

        if asked.begun is not None and asked.parts is not None:
            check_same(asked.begun, plan.identity, asked.parts)
            folder = output or asked.folder or default_folder(plan)
            return cls(plan, folder, force or folder == asked.parts.parent, asked.parts)
        folder = free_folder(output or default_folder(plan), force=force)
        return cls(plan, folder, force, None)

    def carry_out(
        self,
        answer: Callable[[Ask], Answers],
        analyse: Callable[[Answers], Sequence[Sheet]],
        executor: Executor,
        *,
        quiet: bool,
        illustrate: Callable[[Study], Sequence[Path]] = lambda study: (),
    ) -> Study:
        """Run what is not finished, and write the folder.

        Parameters
        ----------
        answer
            Answers the whole study, given how a question is answered.
        """
        from sim.experiment.answers import ask
        from sim.experiment.question import forget_begun
        from sim.experiment.study import carry_out

        with executor, progress("runs", quiet=quiet) as on_progress:

            def answer_all(kept: Kept) -> Answers:
                def ask_one(question: Question, n_before: int = 0, n_all: int = 0) -> Answers:
                    return ask(
                        question,
                        executor,
                        lambda n_done, n_total: on_progress(n_before + n_done, n_all or n_total),
                        kept,
                    )

                return answer(ask_one)

            study = carry_out(
                self.plan,
                answer_all,
                analyse,
                folder=self.folder,
                force=self.is_forced,
                argv=["overblock", *sys.argv[1:]],
                earlier=self.earlier,
                illustrate=illustrate,
            )
        if self.earlier is not None:
            is_complete = not study.answers.is_unfinished
            forget_begun(self.earlier, self.plan.identity, is_complete=is_complete)
        return study


def say_cost(plan: StudyPlan, n_points: int, n_strategies: int, *, quiet: bool) -> None:
    """Say how much is going to be run."""
    n = plan.question.n_replicates
    strategies = f" x {n_strategies} strategies" if n_strategies > 1 else ""
    console.say(
        f"{n_points:,} points{strategies} x {n:,} replicate{'s' * (n > 1)} = "
        f"{n_points * n_strategies * n:,} runs",
        quiet=quiet,
    )


def say_what_is_missing(study: Study, *, quiet: bool) -> None:
    """Say warnings, and failures by key."""
    console.say_warnings(study.manifest["warnings"], quiet=quiet)
    failures = list(study.answers.failures.items())
    for key, message in failures[:MOST_SAID]:
        names = ("point", "strategy", "replicate")
        where = " ".join(f"{name}={part}" for name, part in zip(names, key, strict=False))
        console.say(f"failed: {where}: {message}")
    if len(failures) > MOST_SAID:
        console.say(f"and {len(failures) - MOST_SAID} more, in points.csv")
    if study.status != "complete":
        more = f"; --resume {study.folder} goes on" if study.answers.is_unfinished else ""
        console.say(f"{study.status}: what is finished is kept in {study.folder}{more}")


def leave_unless_complete(study: Study) -> None:
    """Leave with the exit code of a study that is not whole."""
    if study.status == "interrupted":
        raise typer.Exit(console.EXIT_INTERRUPTED)
    if study.status != "complete":
        raise typer.Exit(console.EXIT_PARTIAL)


def study_document(study: Study, schema: str, *sheets: str) -> dict[str, Any]:
    """The document that ``--json`` prints: what was studied, and tables as lists of records."""
    from sim.results.folder import title_of

    manifest = study.manifest
    return {
        "schema": schema,
        "folder": str(study.folder),
        "result_id": manifest["result_id"],
        "status": study.status,
        "scenario": manifest["scenario"]["name"],
        "title": title_of(manifest["scenario"]),
        "strategies": list(study.answers.labels),
        "root_seed": manifest["root_seed"],
        "n_replicates": manifest["n_replicates"],
        "version": manifest["tool"]["version"],
        "design": manifest["design"],
        "warnings": manifest["warnings"],
        **{name: study.sheets[f"{name}.csv"].records() for name in sheets},
    }


def width() -> int:
    """Columns of the terminal, or of a page where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 140


def print_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], n_text: int = 1
) -> None:
    """Print a table on stdout, the first ``n_text`` columns as text and the others as numbers."""
    from rich.console import Console
    from rich.table import Table

    out = Console(width=width(), markup=False, highlight=False)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for position, name in enumerate(header):
        is_text = position < n_text
        table.add_column(name, justify="left" if is_text else "right", no_wrap=is_text)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def number(value: float) -> str:
    """Three digits or whole; ``not known`` where it is not."""
    if math.isnan(value):
        return "not known"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.0f}"


def interval(low: float, high: float) -> str:
    """``[low, high]``; empty where it is not known or a point."""
    return "" if math.isnan(low) or low == high else f"[{number(low)}, {number(high)}]"
