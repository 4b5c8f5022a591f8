"""``overblock plot``: draw the figures of a run folder."""

from __future__ import annotations

import re
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.completion import complete_figure
from sim.cli.options import ForceFileOption, JsonOption, QuietOption, RunArgument
from sim.cli.terminal import console
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.report.figures.drawing import Choice
    from sim.results.read import RunFolder


def plot(
    run: RunArgument,
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KIND",
            autocompletion=complete_figure,
            help="Figures to draw; all that apply when left out. --list names them.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for the figures; RUN/figures when left out."),
    ] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMATS",
            help="With commas: png, svg, pdf for figures; gif, mp4 for the animation.",
        ),
    ] = "png,svg,gif",
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy", metavar="LABEL", help="Of a comparison: show this strategy alone."
        ),
    ] = None,
    replicate: Annotated[
        int,
        typer.Option("--replicate", min=0, help="Replicate that map and animation show."),
    ] = 0,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="Time that the map shows; when most addresses are listed when left out.",
        ),
    ] = None,
    zoom: Annotated[
        str | None,
        typer.Option("--zoom", metavar="PREFIX", help="Part that map and animation show."),
    ] = None,
    list_kinds: Annotated[
        bool, typer.Option("--list", help="List the figures, and why some do not apply to RUN.")
    ] = False,
    force: ForceFileOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw figures of a run or a comparison, with their numbers and alt texts beside them.

    Examples:

      overblock plot runs/20261124T120000Z-telegram-2018-replay-1a2b3c

      overblock plot out outages map --zoom 52.0.0.0/8 --at 2018-04-18T12:00+03:00 --format pdf
    """
    with console.reports_errors(as_json=as_json):
        from sim.report.figures.figures import plot_run
        from sim.results.read import open_run

        folder = open_run(run)
        if list_kinds:
            _print_kinds(folder, as_json=as_json)
            return
        choice = _choice(folder, strategy, replicate, at, zoom)
        into = output or _default_folder(folder, strategy)
        with console.names_changes(folder):
            written = plot_run(folder, into, kinds or (), choice, _formats(formats), force=force)
        if as_json:
            document = {"schema": "overblock/plot/1", "files": [str(path) for path in written]}
            console.print_json(document)
        else:
            for path in written:
                print(path)
        console.say(count(len(written), "file"), quiet=quiet)


def _choice(
    run: RunFolder, strategy: str | None, replicate: int, at: str | None, zoom: str | None
) -> Choice:
    """What is asked for, or every mistake in it."""
    from sim.addresses.text.text import parse_prefix
    from sim.errors import UsageError
    from sim.report.figures.drawing import Choice
    from sim.scenario.quantities import parse_instant

    mistakes = []
    at_s, prefix = None, (0, 0)
    if at is not None:
        try:
            at_s = int((parse_instant(at) - run.start).total_seconds())
            if not 0 <= at_s < run.horizon_s:
                end = run.scenario["end"]
                mistakes.append(
                    f"--at: expected a time from {run.scenario['start']} to before {end}, got {at}"
                )
        except ValueError as error:
            mistakes.append(f"--at: {error}")
    if zoom is not None:
        try:
            prefix = parse_prefix(zoom)[1:]
        except ValueError as error:
            mistakes.append(f"--zoom: {error}")
    for check in (partial(run.check_replicate, replicate), partial(_check_label, run, strategy)):
        try:
            check()
        except UsageError as error:
            mistakes.append(str(error))
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return Choice(strategy=strategy, replicate=replicate, at_s=at_s, zoom=prefix)


def _check_label(run: RunFolder, strategy: str | None) -> None:
    if strategy is not None:
        run.strategy(strategy)


def _default_folder(run: RunFolder, strategy: str | None) -> Path:
    """``figures`` in the run folder; one strategy of a comparison has a folder of its own there."""
    folder = run.path / "figures"
    if strategy is None or len(run.strategies) == 1:
        return folder
    return folder / re.sub(r"[^\w.=-]+", "-", strategy)


def _formats(text: str) -> list[str]:
    """Formats by name."""
    from sim.errors import UsageError
    from sim.report.figures.animation import FILMS
    from sim.report.figures.figures import PICTURES

    names = [name.strip() for name in text.split(",") if name.strip()]
    known = (*PICTURES, *FILMS)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        got = ", ".join(unknown) or "nothing"
        raise UsageError(f"--format: expected some of {', '.join(known)}, got {got}")
    return list(dict.fromkeys(names))


def _print_kinds(run: RunFolder, *, as_json: bool) -> None:
    from sim.report.figures.kinds import FIGURES

    rows = [
        {"name": name, "shows": kind.shows, "does_not_apply": kind.why_not(run) or None}
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
