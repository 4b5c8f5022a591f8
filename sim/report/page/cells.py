"""What the tables and key figures of the page are made of, before they are HTML.

In: texts and numbers. Out: frozen values that the template draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sim.report.words.numbers import capitalised


@dataclass(frozen=True)
class Bar:
    """A range drawn as a bar, with its axis's ticks behind it, in percent of the cell's width."""

    from_: float
    width: float
    middle: float
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Strip:
    """Shades in a row, from start to end of a run.

    Attributes
    ----------
    parts
        Of each stretch of one shade: where it begins and how long it is, in percent of the row, and
        the shade from 0 to 1; None where nothing can be said.
    """

    parts: tuple[tuple[float, float, float | None], ...]

    @classmethod
    def of(cls, shades: Sequence[float | None]) -> Strip:
        """Shades of equal steps; neighbours of one shade become one part."""
        edges = [
            row for row in range(len(shades) + 1)
            if row in (0, len(shades)) or shades[row] != shades[row - 1]
        ]  # fmt: skip
        step = 100 / max(len(shades), 1)
        return cls(
            tuple(
                (round(start * step, 2), round((stop - start) * step, 2), shades[start])
                for start, stop in pairwise(edges)
            )
        )


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text, range, all
        What is read, and ranges below it: by luck, and over all that is not known.
    sort
        What the column is sorted by: a number, an empty text where it is not known, or None for
        the cell's own text.
    bar, strip
        Drawn instead of the text, which then describes it.
    is_english, is_range_english
        Whether it, or what stands below, is in English, whatever the language of the page.
    """

    text: str
    sort: float | str | None = None
    range: str = ""
    bar: Bar | None = None
    all: str = ""
    strip: Strip | None = None
    is_english: bool = False
    is_range_english: bool = False


def sort_key(value: float) -> float | str:
    """What a column is sorted by; empty where it is not known."""
    return "" if math.isnan(value) else value


@dataclass(frozen=True)
class Line:
    """One row; its group says when a choice shows it."""

    cells: Sequence[Cell]
    group: str | None = None
    is_dimmed: bool = False

    @classmethod
    def of(cls, *cells: Cell | str, group: str | None = None, is_dimmed: bool = False) -> Line:
        """Row of cells; a text is a cell that holds nothing else."""
        made = [one if isinstance(one, Cell) else Cell(one) for one in cells]
        return cls(made, group, is_dimmed)


@dataclass(frozen=True)
class Column:
    """Title of one column.

    Attributes
    ----------
    axis
        Places in percent of its width, and what stands there.
    is_english
        Whether its cells are in English, whatever the language of the page.
    is_strategy
        Whether its cells are labels of strategies.
    """

    title: str
    is_number: bool = False
    axis: tuple[tuple[float, str], ...] = ()
    is_english: bool = False
    is_strategy: bool = False


def columns(
    *titles: str,
    numbers: Sequence[int] = (),
    english: Sequence[int] = (),
    strategies: Sequence[int] = (),
) -> list[Column]:
    """Columns by title; at some places numbers, texts in English, labels of strategies."""
    return [
        Column(title, place in numbers, (), place in english, place in strategies)
        for place, title in enumerate(titles)
    ]


@dataclass(frozen=True)
class Choice:
    """One option of a choice of rows."""

    value: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True)
class PageTable:
    """One table of the page."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Line]
    is_sortable: bool = True
    choices: Sequence[Choice] = field(default_factory=tuple)


def with_names(table: PageTable, names: Mapping[str, str]) -> PageTable:
    """A table whose choices and cells call strategies as people do, by label.

    Choices keep their values: by these, rows are found.
    """
    places = [place for place, column in enumerate(table.columns) if column.is_strategy]

    def told(row: Line) -> Line:
        cells = list(row.cells)
        for place in places:
            name = names.get(cells[place].text, cells[place].text)
            cells[place] = replace(cells[place], text=capitalised(name))
        return replace(row, cells=cells)

    choices = [
        replace(one, text=capitalised(names[one.value])) if one.value in names else one
        for one in table.choices
    ]
    return replace(table, rows=[told(row) for row in table.rows], choices=choices)


def without_empty(table: PageTable, *titles: str) -> PageTable:
    """A table without those of its columns, by title, of which no row holds anything."""
    empty = {
        place
        for place, column in enumerate(table.columns)
        if column.title in titles and not any(row.cells[place].text for row in table.rows)
    }

    shown = [place for place in range(len(table.columns)) if place not in empty]
    rows = [replace(row, cells=[row.cells[place] for place in shown]) for row in table.rows]
    return replace(table, columns=[table.columns[place] for place in shown], rows=rows)


@dataclass(frozen=True)
class Figure:
    """One key figure."""

    label: str
    value: str
    range: str
    all: str
    of: str
    published: str
    local: str = ""
    """An amount in the country's currency; empty for what is no money, and without a rate."""
