"""Lines of a result as CSV text.

In: columns, and lines whose fields stand in their sequence. Out: text. What is not known is an
empty cell.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from sim.results.columns import Column


def csv_text(columns: Sequence[Column], lines: Sequence[Any]) -> str:
    """Return lines as CSV; what is not known is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for line in lines:
        writer.writerow([_cell(value) for value in astuple(line)])
    return file.getvalue()


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool) else value
