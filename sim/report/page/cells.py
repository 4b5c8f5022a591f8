"""What the tables and key figures of the page are made of, before they are HTML.

In: texts and numbers. Out: frozen values that the template draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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
    ticks
        Places of the days named above it, in percent of the row.
    """

    parts: tuple[tuple[float, float, float | None], ...]
    ticks: tuple[float, ...] = ()

    @classmethod
    def of(cls, shades: Sequence[float | None], ticks: tuple[float, ...] = ()) -> Strip:
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
            ),
            ticks,
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
    """One row; its group says when a choice shows it.

    Attributes
    ----------
    is_rest
        Whether it tells of rows that are left out: its last cell is as wide as all that follow.
    """

    cells: Sequence[Cell]
    group: str | None = None
    is_dimmed: bool = False
    is_rest: bool = False

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
    is_group
        Whether its cells say which choice shows their row: seen only where all are shown.
    """

    title: str
    is_number: bool = False
    axis: tuple[tuple[float, str], ...] = ()
    is_english: bool = False
    is_strategy: bool = False
    is_group: bool = False


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
    empty = [
        column.title
        for place, column in enumerate(table.columns)
        if column.title in titles
        and not any(row.cells[place].text for row in table.rows if not row.is_rest)
    ]
    return without(table, *empty)


def without(table: PageTable, *titles: str) -> PageTable:
    """A table without some of its columns, by title."""
    shown = [place for place, column in enumerate(table.columns) if column.title not in titles]
    rows = [
        row if row.is_rest else replace(row, cells=[row.cells[place] for place in shown])
        for row in table.rows
    ]
    return replace(table, columns=[table.columns[place] for place in shown], rows=rows)


def with_groups(table: PageTable, title: str) -> PageTable:
    """A table with a first column of the choices that show its rows; as it is without a choice."""
    if len(table.choices) < 2:
        return table
    called = {one.value: one.text for one in table.choices}
    rows = [
        replace(row, cells=[Cell(called.get(row.group or "", "")), *row.cells])
        for row in table.rows
    ]
    return replace(table, columns=[Column(title, is_group=True), *table.columns], rows=rows)


def folded(
    lines: Sequence[Line], is_nothing: Callable[[Line], bool], said: Callable[[str, str], str]
) -> list[Line]:
    """Rows of which those of nothing are one line, at the end of their group.

    One such row alone stays as it is.

    Parameters
    ----------
    said
        What that line says, from how many they are and their names, which are their first cells.
    """
    told = []
    for group in dict.fromkeys(row.group for row in lines):
        mine = [row for row in lines if row.group == group]
        rest = [row for row in mine if is_nothing(row)]
        if len(rest) < 2:
            told += mine
            continue
        names = dict.fromkeys(row.cells[0].text for row in rest)
        told += [row for row in mine if not is_nothing(row)]
        told.append(Line([Cell(said(str(len(rest)), ", ".join(names)))], group, is_rest=True))
    return told


def has_none(*places: int) -> Callable[[Line], bool]:
    """Whether a row is of nothing: 0 in these columns, without a range."""
    return lambda row: all(
        row.cells[place].sort == 0 and not row.cells[place].range for place in places
    )


@dataclass(frozen=True)
class Figure:
    """One key figure."""

    label: str
    value: str
    range: str
    all: str
    of: str
    published: Sequence[tuple[str, str]] = ()
    """What was published beside it, each with what that is, in English."""
    local: str = ""
    """An amount in the country's currency; empty for what is no money, and without a rate."""
