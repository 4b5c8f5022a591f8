"""What a folder says first, as the page says it: the sentence, three figures and the verdicts."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from sim.cli.terminal.console import PAGE_WIDTH, width_of


def print_answer(folder: Path) -> None:
    """Print the first screen of a folder's page in at most 15 lines.

    Raises
    ------
    DataError
        If the folder's tables cannot be read.
    """
    from sim.report.words.answer import answer
    from sim.results.folder import open_run

    width = min(width_of(sys.stdout), PAGE_WIDTH)
    for line in answer(open_run(folder)).lines():
        print(textwrap.fill(line, width, subsequent_indent="  "))
    print()
