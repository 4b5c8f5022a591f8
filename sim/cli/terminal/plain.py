"""Plain tables of numbers on stdout.

In: texts and numbers. Out: a table as wide as the terminal, or as a page where there is none.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence


def width() -> int:
    """Columns of the terminal, or of a page where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 140


def print_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], n_text: int = 1
) -> None:
    """Print a table on stdout, the first ``n_text`` columns as text and the others as numbers."""
    from rich.console import Console
    from rich.table import Table

    out = Console(width=width(), markup=False, highlight=False)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for position, name in enumerate(header):
        is_text = position < n_text
        table.add_column(name, justify="left" if is_text else "right", no_wrap=is_text)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def number(value: float) -> str:
    """Three digits or whole; ``not known`` where it is not."""
    if math.isnan(value):
        return "not known"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.2f} M"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.0f}"


def interval(low: float, high: float) -> str:
    """``[low, high]``; empty where it is not known or a point."""
    return "" if math.isnan(low) or low == high else f"[{number(low)}, {number(high)}]"
