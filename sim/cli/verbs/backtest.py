"""``overblock backtest``: published outcomes compared with simulated ranges."""

from __future__ import annotations

import json
import os
from pathlib import Path

import typer

from sim.cli import console
from sim.cli.console import COMPILING, Format, print_tables, progress
from sim.cli.options import (
    FORCE_FILE,
    JSON,
    QUIET,
    WORKERS,
    argument,
    check_output,
    many,
    option,
)
from sim.errors import UsageError
from sim.files import check_free, new_file


def backtest(
    cases: list[str] = argument("CASE", "Ids of cases; all by default.", default=[]),
    blind: list[Path] = many(
        "--blind FILE", "Score the cases of this file in place of the shipped ones."
    ),
    members: int | None = option(
        "-n --simulations",
        "Simulations of each scenario over all declared ranges, and as many of those that "
        "are kept by the record; 64 by default.",
        min=1,
        max=10_000,
    ),
    format_: Format = option("--format", "How scores are printed.", default=Format.TABLE),
    plot: Path | None = option("--plot FILE", "Draw the scores as PNG or SVG."),
    save: Path | None = option("--save FILE", "Write the JSON document here as well."),
    force: bool = FORCE_FILE,
    workers: int | None = WORKERS,
    as_json: bool = JSON,
    quiet: bool = QUIET,
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
        from sim.report.documents.scores import case_tables, page, score_tables, scores_csv
        from sim.scenario.cases import choose, read_files, shipped_cases

        check_output(plot, ".png", ".svg", force=force)
        if save is not None:
            check_free(save, force=force)
        if plot is not None and save is not None and plot.absolute() == save.absolute():
            wanted = "expected two files for --plot and --save, got one for both"
            raise UsageError(f"{plot}: {wanted}")
        files = read_files(blind) if blind else shipped_cases()
        chosen = choose(files, cases)
        with progress("runs", quiet=quiet) as on_step:
            scored = score_cases(
                chosen,
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
            from sim.report.figures.scores import draw_backtest

            with new_file(plot, force=force) as partial:
                draw_backtest(found, partial)
            console.say(f"figure: {plot}", quiet=quiet)
        if as_json:
            console.print_json(found)
        elif format_ is Format.CSV:
            print(scores_csv(found), end="")
        elif format_ is Format.MARKDOWN:
            beside = save.parent if save is not None else Path()
            figure = Path(os.path.relpath(plot, beside)).as_posix() if plot is not None else ""
            print(page(found, figure=figure), end="")
        else:
            print_tables([*case_tables(found), *score_tables(found)])
        for (row, number, which), failure in scored.failures.items():
            name = scored.groups[int(row)].name
            console.say(f"failed: scenario={name} {which} simulation={number}: {failure}")
        if scored.failures:
            raise typer.Exit(console.EXIT_PARTIAL)
