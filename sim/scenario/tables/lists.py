"""Lists of addresses that a scenario names, as tables of prefixes.

In: the path of a list of any format that is read (``sim/addresses/feeds``). Out: a table of its
prefixes, in the sequence of the file, IPv4 before IPv6.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.line import clip_prefix
from sim.addresses.sets.notation import Prefix
from sim.errors import DataError, Problem
from sim.scenario.tables.reactions import PrefixRow
from sim.scenario.tables.seeds import Table, read_bytes, read_note


@dataclass(frozen=True)
class ListTable(Table[PrefixRow]):
    """A list of prefixes; its bytes are of whatever format it was read from."""


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
        If it cannot be read, holds mistakes, or IPv6 without an address of 2000::/3.
    """
    data = read_bytes(path)
    feed = read_feed(Input(path, str(path)))
    row4, address4, length4 = feed.v4.to_prefixes()
    row6, address6, length6 = feed.v6.to_prefixes()
    listed = [
        *map(Prefix, repeat(4), address4.tolist(), length4.tolist()),
        *map(Prefix, repeat(6), address6.to_ints(), length6.tolist()),
    ]
    lines = [*feed.v4.line[row4].tolist(), *feed.v6.line[row6].tolist()]
    prefixes, problems = [], []
    for prefix, line in zip(listed, lines, strict=True):
        try:
            prefixes.append(clip_prefix(prefix))
        except ValueError as error:
            problems.append(Problem(str(path), str(error), line))
    if problems:
        raise DataError(problems)
    return ListTable(
        name,
        path,
        data,
        hashlib.sha256(data).hexdigest(),
        # Checked as they were read.
        tuple(PrefixRow.model_construct(prefix=prefix) for prefix in prefixes),
        tuple(lines),
        read_note(path),
    )
