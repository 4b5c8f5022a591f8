"""Files of addresses and times that a user names on the command line.

In: texts. Out: what the files hold, points in time, or a mistake of the user; and what to say of
files once read. Standard input can be read once only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed
    from sim.addresses.feeds.inputs import Input
    from sim.addresses.text.source import Limits
    from sim.blocklists.blocklists import Blocklists
    from sim.cli.options import FileOptions


@dataclass(frozen=True)
class Files:
    """Files named on the command line, all read with the same options.

    Attributes
    ----------
    options
        As the verb took them.
    stack
        Holds what standard input was written to until everything is read.
    """

    options: FileOptions
    stack: ExitStack

    def find(self, names: Sequence[str]) -> list[Input]:
        """Files by name; standard input is written to a temporary file."""
        from sim.addresses.feeds.inputs import STDIN, spooled
        from sim.blocklists.blocklists import find_input

        return [
            self.stack.enter_context(spooled(sys.stdin.buffer, STDIN, self._limits))
            if name == "-"
            else find_input(name)
            for name in names
        ]

    def feeds(self, inputs: Sequence[Input]) -> list[Feed]:
        """Read tables and inventories."""
        from sim.blocklists.blocklists import read_all

        return read_all(inputs, **self._how)

    def blocklists(self, inputs: Sequence[Input], format_name: str = "") -> Blocklists:
        """Read blocklists, which may hold dated orders."""
        from sim.blocklists.blocklists import read_blocklists

        return read_blocklists(inputs, format_name, **self._how)

    @property
    def _limits(self) -> Limits:
        from sim.addresses.text.source import Limits

        return Limits(max_bytes=self.options.max_bytes)

    @property
    def _how(self) -> dict[str, Any]:
        return {
            "limits": self._limits,
            "skip_bad": self.options.skip_bad,
            "allow_empty": self.options.allow_empty,
        }


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
