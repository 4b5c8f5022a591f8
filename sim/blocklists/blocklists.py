"""Blocklists, inventories and tables by name: files, shipped tables, dated orders.

A shipped table may say which table holds the target's own ranges.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_file
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.orders import Orders
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
