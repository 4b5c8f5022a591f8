"""Numbers as tables: on a terminal, as Markdown, as CSV.

In: sections with columns and rows. Out: text. CSV is one table of single numbers, so that a reader
need not know the sections beforehand. No model logic.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sim.results.csvtext import csv_text

Value = str | int | float | None
Kind = Literal["text", "number", "share"]
NOT_KNOWN = "not known"


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
        Raw values; None is not known, and empty text does not apply.
    """

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


def print_tables(sections: Sequence[Section]) -> None:
    """Print sections as tables on stdout."""
    from rich.console import Console
    from rich.table import Table

    width = None if sys.stdout.isatty() else 120
    console = Console(width=width, markup=False, highlight=False)
    for position, section in enumerate(sections):
        table = Table(title=section.title, title_justify="left", box=None, pad_edge=False)
        for column in section.columns:
            justify: Literal["left", "right"] = "left" if column.kind == "text" else "right"
            table.add_column(column.heading, justify=justify, overflow="fold")
        for row in section.rows:
            table.add_row(*_cells(section, row))
        if position:
            console.print()
        console.print(table)


def print_markdown(sections: Sequence[Section]) -> None:
    """Print sections as Markdown on stdout."""
    for section in sections:
        print(f"### {section.title}\n")
        print("| " + " | ".join(_escaped(column.heading) for column in section.columns) + " |")
        rule = ["---" if column.kind == "text" else "---:" for column in section.columns]
        print("| " + " | ".join(rule) + " |")
        for row in section.rows:
            print("| " + " | ".join(map(_escaped, _cells(section, row))) + " |")
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
    return [_shown(value, column.kind) for column, value in zip(section.columns, row, strict=True)]


def _shown(value: Value, kind: Kind) -> str:
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


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")
