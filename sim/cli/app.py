"""The command ``overblock``: its verbs, in the sequence people need them.

Heavy imports stand inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Annotated

import typer

from sim.cli.terminal import console
from sim.cli.verbs import (
    assess,
    backtest,
    bundle,
    cite,
    compare,
    condition,
    cover,
    doctor,
    explore,
    exposure,
    init,
    intake,
    library,
    overmatch,
    plot,
    report,
    run,
    sensitivity,
    sources,
    sweep,
    validate,
    verify,
)
from sim.errors import OverblockError, UsageError
from sim.version import __version__

TRACEBACK = "OVERBLOCK_TRACEBACK"
"""Environment variable that asks for the traceback of a fault."""

app = typer.Typer(
    name="overblock",
    help=(
        "What blocking Internet addresses does to everyone who was not the target.\n\n"
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
    """Carry the options that stand before a verb."""


app.command("init")(init.init)
app.command("run")(run.run)
app.command("compare")(compare.compare)
app.command("verify")(verify.verify)
app.command("sweep")(sweep.sweep)
app.command("sensitivity")(sensitivity.sensitivity)
app.command("condition")(condition.condition)
app.command(
    "calibrate",
    hidden=True,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)(condition.refuse_calibrate)
app.command("plot")(plot.plot)
app.command("report")(report.report)
app.command("bundle")(bundle.bundle)
app.command("explore")(explore.explore)
app.command("exposure")(exposure.exposure)
app.command("overmatch")(overmatch.overmatch)
app.command("cover")(cover.cover)
app.command("import")(intake.import_file)
app.command("assess")(assess.assess)
app.command("backtest")(backtest.backtest)
app.command("validate")(validate.validate)
app.command("schema")(validate.schema)
app.command("list")(library.list_scenarios)
app.command("show")(library.show)
app.command("samples")(library.samples)
app.command("sources")(sources.sources)
app.command("cite")(cite.cite)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who called, as by `>&-`
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter gets its number, not a traceback after a run.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        # The reader has what it wanted; nothing is left to say, not even at interpreter exit.
        sys.stdout = None
        raise SystemExit(1) from None
    except Exception as error:
        raise SystemExit(_say_why(error)) from None


def _say_why(error: Exception) -> int:
    """Say what no verb caught, and return the exit code: the machine's refusal, or our fault."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    said: OverblockError
    if isinstance(error, OverblockError):
        said = error
    elif isinstance(error, OSError | MemoryError):
        reason = getattr(error, "strerror", None) or str(error) or "not enough memory"
        file = getattr(error, "filename", None)
        said = UsageError(f"{file}: {reason}" if file else reason)
    else:
        what = " ".join(str(error).split())
        said = OverblockError(
            f"fault in overblock: {type(error).__name__}: {what}; please report it with the "
            f"command and, from {TRACEBACK}=1, the traceback"
        )
    for note in getattr(error, "__notes__", ()) if said is not error else ():
        said.add_note(note)  # where what is finished lies
    console.print_error(said, as_json="--json" in sys.argv)
    return said.exit_code
