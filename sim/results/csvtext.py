"""CSV text whose cells no spreadsheet takes for formulas; a cell whose value is not known is empty.

It imports no large library, since the command line prints with it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.results.schema import Column

GUARD = "'"
"""Put before a text that a spreadsheet would take for a formula."""
_FORMULA = '[" \u00a0\u3000]*[=+@＝＋－＠-]'
# Where semicolons separate cells, as in much of Europe, one inside a text begins a cell.
_BEGINS_FORMULA = re.compile(f"(^|;)({GUARD}*{_FORMULA})")
GUARDED = f"(^|;){GUARD}({GUARD}*{_FORMULA})"
"""Matches such an apostrophe; ``\\1\\2`` is the text without it."""
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
    """Return lines as CSV; each column is the attribute of its name, or the value by its name."""
    names = [column.name for column in columns]
    rows = (line if isinstance(line, dict) else vars(line) for line in lines)
    return csv_text(names, ([row.get(name) for name in names] for row in rows))


def cell_text(value: object) -> object:
    """Return what is written into a cell; empty where the value is not known.

    A text that a spreadsheet would run gets an apostrophe before it: one that begins with ``=``,
    ``+``, ``-``, ``@`` or their wide forms, after blanks or quotation marks too, or that goes on
    so after a semicolon. A number that begins with ``-`` stays as it is. A control character is
    written as ``\\x07``.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value == 0:
        return 0.0  # Without a sign.
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    plain = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return _BEGINS_FORMULA.sub(rf"\1{GUARD}\2", plain)


def text_of(cell: str) -> str:
    """Return the text that was given to ``cell_text``, apart from control characters."""
    return re.sub(GUARDED, r"\1\2", cell)
