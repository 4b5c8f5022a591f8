"""Files of addresses and times that a user names on the command line, and remarks on them.

Standard input can be read once only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sim.errors import DataError, Problem, UsageError

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed
    from sim.addresses.feeds.inputs import Input
    from sim.addresses.text.source import Limits
    from sim.blocklists.blocklists import Blocklists, KnownNames
    from sim.cli.options import TableOptions


T = TypeVar("T")


@dataclass(frozen=True)
class Files:
    """Files named on the command line, all read with the same options.

    Attributes
    ----------
    options
        As the verb took them.
    stack
        Holds what standard input was written to until everything is read.
    at
        When orders are in force, where a file is dated.
    """

    options: TableOptions
    stack: ExitStack
    at: datetime | None = None

    def find(self, names: Sequence[str]) -> list[Input]:
        """Files by name; standard input is written to a temporary file."""
        from sim.addresses.feeds.inputs import STDIN, spooled
        from sim.blocklists.blocklists import find_input

        found = [
            self.stack.enter_context(spooled(sys.stdin.buffer, STDIN, self._limits))
            if name == "-"
            else find_input(name)
            for name in names
        ]
        return [replace(one, columns=self.options.columns) for one in found]

    def feeds(self, inputs: Sequence[Input], *, may_be_names: bool = False) -> list[Feed]:
        """Read tables and inventories; those of names alone where these are to be joined."""
        return self.blocklists(inputs, may_be_names=may_be_names).in_force(self.at)

    def hosts(self, names: Sequence[str], *, may_be_names: bool = False) -> list[Feed]:
        """Read inventories or resolutions, as `feeds` does, without addresses of no public host."""
        from sim.addresses.feeds.feed import without_sinkholes

        found = self.feeds(self.find(names), may_be_names=may_be_names)
        return list(map(without_sinkholes, found))

    def blocklists(
        self, inputs: Sequence[Input], format_name: str = "", *, may_be_names: bool = False
    ) -> Blocklists:
        """Read blocklists, which may hold dated orders; those of names as `feeds` does."""
        from sim.blocklists.blocklists import read_blocklists

        return read_blocklists(
            inputs,
            format_name,
            limits=self._limits,
            skip_bad=self.options.skip_bad,
            allow_empty=self.options.allow_empty or may_be_names,
        )

    def answers(self, names: Sequence[str]) -> Feed | None:
        """Read names with the addresses they resolve to; None where none are given."""
        if not names:
            return None
        from sim.addresses.feeds.feed import concatenate
        from sim.blocklists.blocklists import check_answers

        found = self.hosts(names, may_be_names=True)
        for feed in found:
            check_answers(feed)
        return concatenate(found)

    @property
    def _limits(self) -> Limits:
        from sim.addresses.text.source import Limits

        return Limits(max_bytes=self.options.max_bytes)


def split_provider(text: str) -> tuple[str, str]:
    """Return the provider and the file of ``NAME=FILE``; no provider where a file is meant."""
    provider, equals, file = text.partition("=")
    if not equals or not provider or not file or Path(text).exists():
        return "", text
    return provider, file


def join_answers(
    feeds: Sequence[Feed], answers: Feed | None
) -> tuple[list[Feed], list[KnownNames]]:
    """Place names at the addresses they resolve to, and count the known names of each file."""
    if answers is None:
        return list(feeds), []
    from sim.blocklists.blocklists import join_names

    placed = [join_names(feed, answers) for feed in feeds]
    return [feed for feed, _ in placed], [known for _, known in placed if known.n_names]


def check_placed(feeds: Sequence[Feed], options: TableOptions) -> None:
    """Refuse lists in which no address is known after names were joined.

    Raises
    ------
    DataError
        If there is such a list, unless empty ones are allowed.
    """

    message = "expected at least one address, got none in the file and none by --names"
    empty = [
        Problem(feed.origin.file, message)
        for feed in feeds
        if feed.n_unplaced and not len(feed.v4) + len(feed.v6)
    ]
    if empty and not options.allow_empty:
        raise DataError(empty)


def check_dated(at: datetime | None, feeds: Sequence[Feed]) -> None:
    """Refuse a time where no file holds dated orders."""
    from sim.addresses.feeds.forms import DATED

    if at is not None and not any(feed.origin.format in DATED for feed in feeds):
        raise UsageError("--at: none of the files holds dated orders")


def list_remarks(feeds: Sequence[Feed]) -> list[str]:
    """List the ignored lines of each file, with examples, and its notes; each once."""
    remarks: dict[str, None] = {}
    for feed in feeds:
        name = feed.origin.file
        if feed.n_bad:
            examples = "; ".join(map(str, feed.problems[:3]))
            remarks[f"{name}: {feed.n_bad:,} bad lines ignored, such as {examples}"] = None
        remarks |= dict.fromkeys(f"{name}: {note}" for note in feed.notes)
    return list(remarks)


def check_stdin(names: Sequence[str]) -> None:
    """Refuse a standard input that is read twice, or that is a terminal."""

    if names.count("-") > 1:
        raise UsageError("-: standard input can be read once only")
    if "-" in names and sys.stdin.isatty():
        raise UsageError("-: expected a list on standard input, got a terminal")


def parsed(option: str, text: str | None, read: Callable[[str], T]) -> T | None:
    """Read the value of an option, such as a point in time."""
    try:
        return read(text) if text else None
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
