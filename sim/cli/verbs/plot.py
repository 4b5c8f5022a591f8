"""``overblock plot``: draw the figures of a run folder."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.completion import complete_figure
from sim.cli.options import ForceFileOption, JsonOption, QuietOption, RunArgument
from sim.cli.terminal import console
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.results.folder import RunFolder


def plot(
    run: RunArgument,
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KIND",
            autocompletion=complete_figure,
            help="Figures to draw; all that apply when left out. --list names them; tables stands "
            "for the values behind them, without pictures.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for the figures; RUN/figures when left out."),
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", metavar="FORMATS", help="With commas: png, svg, pdf.")
    ] = "png,svg",
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy", metavar="LABEL", help="Of a comparison: show this strategy alone."
        ),
    ] = None,
    width: Annotated[
        float, typer.Option("--width", metavar="MM", min=60, max=600, help="Width in millimetres.")
    ] = 180,
    dpi: Annotated[
        int, typer.Option("--dpi", min=50, max=1200, help="Dots per inch of png.")
    ] = 200,
    no_title: Annotated[
        bool,
        typer.Option("--no-title", help="Draw no title and no source, for a caption of your own."),
    ] = False,
    list_kinds: Annotated[
        bool, typer.Option("--list", help="List the figures, and why some do not apply to RUN.")
    ] = False,
    force: ForceFileOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw figures of a run or a comparison, with their values and what they show in words.

    A matplotlib style of your own, in its matplotlibrc, is respected.

    Examples:

      overblock plot runs/20261124T120000Z-telegram-2018-replay-1a2b3c

      overblock plot out outage money --width 88 --no-title --format pdf

      overblock plot out tables
    """
    with console.reports_errors(as_json=as_json):
        from sim.report.figures.kinds import Print, plot_run
        from sim.results.folder import open_run

        folder = open_run(run)
        if list_kinds:
            _print_kinds(folder, strategy, as_json=as_json)
            return
        into = output or _default_folder(folder, strategy)
        how = Print(width, dpi, has_words=not no_title)
        with console.names_changes(folder):
            written = plot_run(
                folder, into, kinds or (), strategy, _formats(formats), how, force=force
            )
        if as_json:
            document = {"schema": "overblock/plot/1", "files": [str(path) for path in written]}
            console.print_json(document)
        else:
            for path in written:
                print(path)
        console.say(count(len(written), "file"), quiet=quiet)


def _default_folder(run: RunFolder, strategy: str | None) -> Path:
    """``figures`` in the run folder; one strategy of a comparison has a folder of its own there."""
    folder = run.path / "figures"
    if strategy is None or len(run.strategies) == 1:
        return folder
    return folder / re.sub(r"[^\w.=-]+", "-", strategy)


def _formats(text: str) -> list[str]:
    """Formats by name."""
    from sim.errors import UsageError
    from sim.report.figures.kinds import FORMATS

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        got = ", ".join(unknown) or "nothing"
        raise UsageError(f"--format: expected some of {', '.join(FORMATS)}, got {got}")
    return list(dict.fromkeys(names))


def _print_kinds(run: RunFolder, strategy: str | None, *, as_json: bool) -> None:
    from sim.report.figures.kinds import FIGURES, why_not

    rows = [
        {"name": name, "shows": kind.shows, "does_not_apply": why_not(run, name, strategy) or None}
        for name, kind in FIGURES.items()
    ]
    if as_json:
        console.print_json({"schema": "overblock/figures/1", "figures": rows})
        return
    width = max(len(name) for name in FIGURES)
    for row in rows:
        reason = f" (does not apply: {row['does_not_apply']})" if row["does_not_apply"] else ""
        room = max(console.width_of(sys.stdout) - width - 2, 30)
        first, *rest = textwrap.wrap(f"{row['shows']}{reason}", room)
        print(f"{row['name']:<{width}}  {first}")
        for line in rest:
            print(f"{'':<{width}}  {line}")
