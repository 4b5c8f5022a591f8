"""Prints tables of numbers: on a terminal, as Markdown, as CSV.

CSV is one table of single numbers, so that a reader need not know the tables beforehand.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from sim.cli.console import width_of
from sim.cli.options import Format
from sim.report.words.tables import Column, Table, markdown_text

if TYPE_CHECKING:
    from sim.experiment.outputs import Sheet


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
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.0f}"


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
