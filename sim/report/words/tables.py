"""Tables of numbers, and their text for people: one type for the terminal, Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sim.report.words.numbers import NOT_KNOWN

Value = str | int | float | None
Kind = Literal["text", "number", "share"]
_MARKUP = re.compile(r"[\\`*_\[\]<>#&|~$]")


@dataclass(frozen=True)
class Column:
    """One column: its key in CSV, its heading for people, and the kind of its cells.

    A terminal keeps neighbours of one group together where there is room.
    """

    key: str
    heading: str
    kind: Kind = "number"
    group: str = ""


@dataclass(frozen=True)
class Table:
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
        Remarks below it; not in CSV.
    """

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()

    @classmethod
    def of_records(
        cls,
        key: str,
        title: str,
        columns: Sequence[Column],
        records: Iterable[Any],
        notes: Sequence[str] = (),
    ) -> Table:
        """Return a table with a row for each record, whose attributes are the columns' keys."""
        rows = [[getattr(one, column.key) for column in columns] for one in records]
        return cls(key, title, columns, rows, notes)

    def cells(self) -> list[list[str]]:
        """Rows as texts."""
        return [
            [cell_text(value, column.kind) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]

    def to_markdown(self) -> str:
        """The table in Markdown, without title and notes; cells hold no markup."""
        rule = ["---" if column.kind == "text" else "---:" for column in self.columns]
        header = [column.heading for column in self.columns]
        lines = [rule if row is rule else map(markdown_text, row) for row in (header, rule)]
        lines += [map(markdown_text, row) for row in self.cells()]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell_text(value: Value, kind: Kind = "number") -> str:
    """Write one cell: thousands separated, and no control character of a file."""
    if value is None:
        return str(NOT_KNOWN)
    if isinstance(value, str):
        # Control characters from a file would reach the terminal.
        return "".join(letter if letter.isprintable() else "\ufffd" for letter in value)
    if kind == "share":
        return "0" if value == 0 else f"{value:.4f}" if value >= 0.0001 else f"{value:.1e}"
    if abs(value) >= 10**15:
        return f"{value:.4g}" if isinstance(value, float) else f"{float(value):.4g}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def markdown_text(text: str) -> str:
    """Escape what Markdown or HTML would read as markup; a line break would begin a new block."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
