"""Tables on stdout, and the numbers in them.

In: texts and numbers. Out: a table as wide as the terminal, or as a page where there is none.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.cli.terminal.console import width_of

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

LONGEST_NAME = 26
"""Letters of a row's name that is not broken."""
GAP = 2
"""Blanks between columns."""
NOT_KNOWN = "not known"


def open_console() -> Console:
    """Where tables are printed; what users wrote is text there, never markup."""
    from rich.console import Console

    return Console(width=width_of(sys.stdout), markup=False, highlight=False)


def new_table(title: str, columns: Sequence[tuple[str, bool]]) -> Table:
    """Table without rows and without lines.

    Parameters
    ----------
    columns
        Heading of each, and whether it holds numbers.
    """
    from rich.table import Table

    class Named(Table):
        """A table whose rows keep their names whole, where these are short enough."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            for column in self.columns[:1]:
                names = [str(cell) for cell in column.cells]
                column.no_wrap = max(map(len, names), default=0) <= LONGEST_NAME
            yield from super().__rich_console__(console, options)

    table = Named(title=title, title_justify="left", box=None, pad_edge=False)
    for heading, is_number in columns:
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    return table


def print_beside(console: Console, table: Table, lines: Sequence[str]) -> None:
    """Print a table with lines of text beside it where there is room, else below it."""
    from rich.table import Table
    from rich.text import Text

    picture = Text("\n".join(lines), no_wrap=True)
    if not lines:
        console.print(table)
        return
    widths = [console.measure(one).maximum for one in (table, picture)]
    if sum(widths) + 3 > console.width:
        console.print(table)
        console.print(picture)
        return
    both = Table.grid(padding=(0, 3))
    both.add_row(table, picture)
    console.print(both)


def number(value: float) -> str:
    """Three digits or whole, from a million on in millions; ``not known`` where it is not."""
    if math.isnan(value):
        return NOT_KNOWN
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.0f}"


def interval(low: float, high: float) -> str:
    """``[low, high]``, or that it is not known."""
    return NOT_KNOWN if math.isnan(low) else f"[{number(low)}, {number(high)}]"


def with_interval(mean: float, low: float, high: float) -> str:
    """``mean [low, high]``; ``mean [not known]`` where only the mean is known."""
    if math.isnan(mean):
        return NOT_KNOWN
    ends = f"[{NOT_KNOWN}]" if math.isnan(low) else interval(low, high)
    return f"{number(mean)} {ends}"
