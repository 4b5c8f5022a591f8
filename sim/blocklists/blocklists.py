"""Blocklists, inventories and tables by name: files, shipped tables, dated orders.

A shipped table may say which table holds the target's own ranges.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import RESOLVE, UNPLACED, Feed
from sim.addresses.feeds.formats import read_file
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.orders import Orders
from sim.addresses.text.reading import Entries4, Entries6
from sim.addresses.text.source import Limits
from sim.errors import DataError, Mistakes, Problem, UsageError
from sim.scenario.library import shipped, table_names
from sim.scenario.tables.seeds import read_note


@dataclass(frozen=True)
class Blocklists:
    """Blocklists as read, before a time is chosen."""

    names: tuple[str, ...]
    """As the user gave them."""
    tables: tuple[Feed | Orders, ...]
    """Content of each: a feed, or dated orders."""

    @property
    def are_dated(self) -> bool:
        """Whether any of them is a table of dated orders."""
        return any(isinstance(table, Orders) for table in self.tables)

    def in_force(self, at: datetime | None) -> list[Feed]:
        """Return what each lists at a time; lists without dates are in force at any.

        Raises
        ------
        UsageError
            If a list is dated and no time is given.
        """
        feeds = []
        for name, table in zip(self.names, self.tables, strict=True):
            if isinstance(table, Feed):
                feeds.append(table)
            elif at is None:
                example = "--at 2018-04-20T12:00+03:00"
                raise UsageError(f"{name}: holds dated orders; say when, such as {example}")
            else:
                feeds.append(table.in_force(at))
        return feeds


def find_input(name: str) -> Input:
    """Return the file a name stands for: a path, or a shipped table.

    Raises
    ------
    DataError
        If there is neither.
    """
    path = Path(name)
    names = table_names()
    if not path.exists() and name in names:
        return Input(shipped("seeds") / f"{name}.csv", name)
    if not path.exists():
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean the shipped table {close[0]!r}?" if close else ""
        message = f"expected a file or the name of a shipped table, got neither{hint}"
        raise DataError([Problem(name, message)])
    return Input(path, name)


def read_blocklists(
    inputs: Sequence[Input],
    format_name: str,
    *,
    skip_bad: bool,
    limits: Limits,
    allow_empty: bool = False,
) -> Blocklists:
    """Read blocklists.

    Parameters
    ----------
    format_name
        Format of all of them; told by each file where empty.
    allow_empty
        Take lists that give no address, too.

    Raises
    ------
    DataError
        With the mistakes of all of them at once.
    UsageError
        If there is no such format.
    """
    tables: list[Feed | Orders] = []
    mistakes = Mistakes(DataError)
    for given in inputs:
        with mistakes.of_part():
            tables.append(
                read_file(
                    given, format_name, skip_bad=skip_bad, limits=limits, allow_empty=allow_empty
                )
            )
    mistakes.raise_any()
    return Blocklists(tuple(given.name for given in inputs), tuple(tables))


def own_tables(inputs: Sequence[Input]) -> list[Input]:
    """Tables of the target's own ranges that the notes beside blocklists name."""
    found: dict[Path, Input] = {}
    for given in inputs:
        note = read_note(given.path) if given.path.suffix == ".csv" else None
        if note is not None and note.target:
            path = given.path.with_name(f"{note.target}.csv")
            found[path] = Input(path, note.target)
    return list(found.values())


Rows = NDArray[np.int64]


@dataclass(frozen=True)
class KnownNames:
    """How many names of a file have an address."""

    file: str
    """As the user named it."""
    n_names: int
    """Distinct names, without regard to capitals and a last dot."""
    n_known: int
    """Those with at least one known address, from the file itself or from the resolutions."""
    n_joined: int
    """Records that were placed by the resolutions."""

    @property
    def share_known(self) -> float | None:
        """Share of the names with a known address; None where there is no name."""
        return self.n_known / self.n_names if self.n_names else None


def check_answers(answers: Feed) -> None:
    """Refuse resolutions without names.

    Raises
    ------
    DataError
        If no record has a name.
    """
    if "name" not in answers.labels:
        message = (
            "expected names with their addresses (JSON lines of ZDNS, massdns, or CSV with the "
            f"columns name and address), got a file of the form {answers.origin.format}"
        )
        raise DataError([Problem(answers.origin.file, message)])


def join_names(feed: Feed, answers: Feed) -> tuple[Feed, KnownNames]:
    """Place records that have a name and no address where the name resolves to.

    Parameters
    ----------
    feed
        Records, some with names.
    answers
        Names with addresses; one that comes several times has all of its addresses.
    """
    if "name" not in feed.labels:
        return feed, KnownNames(feed.origin.file, 0, 0, 0)
    number: dict[str, int] = {}
    own = _numbers(feed, number)
    theirs = _numbers(answers, number)
    wanting = np.flatnonzero(~feed.is_placed & (own >= 0))
    at4, row4 = _matches(own[wanting], theirs[answers.record4])
    at6, row6 = _matches(own[wanting], theirs[answers.record6])
    joined = replace(
        feed,
        # Rows of another file have no line here.
        v4=Entries4.concatenate([feed.v4, replace(answers.v4.take(row4), line=row4 * 0)]),
        v6=Entries6.concatenate([feed.v6, replace(answers.v6.take(row6), line=row6 * 0)]),
        record4=np.concatenate((feed.record4, wanting[at4])),
        record6=np.concatenate((feed.record6, wanting[at6])),
    )
    # Without what was true of its notes before its names were placed.
    notes = [note for note in joined.notes if RESOLVE not in note and UNPLACED not in note]
    if n := joined.n_unplaced:
        notes.append(f"{n:,} {UNPLACED}: counted as not known")
    joined = replace(joined, notes=tuple(notes))
    names = np.unique(own[own >= 0])
    known = np.unique(own[joined.is_placed & (own >= 0)])
    n_joined = np.union1d(at4, at6).size
    return joined, KnownNames(feed.origin.file, names.size, known.size, n_joined)


def _numbers(feed: Feed, number: dict[str, int]) -> Rows:
    """Number of each record's name, the same for all spellings of it; -1 where it has none."""
    column = feed.labels["name"]
    bare = (name.strip().rstrip(".").lower() for name in column.names)
    coded = [number.setdefault(name, len(number)) for name in bare]
    return np.array([*coded, -1], np.int64)[column.code]


def _matches(wanted: Rows, given: Rows) -> tuple[Rows, Rows]:
    """Pairs of places in both columns with one number, in the sequence of the first."""
    order = np.argsort(given, kind="stable")
    first = np.searchsorted(given[order], wanted, side="left")
    count = np.searchsorted(given[order], wanted, side="right") - first
    at = np.repeat(np.arange(wanted.size), count)
    offset = np.arange(at.size) - np.repeat(np.cumsum(count) - count, count)
    return at, order[np.repeat(first, count) + offset]
