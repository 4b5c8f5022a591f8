"""How the command line talks: result on stdout, talk on stderr, exit codes.

In: results and errors. Out: text for people or JSON for programs. No model logic.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from sim.errors import OverblockError, ProblemsError
from sim.experiment.interrupts import ends_as_interrupts

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.measure.summary import SummaryLine

EXIT_CHECK_FAILED = 1
EXIT_PARTIAL = 3
EXIT_INTERRUPTED = 130


@contextmanager
def reports_errors(*, as_json: bool = False) -> Iterator[None]:
    """Print what the library refuses, and leave with its exit code; no traceback.

    A request to end (SIGTERM) is taken as Ctrl-C.

    Parameters
    ----------
    as_json
        Print errors as one JSON document.
    """
    try:
        with ends_as_interrupts():
            yield
    except OverblockError as error:
        print_error(error, as_json=as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt as error:
        kept = getattr(error, "__notes__", ())
        print("; ".join(("interrupted", *kept)), file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def print_error(error: Exception, *, as_json: bool = False) -> None:
    """Print an error on stderr, in lines or as one JSON document."""
    said = (str(error), *getattr(error, "__notes__", ()))
    if as_json:
        problems = (
            [_problem(problem) for problem in error.problems]
            if isinstance(error, ProblemsError)
            else [{"message": "\n".join(said)}]
        )
        print(json.dumps({"schema": "overblock/errors/1", "errors": problems}), file=sys.stderr)
        return
    print("\n".join(said), file=sys.stderr)


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
        "key": problem.key or None,
        "message": problem.message,
    }


def say(text: str, *, quiet: bool = False) -> None:
    """Talk on stderr."""
    if not quiet:
        print(text, file=sys.stderr)


def say_warnings(warnings: Sequence[str], *, quiet: bool = False) -> None:
    """Say on stderr what to check before trusting a result."""
    for warning in warnings:
        say(f"warning: {warning}", quiet=quiet)


def print_json(value: Any) -> None:
    """Print exactly one JSON document on stdout; what is not known is null."""
    is_ascii = not sys.stdout.encoding.lower().startswith("utf")
    print(json_text(value, is_ascii=is_ascii), end="")


def json_text(value: Any, *, is_ascii: bool = False) -> str:
    """One JSON document; what is not known is null."""
    text = json.dumps(_without_nan(value), indent=2, ensure_ascii=is_ascii, allow_nan=False)
    return f"{text}\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value


def print_summary(lines: Sequence[SummaryLine], title: str, beside: Sequence[str] = ()) -> None:
    """Print summary lines as a table on stdout: 80 columns, with units where there is room.

    Parameters
    ----------
    beside
        Lines of text to stand beside the table where there is room, else below it.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 120, markup=False, highlight=False)
    has_room = console.width >= 112
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("measure", no_wrap=True)
    table.add_column("mean", justify="right")
    level = f"{lines[0].level:.0%}"
    table.add_column(f"{level} of replicates", justify="right")
    table.add_column("out of", justify="right")
    table.add_column("published", justify="right")
    if has_room:
        table.add_column("unit")
    for line in lines:
        has_interval = not math.isnan(line.low)
        table.add_row(
            line.metric.replace("_", " "),
            number(line.mean) if has_room else short(line.mean),
            f"[{short(line.low)}, {short(line.high)}]" if has_interval else "not known",
            "" if math.isnan(line.denominator) else short(line.denominator),
            _published(line.published),
            *([line.unit] if has_room else []),
        )
    print_beside(console, table, beside)


def print_beside(console: Console, table: Table, lines: Sequence[str]) -> None:
    """Print a table with lines of text beside it where there is room, else below it."""
    from rich.table import Table
    from rich.text import Text

    picture = Text("\n".join(lines), no_wrap=True)
    if not lines:
        console.print(table)
        return
    widths = [console.measure(one).maximum for one in (table, picture)]
    if sum(widths) + 3 > console.width:
        console.print(table)
        console.print(picture)
        return
    both = Table.grid(padding=(0, 3))
    both.add_row(table, picture)
    console.print(both)


def number(value: float) -> str:
    """Say a number in words of a table: thousands apart, small ones to three places."""
    return f"{value:.3f}" if 0 < abs(value) < 1 else f"{value:,.0f}"


def short(value: float) -> str:
    """Say a number briefly: from a million on in millions."""
    return f"{value / 1e6:,.2f} M" if abs(value) >= 1e6 else number(value)


def _published(text: str) -> str:
    try:
        return f"{int(text):,}"
    except ValueError:
        return text
