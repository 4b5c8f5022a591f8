"""``overblock explore``: a page on this computer that answers while levers are moved."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sim.cli.completion import complete_scenario
from sim.cli.options import QuietOption
from sim.cli.terminal import console


def explore(
    scenario_or_run: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|RUN",
            autocompletion=complete_scenario,
            help="A run folder, whose answer is shown at once, or a scenario, which is simulated "
            "first.",
        ),
    ],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 for a free one.")
    ] = 0,
    show: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open it in the browser; so on a terminal when left out."
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Move levers of a scenario in the browser, and see what follows while it computes.

    The page is on this computer alone: it answers to nothing but the printed address, and asks
    nothing of the network. Ctrl-C ends it.

    Examples:

      overblock explore telegram-2018

      overblock explore runs/20261124T120000Z-telegram-2018-1a2b3c
    """
    with console.reports_errors():
        from sim.explore.server import serve

        def ready(address: str) -> None:
            print(address, flush=True)
            console.say("Ctrl-C ends it.", quiet=quiet)
            if show or (show is None and sys.stdout.isatty()):
                import webbrowser

                webbrowser.open(address)

        console.say("Computing what the page shows first …", quiet=quiet)
        serve(scenario_or_run, port, ready, console.say_warnings)
