"""One figure, what it shows in words, and the table it draws.

In: a figure and columns. Out: files beside each other: pictures, ``NAME.alt.txt``, ``NAME.csv``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.measure.bands import Band
from sim.measure.summary import LEVEL
from sim.report.figures.told import line_of, with_draws
from sim.report.words.numbers import count
from sim.results.csvtext import csv_text
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class FigureTable:
    """The numbers of a figure, column by column.

    Attributes
    ----------
    columns
        Cells by column name; names end in their unit. Not known is NaN or None.

    Raises
    ------
    ValueError
        If the columns are not equally long.
    """

    columns: Mapping[str, Sequence[Cell]]

    def __post_init__(self) -> None:
        lengths = {len(cells) for cells in self.columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"expected columns of one length, got {sorted(lengths)}")
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @classmethod
    def of(cls, **columns: Sequence[Any] | NDArray[Any]) -> FigureTable:
        """Return a table of plain values from sequences or arrays."""
        return cls({name: _plain(cells) for name, cells in columns.items()})

    @classmethod
    def stack(cls, parts: Sequence[FigureTable]) -> FigureTable:
        """Return the rows of all parts, which have the same columns, in their sequence."""
        return cls(
            {
                name: [cell for part in parts for cell in part.columns[name]]
                for name in parts[0].columns
            }
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One column as numbers; NaN where it is not known."""
        cells = self.columns[name]
        return np.array([math.nan if cell is None else cell for cell in cells], np.float64)

    def where(self, name: str, value: Cell) -> FigureTable:
        """Return the rows in which a column holds a value."""
        rows = [row for row, cell in enumerate(self.columns[name]) if cell == value]
        return FigureTable(
            {column: [cells[row] for row in rows] for column, cells in self.columns.items()}
        )

    def write(self, path: Path) -> None:
        """Write as CSV; what is not known is an empty cell."""
        text = csv_text(self.columns, zip(*self.columns.values(), strict=True))
        path.write_text(text, encoding="utf-8", newline="")


@dataclass(frozen=True)
class Drawing:
    """One figure and what it shows.

    Attributes
    ----------
    alt
        The figure in words, for readers who do not see it.
    table
        The numbers it draws.
    spread
        What its marks say of spread, for the caption; empty for lines of means with bands over
        replicates.
    finish
        Called when caption and layout are final: places what depends on them.
    """

    figure: Figure
    alt: str
    table: FigureTable = field(default_factory=lambda: FigureTable({}))
    spread: str = ""
    finish: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Choice:
    """What a user asked to see of a run.

    Attributes
    ----------
    strategy
        Label of the strategy; None for the only one.
    replicate
        Replicate that figures of a single history show.
    at_s
        Time that the map shows; None for the one with most addresses listed.
    zoom
        Address and length of the prefix that the map shows.
    """

    strategy: str | None = None
    replicate: int = 0
    at_s: int | None = None
    zoom: tuple[int, int] = (0, 0)


DEFAULT = Choice()
WIDE = ("all_low", "all_median", "all_high")
"""Columns of a table for the band over all that is not known; empty where there is none."""


def wide_columns(
    run: RunFolder, strategies: Sequence[str], metrics: Sequence[str], named: str
) -> dict[str, list[float]]:
    """Columns of measures over draws, as the page shows them; NaN without draws.

    Parameters
    ----------
    strategies, metrics
        Of each row.
    named
        Form of the columns' names, with ``{}`` for ``all_low`` and so on.
    """
    rows = with_draws(run, read_rows(run, "summary.csv")) if run.n_draws else []
    by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    mine = [by.get(key, {}) for key in zip(strategies, metrics, strict=True)]
    shown = dict(zip(WIDE, ("all_low", "mean", "all_high"), strict=True))
    return {
        named.format(column): [number(row, name) for row in mine] for column, name in shown.items()
    }


def band_table(band: Band, start: datetime, **labels: str) -> FigureTable:
    """Rows of a band: labels, time, mean, both intervals, what they are out of.

    Parameters
    ----------
    labels
        Columns to stand first, with one value each.
    """
    n = band.t_s.size
    wide = np.full((3, n), np.nan) if band.wide is None else band.wide
    return FigureTable.of(
        **{name: [label] * n for name, label in labels.items()},
        t_s=band.t_s,
        time=[instant(start, t_s) for t_s in band.t_s.tolist()],
        mean=band.mean,
        low=band.low,
        high=band.high,
        **dict(zip(WIDE, wide, strict=True)),
        denominator=[band.denominator] * n,
        n_replicates=[band.n_replicates] * n,
    )


def instant(start: datetime, t_s: int) -> str:
    """A time of the run as text, in the scenario's offset."""
    return (start + timedelta(seconds=int(t_s))).isoformat()


def in_words(mean: float, low: float, high: float, form: str = ",.0f") -> str:
    """A mean with its interval in brackets, where there is one."""
    if math.isnan(mean):
        return "not known"
    span = "" if math.isnan(low) else f" ({low:{form}} to {high:{form}})"
    return f"{mean:{form}}{span}"


def at_row(band: Band, row: int, form: str = ",.0f", *, of_draws: bool = False) -> str:
    """``898 (870 to 925)``; with draws ``898 (870 to 925 by luck, 310 to 990 in all)``.

    Parameters
    ----------
    of_draws
        Whether lines are medians of draws: ``850 (310 to 990 in all; as given 898, 870 to 925)``.
    """
    mean, low, high = (float(values[row]) for values in (band.mean, band.low, band.high))
    if band.wide is None or math.isnan(mean):
        return in_words(mean, low, high, form)
    least, median, most = (f"{end:{form}}" for end in band.wide[:, row].tolist())
    if of_draws:
        luck = "" if math.isnan(low) else f", {low:{form}} to {high:{form}} by luck"
        return f"{median} ({least} to {most} in all; as given {mean:{form}}{luck})"
    luck = "" if math.isnan(low) else f"{low:{form}} to {high:{form}} by luck, "
    return f"{mean:{form}} ({luck}{least} to {most} in all)"


def peak_and_end(band: Band, form: str = ",.0f", *, of_draws: bool = False) -> str:
    """``peak 898 (870 to 925), at the end 678 (640 to 720)``."""
    top = int(np.argmax(line_of(band, of_draws=of_draws).mean))
    peak, end = (at_row(band, row, form, of_draws=of_draws) for row in (top, -1))
    return f"peak {peak}, at the end {end}"


def spread_as_given(run: RunFolder, *, has_draws: bool = False) -> str:
    """What a caption says where lines are as given, though there are draws; empty without them.

    Parameters
    ----------
    has_draws
        Whether bands of draws are drawn, whose median is nothing throughout.
    """
    n = run.n_replicates
    if not run.n_draws:
        return ""
    lines = f"Lines: mean of {n} replicates" if n > 1 else "Lines: one replicate"
    luck = f"; {'dark bands' if has_draws else 'bands'}: {LEVEL:.0%} of them, by luck" * (n > 1)
    rest = "no draws are kept of these."
    if has_draws:
        draws = f"{count(run.n_draws, 'draw')} of all that is not known"
        rest = f"light bands: {LEVEL:.0%} of {draws}, whose median is nothing throughout."
    return f"{lines} at the values as given{luck}; {rest}"


def brackets(n_replicates: int, n_draws: int = 0, *, of_draws: bool = False) -> str:
    """What the numbers of a text are, and what stands in brackets.

    Parameters
    ----------
    of_draws
        Whether lines are medians of draws.
    """
    draws = count(n_draws, "draw")
    if of_draws:
        given = count(n_replicates, "replicate")
        luck = f" with the range of {LEVEL:.0%} of them" if n_replicates > 1 else ""
        return (
            f"Medians of {draws} of all that is not known; in brackets the range of {LEVEL:.0%} of "
            f"these, and as given the mean of {given}{luck}."
        )
    drawn = f"; in all, of {LEVEL:.0%} of {draws} of all that is not known" * (n_draws > 0)
    if n_replicates < 2:
        return f"One replicate: no interval of luck can be given{drawn}."
    means = f"Means over {n_replicates} replicates"
    return f"{means}; in brackets the range of {LEVEL:.0%} of them{drawn}."


def _plain(cells: Sequence[Any] | NDArray[Any]) -> list[Cell]:
    return list(cells.tolist() if isinstance(cells, np.ndarray) else cells)
