"""What the command line prints: JSON on stdout, everything else on stderr, and exit codes.

In: results and errors. Out: text for people or JSON for programs.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import typer

from sim.errors import DataError, OverblockError, Problem, ProblemsError
from sim.experiment.interrupts import ends_as_interrupts
from sim.files import keeps_what_is_read

if TYPE_CHECKING:
    from sim.results.folder import RunFolder

EXIT_CHECK_FAILED = 1
EXIT_PARTIAL = 3
EXIT_INTERRUPTED = 130
PAGE_WIDTH = 80
"""Columns of what people read, where stdout is no terminal."""


@contextmanager
def reports_errors(*, as_json: bool = False) -> Iterator[None]:
    """Print what the library refuses, and leave with its exit code; no traceback.

    A request to end (SIGTERM) is taken as Ctrl-C. No file that is read is written over.

    Parameters
    ----------
    as_json
        Print errors as one JSON document.
    """
    try:
        with ends_as_interrupts(), keeps_what_is_read():
            yield
    except OverblockError as error:
        print_error(error, as_json=as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt as error:
        kept = getattr(error, "__notes__", ())
        say("; ".join(("interrupted", *kept)))
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
    say("\n".join(said))


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
        "key": problem.key or None,
        "message": problem.message,
    }


def say(text: str, *, quiet: bool = False) -> None:
    """Print a line on stderr."""
    if not quiet:
        # Where there is no terminal a message stays one line, for programs that look for it.
        print(fold(text, width_of(sys.stderr)) if sys.stderr.isatty() else text, file=sys.stderr)


def say_out(text: str) -> None:
    """Print sentences on stdout."""
    print(fold(text, width_of(sys.stdout)))


def width_of(stream: TextIO) -> int:
    """Columns that a line may have: those of the terminal, or of a page where there is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else PAGE_WIDTH


def fold(text: str, width: int) -> str:
    """Break lines between words where they are longer than there is room; else as they are.

    What follows a break is indented by two more, so that a line of output is still told from the
    next. A word that is longer than that stays whole: it may be a path.
    """
    return "\n".join(_folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    words = line.lstrip(" ")
    indent = " " * (len(line) - len(words))
    return textwrap.fill(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def say_warnings(warnings: Sequence[str], *, quiet: bool = False) -> None:
    """Say on stderr what to check before trusting a result."""
    for warning in warnings:
        say(f"warning: {warning}", quiet=quiet)


@contextmanager
def names_changes(run: RunFolder) -> Iterator[None]:
    """Warn on stderr of files that were changed or are missing, also when quiet.

    Where such a file makes the block fail, the error is the file's and not the program's.
    """
    from sim.results.integrity import changed_tables

    changed = [(str(run.path / name), why) for name, why in changed_tables(run)]
    say_warnings([f"{file}: {why}" for file, why in changed])
    try:
        yield
    except (OverblockError, OSError, MemoryError, typer.Exit):
        raise
    except Exception as error:
        if not changed:
            raise
        message = "expected the file that the run wrote, got another"
        raise DataError([Problem(file, message) for file, _ in changed]) from error


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
