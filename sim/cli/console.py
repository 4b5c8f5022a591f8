"""Prints tables, JSON and answers on stdout, progress and errors on stderr.

CSV is one table of single numbers, so that a reader need not know the tables beforehand.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, TextIO

import typer

from sim.errors import DataError, OverblockError, Problem, ProblemsError
from sim.experiment.executors.task import NOBODY, Watch
from sim.experiment.interrupts import ends_as_interrupts
from sim.files import keeps_what_is_read, without_nan
from sim.report.words.numbers import in_digits
from sim.report.words.tables import Column, Table, markdown_text

if TYPE_CHECKING:
    from sim.experiment.outputs import Sheet
    from sim.results.folder import RunFolder

EXIT_CHECK_FAILED = 1
EXIT_PARTIAL = 3
EXIT_INTERRUPTED = 130
PAGE_WIDTH = 80
"""Columns of text for people, where stdout is no terminal."""
EVERY_S = 5.0
"""Time between two lines of progress where there is no terminal."""
COMPILING = "Compiling loops for this computer, once per installation: up to a minute."
"""Message before the compilation."""


@contextmanager
def reports_errors(*, as_json: bool = False) -> Iterator[None]:
    """Print errors of the library, and leave with their exit code; no traceback.

    A request to end (SIGTERM) is treated as Ctrl-C. Input files are never overwritten.

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
        say("; ".join(("interrupted", *getattr(error, "__notes__", ()))))
        raise typer.Exit(EXIT_INTERRUPTED) from None


def print_error(error: Exception, *, as_json: bool = False) -> None:
    """Print an error on stderr, in lines or as one JSON document."""
    lines = (str(error), *getattr(error, "__notes__", ()))
    if as_json:
        problems = (
            [{key: part or None for key, part in asdict(one).items()} for one in error.problems]
            if isinstance(error, ProblemsError)
            else [{"message": "\n".join(lines)}]
        )
        print(json.dumps({"schema": "overblock/errors/1", "errors": problems}), file=sys.stderr)
        return
    say("\n".join(lines))


def say(text: str, *, quiet: bool = False) -> None:
    """Print a line on stderr."""
    if not quiet:
        # Where there is no terminal a message stays one line, for programs that look for it.
        print(fold(text, width_of(sys.stderr)) if sys.stderr.isatty() else text, file=sys.stderr)


def say_out(text: str) -> None:
    """Print sentences on stdout."""
    print(fold(text, width_of(sys.stdout)))


def width_of(stream: TextIO) -> int:
    """Return the columns of a terminal, or of a page where there is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else PAGE_WIDTH


def fold(text: str, width: int) -> str:
    """Break long lines between words.

    A continued line is indented by two more, so that it differs from the next line of output. A
    longer word stays whole: it may be a path.
    """
    return "\n".join(
        fill(
            line,
            width,
            subsequent_indent=" " * (len(line) - len(line.lstrip(" ")) + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )


def say_warnings(warnings: Sequence[str], *, quiet: bool = False) -> None:
    """Print on stderr what to check before trusting a result."""
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
    """Print exactly one JSON document on stdout; unknown numbers are null."""
    is_ascii = not sys.stdout.encoding.lower().startswith("utf")
    print(json_text(value, is_ascii=is_ascii), end="")


def json_text(value: Any, *, is_ascii: bool = False) -> str:
    """Return one JSON document; unknown numbers are null."""
    text = json.dumps(without_nan(value), indent=2, ensure_ascii=is_ascii, allow_nan=False)
    return f"{text}\n"


def print_answer(folder: Path) -> None:
    """Print the first screen of a folder's page in at most 15 lines."""
    from sim.report.words.answer import answer
    from sim.results.folder import open_run

    width = min(width_of(sys.stdout), PAGE_WIDTH)
    for line in answer(open_run(folder)).lines():
        print(fill(line, width, subsequent_indent="  "))
    print()


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Watch]:
    """Show how much is done, how fast, and how long the rest takes; and that loops are compiled.

    A terminal shows one line that changes; elsewhere there is a line every few seconds.

    Parameters
    ----------
    what
        What is counted, in the plural.
    """
    if quiet:
        yield NOBODY
        return
    is_terminal, printed_at = sys.stderr.isatty(), time.monotonic()
    first: tuple[float, int] | None = None

    def show(text: str) -> None:
        """Print a line, on a terminal in place of the last."""
        begin, end = ("\r\x1b[K", "") if is_terminal else ("", "\n")
        print(f"{begin}{text}", end=end, file=sys.stderr, flush=True)

    def update(n_done: int, n_total: int) -> None:
        nonlocal first, printed_at
        now, pace = time.monotonic(), ""
        # Loading and compiling come before the first one, so the rate is that of those after it.
        began_at, n_before = first = first if first and first[1] else (now, n_done)
        every_s = EVERY_S / 20 * (n_done < n_total) if is_terminal else EVERY_S
        if now - printed_at < every_s or not n_done:
            return
        printed_at = now
        if n_done - n_before >= max(2, n_total / 20):
            rate = (n_done - n_before) / max(now - began_at, 1e-9)
            left = timedelta(seconds=round((n_total - n_done) / rate))
            pace = f", {number(rate)}/s, {left} left"
        show(f"{n_done} of {n_total} {what}{pace}")

    try:
        yield Watch(update, lambda: say(COMPILING))
    finally:
        if is_terminal:
            show("")


class Format(StrEnum):
    """How numbers are printed."""

    TABLE = "table"
    CSV = "csv"
    MARKDOWN = "markdown"


def print_tables(tables: Sequence[Table], form: Format = Format.TABLE) -> None:
    """Print tables on stdout for people or spreadsheets; JSON has documents."""
    if form is Format.CSV:
        from sim.results.csvtext import csv_text

        rows = [
            (table.key, row[0], column.key, value)
            for table in tables
            for row in table.rows
            for column, value in zip(table.columns[1:], row[1:], strict=True)
            if value != ""
        ]
        print(csv_text(("section", "item", "measure", "value"), rows), end="")
    elif form is Format.MARKDOWN:
        for table in tables:
            notes = "".join(f"\n{markdown_text(note)}\n" for note in table.notes)
            print(f"### {markdown_text(table.title)}\n\n{table.to_markdown()}{notes}")
    else:
        width = width_of(sys.stdout)
        for position, table in enumerate(tables):
            title, *remarks = [fill(text, width) for text in (table.title, *table.notes)]
            above = "\n" * bool(position) + f"{title}\n" * bool(title)
            print(f"{above}{table.to_text(width)}", *remarks, sep="\n")


def number(value: float) -> str:
    """Write three digits or a whole number, from a million on in millions."""
    if math.isnan(value):
        return "not known"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return in_digits(value, 3) if abs(value) < 10 else f"{value:,.0f}"


def sheet_table(sheet: Sheet, title: str, names: Sequence[str], **only: object) -> Table:
    """Return some columns of a table of a folder, of the rows in which others have a value."""
    is_text = {column.name: column.type == "string" for column in sheet.columns}
    columns = [
        Column(name, name.replace("_", " "), "text" if is_text[name] else "number")
        for name in names
    ]
    rows = [
        [_cell(record[name]) for name in names]
        for record in sheet.records()
        if all(record[name] == value for name, value in only.items())
    ]
    return Table(sheet.file, title, columns, rows)


def _cell(value: object) -> str | None:
    return (
        number(value) if isinstance(value, int | float) else None if value is None else str(value)
    )
