"""Columns of a result, which pandas, polars, Arrow and NumPy take as they are."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.report.words.tables import Column, Table

MOST_ROWS = 20
"""Rows that are shown; the others are counted."""
_CELL = 30
_WIDTH = 100
"""Letters of a line in plain text."""


class Columns(dict[str, NDArray[Any]]):
    """Columns of equal length by name.

    A mapping from name to array: ``pandas.DataFrame(columns)``, ``polars.DataFrame(columns)`` and
    ``pyarrow.table(columns)`` take it. Numbers that are not known are NaN, texts that are not known
    are empty.
    """

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Any]], names: Iterable[str] = ()) -> Columns:
        """Return rows as columns; where a row lacks a name, it is not known."""
        chosen = list(names) or list(dict.fromkeys(name for row in rows for name in row))
        return cls({name: _array([row.get(name) for row in rows]) for name in chosen})

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return next((int(values.size) for values in self.values()), 0)

    def rows(self) -> list[dict[str, Any]]:
        """Rows as mappings from name to a plain value."""
        lists = [values.tolist() for values in self.values()]
        return [dict(zip(self, cells, strict=True)) for cells in zip(*lists, strict=True)]

    def __repr__(self) -> str:
        """Show the first rows."""
        columns = [Column(name, name, "number" if at else "text") for at, name in enumerate(self)]
        text = Table("", "", columns, self._cells()).to_text(_WIDTH) if columns else ""
        return text + f"\n… {self.n_rows:,} rows" * (self.n_rows > MOST_ROWS)

    def _repr_html_(self) -> str:
        rows = [("th", self), *(("td", row) for row in self._cells())]
        head, *body = (
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in rows
        )
        more = f"<p>{self.n_rows:,} rows</p>" * (self.n_rows > MOST_ROWS)
        return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>{more}"

    def _cells(self) -> list[list[str]]:
        first = [values[:MOST_ROWS].tolist() for values in self.values()]
        return [[shown(cell) for cell in cells] for cells in zip(*first, strict=True)]


def _array(values: Sequence[Any]) -> NDArray[Any]:
    """Array of numbers, truth values or texts; numbers where some are not known are NaN."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool | np.bool_) for value in known):
        return np.array(values, object if len(known) < len(values) else bool)
    if known and all(isinstance(value, int | float | np.number) for value in known):
        filled = [math.nan if value is None else value for value in values]
        return np.array(filled)
    return np.array(["" if value is None else value for value in values], object)


def shown(value: Any) -> str:
    """One cell, in few letters that a terminal can show."""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    text = str(value)
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
