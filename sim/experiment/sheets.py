"""Tables of a study: what their columns mean, and their rows.

In: cells. Out: records, or a CSV file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.results.columns import Column
from sim.results.csvtext import csv_text

POINT = Column("point", "integer", "", "Number of the point, from 0; see points.csv")


@dataclass(frozen=True)
class Sheet:
    """A table of a study.

    Attributes
    ----------
    file
        Name in the folder, ending in ``.csv``.
    columns
        What the cells mean.
    rows
        Cells in the sequence of the columns; NaN and None are empty cells.
    key
        Names of the columns that name a row.
    """

    file: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    key: tuple[str, ...]

    def records(self) -> list[dict[str, object]]:
        """Rows as mappings from column name to cell."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


def write_sheet(sheet: Sheet, path: Path) -> None:
    """Write a table as CSV; what is not known is an empty cell."""
    text = csv_text((column.name for column in sheet.columns), sheet.rows)
    path.write_text(text, encoding="utf-8", newline="")
