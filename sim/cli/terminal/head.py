"""The report's sentences, at the head of what a terminal shows.

In: a folder. Out: lines on stdout, as wide as the terminal.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from sim.cli.terminal.console import PAGE_WIDTH, width_of


def print_headline(folder: Path) -> None:
    """Print what happened, how sure that is, and on what it hangs.

    Raises
    ------
    DataError
        If the folder's tables cannot be read.
    """
    from sim.report.page.head.headline import headline
    from sim.results.read import open_run

    width = min(width_of(sys.stdout), PAGE_WIDTH)
    for sentence in headline(open_run(folder)).sentences:
        print(textwrap.fill(sentence, width))
    print()
