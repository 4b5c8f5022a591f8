"""``overblock backtest``: how often was the model right?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import (
    ForceFileOption,
    Format,
    JsonOption,
    NoDrawsOption,
    QuietOption,
    WorkersOption,
)
from sim.cli.terminal import console
from sim.cli.terminal.progress import COMPILING, progress


def backtest(
    cases: Annotated[
        list[str],
        typer.Argument(metavar="CASE", help="Ids of cases; all when left out."),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    blind: Annotated[
        list[Path],
        typer.Option(
            "--blind",
            metavar="FILE",
            help="Score the cases of this file in place of the shipped ones. May be repeated.",
        ),
    ] = [],  # noqa: B006
    members: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--simulations",
            min=1,
            max=10_000,
            help="Simulations of each scenario over all declared ranges, and as many of those that "
            "are kept by the record; 64 when left out.",
        ),
    ] = None,
    draws: NoDrawsOption = None,
    format_: Annotated[
        Format, typer.Option("--format", help="How scores are printed.")
    ] = Format.TABLE,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the scores as PNG or SVG."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Write the JSON document here as well."),
    ] = None,
    force: ForceFileOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare published outcomes with simulated ranges, case by case.

    Reads parameters and writes scores; tunes nothing.

    Examples:

      overblock backtest

      overblock backtest emergent-2018-04-20 firms-2018-04-26 -n 16

      overblock backtest --blind kept-apart.yaml --json
    """
    with console.reports_errors(as_json=as_json):
        from sim.backtest.document import document
        from sim.backtest.scores import N_MEMBERS
        from sim.backtest.scores import backtest as score_cases
        from sim.experiment.executors import choose_executor
        from sim.files import new_file
        from sim.scenario.cases import choose, read_files, shipped_cases

        _check_files(plot, save, force=force)
        files = read_files(blind) if blind else shipped_cases()
        placed = choose(files, cases)
        with progress("runs", quiet=quiet) as on_step:
            scored = score_cases(
                placed,
                members or N_MEMBERS,
                on_step,
                choose_executor(workers),
                lambda: console.say(COMPILING, quiet=quiet),
            )
        found = document(scored)
        if save is not None:
            text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
            with new_file(save, force=force) as partial:
                partial.write_text(f"{text}\n", encoding="utf-8")
            console.say(f"scores: {save}", quiet=quiet)
        if plot is not None:
            from sim.report.documents.backtest import draw_backtest

            with new_file(plot, force=force) as partial:
                draw_backtest(found, partial)
            console.say(f"figure: {plot}", quiet=quiet)
        _print(found, Format.JSON if as_json else format_, plot, save)
        for (row, number, which), failure in scored.failures.items():
            name = scored.groups[int(row)].name
            console.say(f"failed: scenario={name} {which} simulation={number}: {failure}")
        if scored.failures:
            raise typer.Exit(console.EXIT_PARTIAL)


def _check_files(plot: Path | None, save: Path | None, *, force: bool) -> None:
    """Refuse files that cannot be written before anything is computed."""
    from sim.errors import UsageError
    from sim.files import check_free

    if plot is not None and plot.suffix not in {".png", ".svg"}:
        raise UsageError(f"{plot}: expected a file that ends in .png or .svg")
    for path in (plot, save):
        if path is not None:
            check_free(path, force=force)
    if plot is not None and save is not None and plot.absolute() == save.absolute():
        raise UsageError(f"{plot}: expected two files for --plot and --save, got one for both")


def _print(found: Mapping[str, Any], format_: Format, plot: Path | None, save: Path | None) -> None:
    from sim.cli.tables.scores import print_scores, scores_csv

    match format_:
        case Format.JSON:
            console.print_json(found)
        case Format.CSV:
            print(scores_csv(found), end="")
        case Format.MARKDOWN:
            import os

            from sim.report.documents.validation import page

            beside = save.parent if save is not None else Path()
            figure = Path(os.path.relpath(plot, beside)).as_posix() if plot is not None else ""
            print(page(found, figure=figure), end="")
        case Format.TABLE:
            print_scores(found)
