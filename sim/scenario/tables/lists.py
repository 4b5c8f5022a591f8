"""Lists of addresses that a scenario names, and the addresses of a target given by names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from sim.addresses.feeds.feed import Feed, without_sinkholes
from sim.addresses.feeds.formats import read_feed, sniff
from sim.addresses.feeds.forms import DATED
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.name_lists import check_answers, join_names
from sim.addresses.sets.line import clip_prefix
from sim.addresses.sets.notation import Prefix, shown
from sim.errors import DataError, Problem
from sim.scenario.strategies import is_name
from sim.scenario.tables.rows import PrefixRow
from sim.scenario.tables.seeds import Table, read_bytes, read_note

_NAMED = 10


@dataclass(frozen=True)
class ListTable(Table[PrefixRow]):
    """A list of prefixes; its bytes are of whatever format it was read from."""

    notes: tuple[str, ...] = field(default=(), kw_only=True)
    """What the reader reports about the file, such as columns that it ignored."""


def read_list(name: str, path: Path) -> ListTable:
    """Read a list of prefixes, addresses and ranges: a row for each prefix, with its line.

    Raises
    ------
    DataError
        If it cannot be read, holds mistakes or dated orders, or IPv6 without an address of
        2000::/3.
    """
    return _table(name, path, read_feed(Input(path, str(path))))


def _table(name: str, path: Path, feed: Feed) -> ListTable:
    if feed.origin.format in DATED:
        message = (
            "expected a list without times, got dated orders: `overblock import FILE -o orders.csv`"
            " writes them as the strategy replay reads them"
        )
        raise DataError([Problem(str(path), message)])
    data, listed = read_bytes(path), list_prefixes(feed, str(path))
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


def read_target(
    addresses: str | Sequence[str],
    names: str | None,
    find: Callable[[str], Path],
    sites: Feed | None,
) -> tuple[tuple[Prefix, ...], list[ListTable]]:
    """Read the addresses of a target, and of its names.

    Parameters
    ----------
    names
        File of names with their addresses.
    sites
        The user's sites with their addresses, for names that ``names`` lacks.

    Returns
    -------
    prefixes, files
        Addresses of the target, and the files read; each file has all of them as its rows.

    Raises
    ------
    DataError
        If a file cannot be read, or has none of the addresses of some name.
    """
    if isinstance(addresses, str):
        feed = _read_mixed(find(addresses))
    else:
        cells = [("", one) if not is_name(one) else (one, "") for one in addresses]
        columns = dict(zip(("name", "address"), zip(*cells, strict=True), strict=True))
        feed = feed_of_columns(columns, "target.addresses")
    answers = [] if names is None else [_read_mixed(find(names))]
    for one in answers:
        check_answers(one)
    for one in (*answers, *([] if sites is None else [sites])):
        feed, _ = join_names(feed, without_sinkholes(one))
    texts = feed.labels["name"].texts if "name" in feed.labels else [""] * feed.n_records
    bare = (texts[row] for row in np.flatnonzero(~feed.is_placed))
    if lacking := list(dict.fromkeys(filter(None, bare))):
        more = f" and {len(lacking) - _NAMED:,} more" if lacking[_NAMED:] else ""
        message = (
            f"expected an address for each name, got none for {len(lacking):,} of them: "
            f"{', '.join(map(shown, lacking[:_NAMED]))}{more}; nothing is looked up here: give a "
            "file as target.names, a CSV with the columns name,address or what `dig +noall +answer "
            "NAME A NAME AAAA >> answers.txt` adds for each name"
        )
        raise DataError([Problem(feed.origin.file, message)])
    files = [_table(addresses, find(addresses), feed)] if isinstance(addresses, str) else []
    for one in answers:
        table = _table(str(names), find(str(names)), feed)
        files.append(replace(table, notes=without_sinkholes(one).notes))
    return tuple(prefix for _, _, prefix in list_prefixes(feed, feed.origin.file)), files


def _read_mixed(path: Path) -> Feed:
    """Read a list in which some lines may be names."""
    given = Input(path, str(path))
    try:
        return read_feed(given, allow_empty=True)
    except DataError:
        if sniff(given) == "list":
            with suppress(DataError):
                return read_feed(given, "names", allow_empty=True)
        raise


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
    DataError.raise_any(problems)
    return found
