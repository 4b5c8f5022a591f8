"""What a page is made of: sections with a reader's question, sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sim.measure.estimates import Estimate
from sim.report.words.numbers import percent, range_text, value_text


@dataclass(frozen=True)
class Bar:
    """A share that is drawn as a bar with its number."""

    share: float

    @property
    def text(self) -> str:
        """The number."""
        return percent(self.share)


@dataclass(frozen=True)
class Strong:
    """A text that stands out."""

    text: str


Cell: TypeAlias = "str | Bar | Strong"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    heads
        Names of the columns; none for a table that needs none.
    rows
        Cells by row; the first one names it.
    numbers
        Columns that are set flush right, from 0.
    caption
        What the table is of, where its section does not say so.
    hidden
        Columns that a phone has no room for.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    caption: str = ""
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """One question with its answer.

    Attributes
    ----------
    title
        The question.
    before, after
        Sentences before the tables, and smaller ones after them.
    quote, code
        Text to quote; text to type.
    items
        Points of a list.
    picture
        A picture as SVG.
    """

    title: str
    before: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    after: tuple[str, ...] = ()
    quote: str = ""
    code: str = ""
    items: tuple[str, ...] = ()
    picture: str = ""


def cells_of(found: Estimate) -> tuple[Strong, str]:
    """Median and range of an estimate as two cells."""
    return Strong(value_text(found)), range_text(found)


def table_of(
    heads: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    numbers: Sequence[int] = (),
    **more: object,
) -> tuple[Table, ...]:
    """A table; none without rows."""
    if not rows:
        return ()
    return (Table(tuple(heads), tuple(rows), tuple(numbers), **more),)  # type: ignore[arg-type]
