"""Ctrl-C and SIGTERM, while runs are simulated and while their results are written."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeAlias

SIGNALS: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)

_Handler: TypeAlias = "Callable[[int, FrameType | None], Any] | int | signal.Handlers | None"


@dataclass(eq=False)  # each is one of its own in the list of those that are open
class _Watch:
    """Notes whether a signal came in a block."""

    has_come: bool = False

    def take(self, number: int, frame: FrameType | None) -> None:
        self.has_come = True
        raise KeyboardInterrupt


_watches: list[_Watch] = []
"""Blocks that are open, the innermost last; only the main thread has any."""


@contextmanager
def ends_as_interrupts(signals: Sequence[signal.Signals] = SIGNALS) -> Iterator[None]:
    """Treat SIGTERM, or other signals, like Ctrl-C, and lose none.

    An interrupted library may swallow the interrupt, or raise an error of its own, as DuckDB does.
    The block then ends with the interrupt all the same. Where Python can raise nothing, as in what
    a compiler calls back, it is not printed as an error that was ignored.
    """
    if not _is_main():
        yield
        return
    watch = _Watch()
    tell = sys.unraisablehook

    def tell_others(given: sys.UnraisableHookArgs) -> None:
        if not (watch.has_come and isinstance(given.exc_value, KeyboardInterrupt)):
            tell(given)

    with handled_by(watch.take, signals):
        _watches.append(watch)
        sys.unraisablehook = tell_others
        try:
            yield
            _pass_on(watch)
        except Exception as error:
            _pass_on(watch, error)
            raise
        finally:
            sys.unraisablehook = tell
            _watches.remove(watch)


def pass_on_interrupt(error: Exception | None = None) -> None:
    """Raise the interrupt that came in the current block and was swallowed, if any.

    Parameters
    ----------
    error
        What was raised instead.
    """
    if _watches and _is_main():
        _pass_on(_watches[-1], error)


def _pass_on(watch: _Watch, error: Exception | None = None) -> None:
    if watch.has_come:
        interrupt = KeyboardInterrupt()
        for note in getattr(error, "__notes__", ()):
            interrupt.add_note(note)
        raise interrupt from error


@contextmanager
def ends_soon_after(most_s: float, *, has_come: bool) -> Iterator[None]:
    """Give a block some seconds from the first signal on, and interrupt it then.

    Where there are no such clocks, as on Windows, signals are ignored until it ends.

    Parameters
    ----------
    has_come
        Whether a signal came before the block.
    """
    if not _is_main() or not hasattr(signal, "setitimer"):
        with without_interrupts():
            yield
        return

    def start(number: int = 0, frame: FrameType | None = None) -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.setitimer(signal.ITIMER_REAL, most_s)

    with ends_as_interrupts((signal.SIGALRM,)), handled_by(start):
        if has_come:
            start()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C while results are written: it takes a moment, and stopping would lose them."""
    with handled_by(signal.SIG_IGN):
        yield


@contextmanager
def holds_interrupts() -> Iterator[None]:
    """Act on Ctrl-C and SIGTERM when the block ends, for a block of a moment."""
    came: list[int] = []
    try:
        with handled_by(lambda number, frame: came.append(number)):
            yield
    finally:
        if came:
            signal.raise_signal(came[0])


@contextmanager
def handled_by(handler: _Handler, signals: Sequence[signal.Signals] = SIGNALS) -> Iterator[None]:
    """Handle signals in a block, but those that are ignored; only the main thread has any."""
    if not _is_main():
        yield
        return
    earlier = {number: signal.getsignal(number) for number in signals}
    try:
        for number, one in earlier.items():
            if one is not signal.SIG_IGN:
                signal.signal(number, handler)
        yield
    finally:
        for number, one in earlier.items():
            signal.signal(number, one or signal.SIG_DFL)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
