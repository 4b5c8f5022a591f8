"""Readings that came to nothing, or mostly to mistakes.

In: what the reading of a file came to. Out: the same, or an error that says what the file looks
like and what it lacks. It does not read addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sim.addresses.feeds.diagnosis import likeness
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.sniffing import read_sample
from sim.addresses.text.source import Limits
from sim.errors import BadLinesError, DataError, Problem

# Formats that a file is read as when it is like nothing else.
_LISTS = ("list", "firehol")
# Mistakes that are told one by one where one sentence tells them all.
_EXAMPLES = 3


@contextmanager
def explained(given: Input, format_name: str, limits: Limits) -> Iterator[None]:
    """Tell a file with more mistakes than addresses by what it looks like, not line by line.

    Raises
    ------
    DataError
        In place of a `BadLinesError`.
    """
    try:
        yield
    except BadLinesError as error:
        told = _likeness(given, format_name, error.n_bad, error.n_good, limits)
        if not told:
            raise
        summary = (
            f"expected a list of addresses, got {error.n_bad:,} lines that are none and "
            f"{error.n_good:,} that are; it looks like {told}"
        )
        raise DataError([Problem(given.name, summary), *error.problems[:_EXAMPLES]]) from None


def checked(feed: Feed, given: Input, limits: Limits, *, allow_empty: bool) -> Feed:
    """Return a feed that holds an address, with a note where most of its file was refused.

    Raises
    ------
    DataError
        If it holds none, unless ``allow_empty``.
    """
    n_rows = len(feed.v4) + len(feed.v6)
    told = _likeness(given, feed.origin.format, feed.n_bad, n_rows, limits)
    if not n_rows and not allow_empty:
        got = f"none in {feed.n_lines:,} lines or entries" if feed.n_lines else "an empty file"
        parts = [
            f"expected at least one address, got {got}",
            f"{feed.n_bad:,} mistakes were left out" if feed.n_bad else "",
            f"it looks like {told}" if told else "",
            *feed.notes,
            "if nothing is meant to be there, say --allow-empty",
        ]
        message = "; ".join(filter(None, parts))
        raise DataError([Problem(given.name, message), *feed.problems[:_EXAMPLES]])
    if not told:
        return feed
    note = f"most of its lines are no addresses; it looks like {told}"
    return replace(feed, notes=(note, *feed.notes))


def _likeness(given: Input, format_name: str, n_bad: int, n_good: int, limits: Limits) -> str:
    """What a file looks like, if most of it was refused as a list."""
    if format_name not in _LISTS or n_bad <= n_good:
        return ""
    return likeness(read_sample(given, limits))
