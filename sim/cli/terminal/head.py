"""The report's sentences, at the head of what a terminal shows.

In: a folder. Out: lines on stdout, as wide as the terminal.
"""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path


def print_headline(folder: Path) -> None:
    """Print what happened, how sure that is, and on what it hangs.

    Raises
    ------
    DataError
        If the folder's tables cannot be read.
    """
    from sim.report.page.headline import headline
    from sim.results.read import open_run

    said = headline(open_run(folder))
    width = min(shutil.get_terminal_size().columns, 80)
    for sentence in (said.says, said.is_sure, said.hangs_on):
        if sentence:
            print(textwrap.fill(sentence, width))
    print()
