"""What ``sweep``, ``sensitivity`` and ``calibrate`` share: folders, failures, tables, exit codes.

In: a study and its tables. Out: text on stdout and stderr. No model logic.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli import console

if TYPE_CHECKING:
    from sim.measure.study import Study, StudyPlan

MOST_SAID = 10
"""Failures that are said one by one."""


def choose_folder(plan: StudyPlan, output: Path | None, *, force: bool) -> Path:
    """Return where the study goes; refuse a place that is taken before anything runs."""
    from sim.measure.study import default_folder
    from sim.results.folder import check_free

    folder = output or default_folder(plan)
    check_free(folder, force=force)
    return folder


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
    for warning in study.manifest["warnings"]:
        console.say(f"warning: {warning}", quiet=quiet)
    failures = list(study.answers.failures.items())
    for key, message in failures[:MOST_SAID]:
        names = ("point", "strategy", "replicate")
        where = " ".join(f"{name}={part}" for name, part in zip(names, key, strict=False))
        console.say(f"failed: {where}: {message}")
    if len(failures) > MOST_SAID:
        console.say(f"and {len(failures) - MOST_SAID} more, in points.csv")
    if study.status != "complete":
        console.say(f"{study.status}: what is finished is kept in {study.folder}")


def leave_unless_complete(study: Study) -> None:
    """Leave with the exit code of a study that is not whole."""
    if study.status == "interrupted":
        raise typer.Exit(console.EXIT_INTERRUPTED)
    if study.status != "complete":
        raise typer.Exit(console.EXIT_PARTIAL)


def study_document(study: Study, schema: str, *sheets: str) -> dict[str, Any]:
    """The document that ``--json`` prints: what was studied, and tables as lists of records."""
    manifest = study.manifest
    return {
        "schema": schema,
        "folder": str(study.folder),
        "result_id": manifest["result_id"],
        "status": study.status,
        "scenario": manifest["scenario"]["name"],
        "title": manifest["scenario"]["title"],
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
