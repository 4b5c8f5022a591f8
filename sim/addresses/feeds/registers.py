"""The Russian register of blocked resources, as the z-i project publishes it.

In: ``dump.csv`` in windows-1251. Out: one record per entry of the register, with all its addresses
and the name it blocks. It does not know which operator enforces what.
"""

from __future__ import annotations

from typing import BinaryIO, cast

import numpy as np

from sim.addresses.feeds.delimited import Dialect, read_records
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.source import Limits, Source

# Not quoted, and a web address may hold the delimiter: only the first two cells are relied on.
_DIALECT = Dialect(";", 0, 3, encoding="windows-1251", replaces=True)
_FIRST_LINE = "Updated:"


def read_register(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read ``ips;domain;url;organ;document;date`` after a line ``Updated: …``.

    Addresses and prefixes of an entry are joined by `` | ``. Entries that block a name only have
    no address: they are records whose addresses are not known.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    dated = _Dated(source)
    n_by_name = 0
    for records in read_records(cast("BinaryIO", dated), _DIALECT, gathering, limits):
        listed, domain = records.cells[0], records.cells[1]
        first = gathering.add_records(len(records))
        gathering.add_labels("name", domain)
        n_by_name += sum(not cell.strip() for cell in listed)
        parts = [[part.strip() for part in cell.split("|")] if cell else [] for cell in listed]
        n_parts = np.array([len(part) for part in parts], np.int64)
        row = np.repeat(np.arange(len(records)), n_parts)
        text = [part for cell in parts for part in cell]
        gathering.add_texts(text, row + first, records.line[row], key="ips", may_be_empty=True)
    if n_by_name:
        gathering.note(f"{n_by_name:,} entries block a name and give no address: not counted here")
    if gathering.n_replaced:
        gathering.note(f"{gathering.n_replaced:,} bytes are not windows-1251: replaced in names")
    origin = Origin(name, "z-i", dated.date, "the register's text is official; z-i adds no terms")
    return gathering.finish(origin)


class _Dated:
    """A stream whose first line, the date of the dump, is blanked as it passes."""

    def __init__(self, source: BinaryIO | Source) -> None:
        self._source = source
        self._is_new = True
        self.date = ""

    def read(self, size: int) -> bytes:
        """Read up to so many bytes."""
        data = self._source.read(size)
        if self._is_new:
            self._is_new = False
            line, newline, rest = data.partition(b"\n")
            if line.startswith(_FIRST_LINE.encode()):
                self.date = line.decode("windows-1251", "replace")[len(_FIRST_LINE) :].strip()
                return newline + rest
        return data
