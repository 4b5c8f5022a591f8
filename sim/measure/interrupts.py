"""Ctrl-C and requests to end, while runs are worked off and while they are written.

In: nothing. Out: blocks in which a signal means something else.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ends_as_interrupts() -> Iterator[None]:
    """Take a request to end (SIGTERM) as Ctrl-C is taken."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier or signal.SIG_DFL)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Hold off Ctrl-C while what is computed is written: it takes a moment, and would lose all."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in earlier:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler or signal.SIG_DFL)
