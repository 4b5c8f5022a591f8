"""Numbers as tables: on a terminal, as Markdown, as CSV.

In: sections with columns and rows. Out: text. CSV is one table of single numbers, so that a reader
need not know the sections beforehand. No model logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sim.cli.options import Format
from sim.cli.terminal.tables import NOT_KNOWN, PAGE_WIDTH, new_table, open_console
from sim.report.words.markdown import markdown_text
from sim.results.csvtext import csv_text

Value = str | int | float | None
Kind = Literal["text", "number", "share"]


@dataclass(frozen=True)
class Column:
    """One column: its key in CSV, its heading for people, and what it holds."""

    key: str
    heading: str
    kind: Kind = "number"


@dataclass(frozen=True)
class Section:
    """One table.

    Attributes
    ----------
    key, title
        Its name in CSV, and for people.
    columns
        The first one names the row.
    rows
        Raw values, or texts; None is not known, and empty text does not apply.
    notes
        What to know of it; not in CSV.
    """

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()


def print_sections(sections: Sequence[Section], form: Format) -> None:
    """Print sections on stdout in a format for people or spreadsheets; JSON has documents."""
    match form:
        case Format.CSV:
            print_csv(sections)
        case Format.MARKDOWN:
            print_markdown(sections)
        case _:
            print_tables(sections)


def print_tables(sections: Sequence[Section], page_width: int = PAGE_WIDTH) -> None:
    """Print sections as tables on stdout, where that is no terminal as wide as a page."""
    console = open_console(page_width)
    for position, section in enumerate(sections):
        columns = [(column.heading, column.kind != "text") for column in section.columns]
        table = new_table(section.title, columns)
        for row in section.rows:
            table.add_row(*_cells(section, row))
        if position:
            console.print()
        console.print(table)
        for note in section.notes:
            console.print(note)


def print_markdown(sections: Sequence[Section]) -> None:
    """Print sections as Markdown on stdout, in which all they hold is text."""
    for section in sections:
        rule = ["---" if column.kind == "text" else "---:" for column in section.columns]
        header = [column.heading for column in section.columns]
        print(f"### {markdown_text(section.title)}\n")
        for cells in (header, rule, *(_cells(section, row) for row in section.rows)):
            escaped = cells if cells is rule else map(markdown_text, cells)
            print(f"| {' | '.join(escaped)} |")
        for note in section.notes:
            print(f"\n{markdown_text(note)}")
        print()


def print_csv(sections: Sequence[Section]) -> None:
    """Print one number a row: ``section,item,measure,value``; empty where not known."""
    rows = [
        (section.key, row[0], column.key, value)
        for section in sections
        for row in section.rows
        for column, value in zip(section.columns[1:], row[1:], strict=True)
        if value != ""
    ]
    print(csv_text(("section", "item", "measure", "value"), rows), end="")


def _cells(section: Section, row: Sequence[Value]) -> list[str]:
    return [shown(value, column.kind) for column, value in zip(section.columns, row, strict=True)]


def shown(value: Value, kind: Kind = "number") -> str:
    """One cell for people: thousands apart, and no control character of a file."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, str):
        # Control characters from a file would reach the terminal.
        return "".join(letter if letter.isprintable() else "\ufffd" for letter in value)
    if kind == "share":
        return "0" if value == 0 else f"{value:.4f}" if value >= 0.0001 else f"{value:.1e}"
    if abs(value) >= 10**15:
        return f"{value:.4g}" if isinstance(value, float) else f"{float(value):.4g}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
