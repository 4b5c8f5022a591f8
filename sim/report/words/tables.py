"""Tables of numbers, and their text for people: one type for the terminal, Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import Any, Literal

from sim.report.words.numbers import NOT_KNOWN

Value = str | int | float | None
Kind = Literal["text", "number", "share"]
LONGEST_NAME = 26
"""Letters of a row's name that is not broken."""
GAP = 2
"""Blanks between columns."""
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
    """One table."""

    key: str
    title: str
    """Its name in CSV, and for people."""
    columns: Sequence[Column]
    """The first one names the row."""
    rows: Sequence[Sequence[Value]]
    """Raw values, or texts; None is not known, and empty text does not apply."""
    notes: Sequence[str] = ()
    """Remarks below it; not in CSV."""

    @classmethod
    def of_records(
        cls, key: str, title: str, columns: Sequence[Column], records: Iterable[Any]
    ) -> Table:
        """Return a table with a row for each record, whose attributes are the columns' keys."""
        rows = [[getattr(one, column.key) for column in columns] for one in records]
        return cls(key, title, columns, rows)

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

    def to_text(self, width: int) -> str:
        """The table in plain text, without title and notes, in lines of at most so many letters.

        Numbers are never broken, and texts at words. Columns without room next to the first ones
        follow below them, and each row is named once more.
        """
        rows = [[column.heading for column in self.columns], *self.cells()]
        texts = list(zip(*rows, strict=True))
        most = [max(map(len, column)) for column in texts]
        least = [_least(column.kind, one) for column, one in zip(self.columns, texts, strict=True)]
        least[0] = min(most[0], max(least[0], LONGEST_NAME))
        parts = []
        for part in _parts([column.group for column in self.columns], least, width):
            shown = [0, *part]
            spare = width - sum(least[at] + GAP for at in shown) + GAP
            widths = {}
            # Names first, then what needs least, so that long headings are broken and not short.
            for at in sorted(shown, key=lambda at: (at > 0, most[at] - least[at])):
                widths[at] = least[at] + max(0, min(spare, most[at] - least[at]))
                spare -= widths[at] - least[at]
            lines = []
            for row in rows:
                cells = [wrap(row[at], max(widths[at], 1), break_on_hyphens=False) for at in shown]
                # Headings stand at the bottom.
                n_above = max(map(len, cells)) * (row is rows[0])
                cells = [[""] * (n_above - len(cell)) + cell for cell in cells]
                for line in zip_longest(*cells, fillvalue=""):
                    padded = (
                        f"{cell:{'<' if self.columns[at].kind == 'text' else '>'}{widths[at]}}"
                        for at, cell in zip(shown, line, strict=True)
                    )
                    lines.append((" " * GAP).join(padded).rstrip())
            parts.append("\n".join(lines))
        return "\n\n".join(parts)


def _least(kind: Kind, texts: Sequence[str]) -> int:
    """Letters that a column needs so that no number or short word is broken."""
    whole = texts[0].split() + [word for text in texts[1:] for word in text.split()]
    if kind == "text":
        return min(max(map(len, whole), default=1), LONGEST_NAME)
    return max(map(len, (*texts[0].split(), *texts[1:])), default=1)


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
