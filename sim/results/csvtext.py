"""Lines of a result as CSV text that a spreadsheet shows and does not run.

In: names of columns, and rows of cells. Out: text, and back again the texts of its cells. What is
not known is an empty cell.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.results.columns import Column

GUARD = "'"
"""Stands before a text that a spreadsheet would take for a formula."""
_FORMULA = '[" \u00a0\u3000]*[=+@＝＋－＠-]'
# Where a semicolon parts cells, as in much of Europe, one inside a text begins a cell.
_BEGINS_FORMULA = re.compile(f"(^|;)({GUARD}*{_FORMULA})")
GUARDED = f"(^|;){GUARD}({GUARD}*{_FORMULA})"
"""Where such an apostrophe stands; without it, ``\\1\\2`` is left."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def csv_text(names: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a header and rows as CSV, every cell as ``cell_text`` gives it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([cell_text(name) for name in names])
    writer.writerows([cell_text(value) for value in row] for row in rows)
    return file.getvalue()


def lines_text(columns: Sequence[Column], lines: Iterable[Any]) -> str:
    """Return lines as CSV; their attributes are named as the columns are."""
    names = [column.name for column in columns]
    return csv_text(names, ([getattr(line, name) for name in names] for line in lines))


def cell_text(value: object) -> object:
    """Return what stands in a cell; empty where it is not known.

    A text that a spreadsheet would run gets an apostrophe before it: one that begins with ``=``,
    ``+``, ``-``, ``@`` or their wide forms, after blanks or quotation marks too, or that goes on
    so after a semicolon. A number that begins with ``-`` stays as it is. A control character is
    written as ``\\x07``.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    plain = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return _BEGINS_FORMULA.sub(rf"\1{GUARD}\2", plain)


def text_of(cell: str) -> str:
    """Return the text that ``cell_text`` was given, but for control characters."""
    return re.sub(GUARDED, r"\1\2", cell)
