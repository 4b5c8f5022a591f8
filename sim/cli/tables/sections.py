"""Numbers as tables: on a terminal, as Markdown, as CSV.

In: sections with columns and rows. Out: text. CSV is one table of single numbers, so that a reader
need not know the sections beforehand. No model logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple

from sim.cli.options import Format
from sim.cli.terminal.tables import GAP, LONGEST_NAME, NOT_KNOWN, new_table, open_console
from sim.report.words.markdown import markdown_text
from sim.results.tables import csv_text

if TYPE_CHECKING:
    from rich.console import Console

Value = str | int | float | None
Kind = Literal["text", "number", "share"]


@dataclass(frozen=True)
class Column:
    """One column: its key in CSV, its heading for people, and what it holds.

    Columns of one group that follow each other stand side by side where there is room.
    """

    key: str
    heading: str
    kind: Kind = "number"
    group: str = ""


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


def print_tables(sections: Sequence[Section]) -> None:
    """Print sections as tables on stdout.

    Numbers are never broken, texts at words. Columns for which there is no room beside the first
    ones stand below them, and each row is named once more.
    """
    console = open_console()
    for position, section in enumerate(sections):
        if position:
            console.print()
        _print_table(console, section)
        for note in section.notes:
            console.print(note)


def _print_table(console: Console, section: Section) -> None:
    from rich.text import Text

    console.print(Text(section.title, style="table.title"))
    rows = [_cells(section, row) for row in section.rows]
    widths = [
        _widths(column, [row[at] for row in rows]) for at, column in enumerate(section.columns)
    ]
    names = widths[0]
    widths[0] = _Widths(min(names.most, max(names.least, LONGEST_NAME)), names.most)
    groups = [column.group for column in section.columns]
    parts = _parts(groups, [one.least for one in widths], console.width)
    for position, part in enumerate(parts):
        if position:
            console.print()
        shown = [0, *part]
        columns = [section.columns[at] for at in shown]
        table = new_table("", [(column.heading, column.kind != "text") for column in columns])
        spare = console.width - sum(widths[at].least + GAP for at in shown) + GAP
        # Names first, then what needs least, so that long headings are broken and not short ones.
        wanted = {at: widths[at].most - widths[at].least for at in shown}
        for at in sorted(shown, key=lambda at: (at > 0, wanted[at])):
            more = max(0, min(spare, wanted[at]))
            table.columns[shown.index(at)].width = widths[at].least + more
            spare -= more
        for row in rows:
            table.add_row(*(row[at] for at in shown))
        console.print(table)


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
    """Columns behind the first, in as many parts as have room beside it."""
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
