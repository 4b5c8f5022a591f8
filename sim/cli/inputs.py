"""Files and times that a user names on the command line.

In: texts. Out: inputs to read, points in time, or a mistake of the user; and what to say of inputs
once read. It reads nothing but standard input, which can be read once only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed
    from sim.addresses.feeds.inputs import Input


def find_inputs(names: Sequence[str], limits: object, stack: ExitStack) -> list[Input]:
    """Files by name; stdin is read once, into a temporary file."""
    from sim.addresses.feeds.inputs import STDIN, spooled
    from sim.addresses.text.source import Limits
    from sim.blocklists.blocklists import find_input

    assert isinstance(limits, Limits)
    return [
        stack.enter_context(spooled(sys.stdin.buffer, STDIN, limits))
        if name == "-"
        else find_input(name)
        for name in names
    ]


def told_of(feeds: Sequence[Feed]) -> list[str]:
    """Say what each file left out, with examples, and what to know of it; each thing once."""
    told: dict[str, None] = {}
    for feed in feeds:
        name = feed.origin.file
        if feed.n_bad:
            examples = "; ".join(map(str, feed.problems[:3]))
            told[f"{name}: {feed.n_bad:,} bad lines left out, such as {examples}"] = None
        told |= dict.fromkeys(f"{name}: {note}" for note in feed.notes)
    return list(told)


def check_stdin(names: Sequence[str]) -> None:
    """Refuse a standard input that is read twice, or that is a terminal."""
    from sim.errors import UsageError

    if names.count("-") > 1:
        raise UsageError("-: standard input can be read once only")
    if "-" in names and sys.stdin.isatty():
        raise UsageError("-: expected a list on standard input, got a terminal")


def instant(option: str, text: str | None) -> datetime | None:
    """Read a point in time given to an option."""
    if text is None:
        return None
    from sim.errors import UsageError
    from sim.scenario.quantities import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
