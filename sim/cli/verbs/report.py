"""``overblock report``: one HTML file about a run or a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import JsonOption, LanguageOption, QuietOption
from sim.cli.terminal import console

SCHEMA = "overblock/report/1"


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a comparison's.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write; RUN/report.html when left out."),
    ] = None,
    language: LanguageOption = "en",
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
        from sim.results.folder import open_run

        words = choose_language(language)
        path = output or run / "report.html"
        folder = open_run(run)
        with console.names_changes(folder):
            n_bytes = write_report(folder, path, words)
        if as_json:
            console.print_json({"schema": SCHEMA, "file": str(path), "n_bytes": n_bytes})
        else:
            print(path)
        console.say(f"{n_bytes / 1e6:.1f} MB", quiet=quiet)
