"""``overblock report``: one HTML file about a run or a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from sim.cli.options import JsonOption, LanguageOption, QuietOption
from sim.cli.terminal import console

if TYPE_CHECKING:
    from sim.results.read import RunFolder

SCHEMA = "overblock/report/1"


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a comparison's.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write; RUN/report.html when left out."),
    ] = None,
    language: LanguageOption = "en",
    draws: Annotated[int | None, typer.Option("--draws", hidden=True)] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one HTML file that holds everything it shows, to be opened offline or mailed.

    Examples:

      overblock report out

      overblock report out -o report.html

      overblock report out --language es -o informe.html
    """
    with console.reports_errors(as_json=as_json):
        from sim.report.page.document import write_report
        from sim.report.words.languages import choose_language
        from sim.results.read import open_run

        words = choose_language(language)
        path = output or run / "report.html"
        folder = open_run(run)
        if draws is not None:
            _refuse_draws(folder, run, draws)
        with console.names_changes(folder):
            n_bytes = write_report(folder, path, words)
        if as_json:
            console.print_json({"schema": SCHEMA, "file": str(path), "n_bytes": n_bytes})
        else:
            print(path)
        console.say(f"{n_bytes / 1e6:.1f} MB", quiet=quiet)


def _refuse_draws(folder: RunFolder, run: Path, n_draws: int) -> NoReturn:
    """Draws are made by a run: say how many the folder has, and how to have others."""
    from sim.errors import UsageError
    from sim.report.page.repeat_command import repeat

    raise UsageError(
        f"--draws: expected none, got {n_draws}: a report shows the draws of its folder, and {run} "
        f"has {folder.n_draws}; to have others: {repeat(folder, n_draws=n_draws).command} && "
        "overblock report again"
    )
