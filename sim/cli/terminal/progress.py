"""Progress of long work, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_S = 5.0
"""Time between two lines where there is no terminal."""

COMPILING = "Compiling loops for this computer, once per installation: up to a minute."
"""Said before that begins."""

OnProgress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[OnProgress]:
    """Show how much is done, how fast, and how long the rest takes.

    Parameters
    ----------
    what
        What is counted, in the plural.
    """
    if quiet:
        yield lambda n_done, n_total: None
    elif sys.stderr.isatty():
        with _bar(what) as update:
            yield update
    else:
        yield _Lines(what).update


@contextmanager
def _bar(what: str) -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.3g}/s" if task.speed else "")

    columns = (what, BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda n_done, n_total: bar.update(task, completed=n_done, total=n_total)


class _Lines:
    """One line every few seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._first: tuple[float, int] | None = None
        self._said_at = time.monotonic()

    def update(self, n_done: int, n_total: int) -> None:
        now = time.monotonic()
        began_at, n_before = self._first = self._first or (now, n_done)
        if now - self._said_at < EVERY_S or n_done == n_before:
            return
        self._said_at = now
        rate = (n_done - n_before) / (now - began_at)
        left_s = (n_total - n_done) / rate
        print(
            f"{n_done} of {n_total} {self._what}, {rate:.3g}/s, {_duration(left_s)} left",
            file=sys.stderr,
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
