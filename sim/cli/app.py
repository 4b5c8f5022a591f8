"""The command ``overblock``: its verbs, in the sequence people need them.

Heavy imports stand inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated

import typer

from sim.cli import console
from sim.cli.options import as_command
from sim.cli.verbs import cover, experiments, exposure, forecasts, handover, library
from sim.errors import OverblockError, UsageError
from sim.version import __version__

TRACEBACK = "OVERBLOCK_TRACEBACK"
"""Environment variable that asks for the traceback of a fault."""

app = typer.Typer(
    name="overblock",
    help=(
        "Computes what blocking Internet addresses does to everyone who was not the target.\n\n"
        "Exit codes: 0 done; 1 a stated check failed; 2 usage or invalid scenario; 3 partial; "
        "4 unreadable data; 130 interrupted."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(f"overblock {__version__}")
        raise typer.Exit


@app.callback()
def overblock(
    version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take the options before a verb."""


VERBS: dict[str, Callable[..., None]] = {
    "init": library.init,
    "run": experiments.run,
    "compare": experiments.compare,
    "verify": handover.verify,
    "sweep": experiments.sweep,
    "sensitivity": experiments.sensitivity,
    "condition": experiments.condition,
    "plot": handover.plot,
    "report": handover.report,
    "bundle": handover.bundle,
    "explore": handover.explore,
    "exposure": exposure.exposure,
    "cover": cover.cover,
    "import": cover.import_file,
    "assess": handover.assess,
    "risk": forecasts.risk,
    "backtest": forecasts.backtest,
    "validate": library.validate,
    "list": library.list_scenarios,
    "show": library.show,
    "samples": library.samples,
    "sources": library.sources,
    "cite": handover.cite,
    "doctor": library.doctor,
}
"""Verbs in the sequence of ``--help``."""
for _name, _verb in VERBS.items():
    app.command(_name)(as_command(_verb))


def main() -> None:
    """Run the command line."""
    streams = (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY))
    for name, mode, how in (*streams, ("stderr", "w", os.O_WRONLY)):
        if getattr(sys, name) is None:
            # Closed by the caller, as by >&-: an error when it is used, and no file's descriptor.
            setattr(sys, name, open(os.open(os.devnull, how), mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter gets its number, not a traceback after a run.
            stream.reconfigure(errors="backslashreplace")
    try:
        if any(word.partition("=")[0] == "--draws" for word in sys.argv[2:]):
            raise UsageError(
                "--draws is gone: every simulation is a draw; give their number with -n, or "
                "--fixed for replicates of the point values"
            )
        try:
            app()
        except SystemExit:
            sys.stdout.flush()  # while an error can still be reported
            raise
    except BrokenPipeError:
        # The reader has closed the pipe; nothing is printed, not even at interpreter exit.
        sys.stdout = None
        raise SystemExit(1) from None
    except Exception as error:
        code = _report_fault(error)
        if isinstance(error, OSError):
            sys.stdout = None  # what it could not write is not tried again at interpreter exit
        raise SystemExit(code) from None


def _report_fault(error: Exception) -> int:
    """Print an error that no verb caught, of the machine or of ours, and return the exit code."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    printed: OverblockError
    if isinstance(error, OverblockError):
        printed = error
    elif isinstance(error, OSError | MemoryError):
        reason = getattr(error, "strerror", None) or str(error) or "not enough memory"
        file = getattr(error, "filename", None)
        printed = UsageError(f"{file}: {reason}" if file else reason)
    else:
        what = " ".join(str(error).split())
        printed = OverblockError(
            f"fault in overblock: {type(error).__name__}: {what}; please report it with the "
            f"command and, from {TRACEBACK}=1, the traceback"
        )
    for note in getattr(error, "__notes__", ()) if printed is not error else ():
        printed.add_note(note)  # where what is finished lies
    console.print_error(printed, as_json="--json" in sys.argv)
    return printed.exit_code
