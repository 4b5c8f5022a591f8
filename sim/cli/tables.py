"""Prints tables of numbers: on a terminal, as Markdown, as CSV.

CSV is one table of single numbers, so that a reader need not know the tables beforehand.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from sim.cli.console import width_of
from sim.cli.options import Format
from sim.report.words.tables import Column, Table, markdown_text

if TYPE_CHECKING:
    from rich.console import Console

    from sim.experiment.outputs import Sheet

LONGEST_NAME = 26
"""Letters of a row's name that is not broken."""
GAP = 2
"""Blanks between columns."""
NOT_KNOWN = "not known"


def open_console() -> Console:
    """Return the console of tables, on which no text of a user is markup."""
    from rich.console import Console

    return Console(width=width_of(sys.stdout), markup=False, highlight=False)


def print_tables(tables: Sequence[Table], form: Format = Format.TABLE) -> None:
    """Print tables on stdout for people or spreadsheets; JSON has documents.

    A terminal never breaks numbers, and breaks texts at words. Columns without room next to the
    first ones follow below them, and each row is named once more.
    """
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
        console = open_console()
        for position, table in enumerate(tables):
            if position:
                console.print()
            _print_table(console, table)
            for note in table.notes:
                console.print(note)


def _print_table(console: Console, table: Table) -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    if table.title:
        console.print(Text(table.title, style="table.title"))
    rows = table.cells()
    widths = [_widths(column, [row[at] for row in rows]) for at, column in enumerate(table.columns)]
    names = widths[0]
    widths[0] = _Widths(min(names.most, max(names.least, LONGEST_NAME)), names.most)
    groups = [column.group for column in table.columns]
    for position, part in enumerate(_parts(groups, [one.least for one in widths], console.width)):
        if position:
            console.print()
        shown = [0, *part]
        spare = console.width - sum(widths[at].least + GAP for at in shown) + GAP
        # Names first, then what needs least, so that long headings are broken and not short ones.
        wanted = {at: widths[at].most - widths[at].least for at in shown}
        more = {}
        for at in sorted(shown, key=lambda at: (at > 0, wanted[at])):
            more[at] = max(0, min(spare, wanted[at]))
            spare -= more[at]
        printed = RichTable(box=None, pad_edge=False)
        for at in shown:
            printed.add_column(
                table.columns[at].heading,
                justify="left" if table.columns[at].kind == "text" else "right",
                overflow="fold",
                width=widths[at].least + more[at],
                no_wrap=at == 0
                and max(map(len, (row[0] for row in rows)), default=0) <= LONGEST_NAME,
            )
        for row in rows:
            printed.add_row(*(row[at] for at in shown))
        console.print(printed)


class _Widths(NamedTuple):
    """Letters that a column needs so that no number or short word is broken, and that fill it."""

    least: int
    most: int


def _widths(column: Column, cells: Sequence[str]) -> _Widths:
    is_text = column.kind == "text"
    whole = [word for cell in cells for word in cell.split()] if is_text else cells
    longest = max((len(text) for text in (*whole, *column.heading.split())), default=0)
    return _Widths(
        min(longest, LONGEST_NAME) if is_text else longest,
        max(map(len, (column.heading, *cells))),
    )


def _parts(groups: Sequence[str], widths: Sequence[int], room: int) -> list[list[int]]:
    """Columns behind the first, in as many parts as have room next to it."""
    parts: list[list[int]] = [[]]
    left = room - widths[0]
    for _, columns in groupby(range(1, len(groups)), lambda at: groups[at] or at):
        together = list(columns)
        if parts[-1] and left < sum(widths[at] + GAP for at in together):
            parts.append([])
            left = room - widths[0]
        for at in together:
            if parts[-1] and left < widths[at] + GAP:
                parts.append([])
                left = room - widths[0]
            parts[-1].append(at)
            left -= widths[at] + GAP
    return parts


def number(value: float) -> str:
    """Write three digits or a whole number, from a million on in millions."""
    if math.isnan(value):
        return NOT_KNOWN
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
