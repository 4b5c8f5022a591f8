"""Ctrl-C where Python cannot raise it: in what a library calls back, as a compiler does."""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from sim.experiment.interrupts import (
    SIGNALS,
    ends_as_interrupts,
    ends_soon_after,
    pass_on_interrupt,
)

Said = list[object]


@pytest.fixture(autouse=True)
def default_signals() -> Iterator[None]:
    """A job in the background ignores Ctrl-C, and so does what it starts."""
    earlier = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in earlier.items():
        signal.signal(number, handler)


def heard(monkeypatch: pytest.MonkeyPatch) -> Said:
    """What Python says from now on of errors that it cannot raise.

    For the body of a test: some versions of pytest listen themselves once fixtures are there.
    """
    errors: Said = []
    monkeypatch.setattr(sys, "unraisablehook", lambda given: errors.append(given.exc_value))
    return errors


def called_back(function: Callable[[], object]) -> None:
    """Call a function from outside of Python."""
    ctypes.CFUNCTYPE(None)(function)()


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_of_a_callback_is_passed_on_and_no_traceback_is_printed(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = heard(monkeypatch)
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), ends_as_interrupts():
        called_back(lambda: signal.raise_signal(number))
    assert said == []
    assert sys.unraisablehook is hook


def wait(*, signalled: bool) -> None:
    if signalled:
        signal.raise_signal(signal.SIGTERM)
    time.sleep(5)


def test_a_signal_leaves_a_block_some_time_and_no_more() -> None:
    before = [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)]
    with ends_soon_after(30, has_come=False):
        signal.raise_signal(signal.SIGTERM)  # there is time to end by itself
    for has_come in (False, True):
        with pytest.raises(KeyboardInterrupt), ends_soon_after(0.01, has_come=has_come):
            wait(signalled=not has_come)
    assert [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)] == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_other_errors_of_a_callback_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = heard(monkeypatch)

    def fails() -> None:
        raise ValueError("not an interrupt")

    with ends_as_interrupts():
        called_back(fails)
    assert [str(error) for error in said] == ["not an interrupt"]


def test_a_block_inside_another_takes_no_signal_from_it() -> None:
    def block() -> None:
        with ends_as_interrupts():
            with ends_as_interrupts():
                pass
            with suppress(KeyboardInterrupt):  # as a library does
                signal.raise_signal(signal.SIGTERM)
            pass_on_interrupt()
            pytest.fail("the interrupt was lost")

    with pytest.raises(KeyboardInterrupt):
        block()
