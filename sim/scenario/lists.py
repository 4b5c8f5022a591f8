"""Lists of addresses that a scenario names, in any format that is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.forms import DATED
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.line import clip_prefix
from sim.addresses.sets.notation import Prefix
from sim.errors import DataError, Problem
from sim.scenario.tables.rows import PrefixRow
from sim.scenario.tables.seeds import Table, read_bytes, read_note


@dataclass(frozen=True)
class ListTable(Table[PrefixRow]):
    """A list of prefixes; its bytes are of whatever format it was read from.

    Attributes
    ----------
    notes
        What the reader reports about the file, such as columns that it ignored.
    """

    notes: tuple[str, ...] = field(default=(), kw_only=True)


def read_list(name: str, path: Path) -> ListTable:
    """Read a list of prefixes, addresses and ranges.

    Parameters
    ----------
    name
        As the scenario names it.
    path
        Where it is.

    Returns
    -------
    table
        A row for each prefix, with its line in the file; a range may take several.

    Raises
    ------
    DataError
        If it cannot be read, holds mistakes or dated orders, or IPv6 without an address of
        2000::/3.
    """
    data = read_bytes(path)
    feed = read_feed(Input(path, str(path)))
    if feed.origin.format in DATED:
        message = (
            "expected a list without times, got dated orders: `overblock import FILE -o orders.csv`"
            " writes them as the strategy replay reads them"
        )
        raise DataError([Problem(str(path), message)])
    listed = list_prefixes(feed, str(path))
    return ListTable(
        name,
        path,
        data,
        hashlib.sha256(data).hexdigest(),
        # Checked as they were read.
        tuple(PrefixRow.model_construct(prefix=prefix) for _, _, prefix in listed),
        tuple(line for _, line, _ in listed),
        read_note(path),
        notes=feed.notes,
    )


def list_prefixes(feed: Feed, file: str) -> list[tuple[int, int, Prefix]]:
    """Return the prefixes of a list, each with its record and its line, IPv4 first.

    Raises
    ------
    DataError
        If IPv6 has no address of 2000::/3.
    """
    row4, address4, length4 = feed.v4.to_prefixes()
    row6, address6, length6 = feed.v6.to_prefixes()
    listed = [
        *map(Prefix, repeat(4), address4.tolist(), length4.tolist()),
        *map(Prefix, repeat(6), address6.tolist(), length6.tolist()),
    ]
    lines = [*feed.v4.line[row4].tolist(), *feed.v6.line[row6].tolist()]
    records = [*feed.record4[row4].tolist(), *feed.record6[row6].tolist()]
    found, problems = [], []
    for record, line, prefix in zip(records, lines, listed, strict=True):
        try:
            found.append((record, line, clip_prefix(prefix)))
        except ValueError as error:
            problems.append(Problem(file, str(error), line))
    if problems:
        raise DataError(problems)
    return found
