"""``overblock plot``: draw the figures of a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import console
from sim.cli.options import JsonOption, QuietOption


def plot(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for the figures; RUN/figures when left out."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw the curves of a run as PNG and SVG, with alt texts beside them.

    Examples:

      overblock plot runs/20261124T120000Z-telegram-2018-replay-1a2b3c

      overblock plot out -o figures
    """
    with console.reports_errors(as_json=as_json):
        from sim.report.figures import plot_run
        from sim.results.read import open_run

        written = plot_run(open_run(run), output or run / "figures")
        if as_json:
            document = {"schema": "overblock/plot/1", "files": [str(path) for path in written]}
            console.print_json(document)
        else:
            for path in written:
                print(path)
        console.say(f"{len(written)} file{'s' * (len(written) != 1)}", quiet=quiet)
