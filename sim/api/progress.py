"""Progress of long work: a bar in a notebook, silence elsewhere.

In: how much is done. Out: what a notebook shows. IPython is asked for nothing unless it is running.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OnProgress = Callable[[int, int], None]
"""Called with the number of finished runs, and of all."""
EVERY_S = 0.2
"""Shortest time between two pictures of a bar."""


@contextmanager
def shown_progress(given: OnProgress | None) -> Iterator[OnProgress]:
    """Yield the given callback, else one that draws a bar in a notebook."""
    if given is not None:
        yield given
        return
    display = _display_of_a_notebook()
    if display is None:
        yield lambda n_done, n_total: None
        return
    bar = _Bar(display)
    try:
        yield bar.update
    finally:
        bar.close()


def _display_of_a_notebook() -> Any:
    """``IPython.display.display`` in a kernel that shows HTML; None elsewhere."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    if running is None or not hasattr(running, "kernel"):
        return None
    from importlib import import_module

    return import_module("IPython.display")


class _Bar:
    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None
        self._shown_at = -EVERY_S

    def update(self, n_done: int, n_total: int) -> None:
        now = time.monotonic()
        if now - self._shown_at < EVERY_S and n_done < n_total:
            return
        self._shown_at = now
        said = f"{n_done} of {n_total} runs"
        picture = self._display.HTML(
            f'<progress value="{n_done}" max="{max(n_total, 1)}" aria-label="{said}"></progress> '
            f"{said}"
        )
        if self._handle is None:
            self._handle = self._display.display(picture, display_id=True)
        else:
            self._handle.update(picture)

    def close(self) -> None:
        """Take the bar away: what comes of the work is shown in its place."""
        if self._handle is not None:
            self._handle.update(self._display.HTML(""))
