"""The Russian register of blocked resources, as the z-i project publishes it."""

from __future__ import annotations

from typing import BinaryIO, cast

import numpy as np

from sim.addresses.feeds.delimited import Dialect, read_records
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.cuts import check_line_ends, hidden_end
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem

# Not quoted, and a web address may hold the delimiter: only the first cells are relied on, and of
# the third only whether it is empty.
_DIALECT = Dialect(";", 0, 3, encoding="windows-1251", replaces=True)
_FIRST_LINE = "Updated:"
_ADDRESS, _NAME, _URL = 0, 1, 2
_KINDS = ("addresses", "a name", "a URL")


def read_register(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read ``ips;domain;url;organ;document;date`` after a line ``Updated: …``.

    An entry with a URL blocks that URL, one with a domain and no URL blocks the name, and one with
    neither blocks its addresses, joined by `` | ``. Addresses beside a URL or a name say where it
    stood when it was entered; they are not ordered to be blocked, and not listed here: such
    entries are records whose addresses are not known.

    References
    ----------
    Federal law 149-FZ, article 15.1, part 2: the register holds domain names, page addresses and
    network addresses.
    """
    return _read(source, name, "z-i", skip_bad=skip_bad, limits=limits)


def read_whole_register(
    source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    """Read the same with all addresses of all entries, as if everything were blocked by address.

    That is the most that operators without filters for URLs and names may drop.
    """
    return _read(source, name, "z-i-all", skip_bad=skip_bad, limits=limits)


def _read(
    source: BinaryIO | Source, name: str, format_name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    dated = _Dated(source, name)
    n_entries = np.zeros(3, np.int64)
    n_with_addresses = np.zeros(3, np.int64)
    for records in read_records(cast("BinaryIO", dated), _DIALECT, gathering, limits):
        listed, domain, url = ([cell.strip() for cell in column] for column in records.cells[:3])
        kind = np.where([bool(cell) for cell in url], _URL, _ADDRESS)
        kind[(kind == _ADDRESS) & [bool(cell) for cell in domain]] = _NAME
        has_addresses = np.array([bool(cell) for cell in listed], np.bool_)
        n_entries += np.bincount(kind, minlength=3)
        n_with_addresses += np.bincount(kind[has_addresses], minlength=3)
        first = gathering.add_records(len(records))
        gathering.add_labels("name", domain)
        is_taken = has_addresses & ((kind == _ADDRESS) | (format_name == "z-i-all"))
        parts = [
            [part.strip() for part in cell.split("|")] if is_one else []
            for cell, is_one in zip(listed, is_taken.tolist(), strict=True)
        ]
        n_parts = np.array([len(part) for part in parts], np.int64)
        row = np.repeat(np.arange(len(records)), n_parts)
        text = [part for cell in parts for part in cell]
        gathering.add_texts(text, row + first, records.line[row], key="ips", may_be_empty=True)
    for note in _notes(n_entries.tolist(), n_with_addresses.tolist(), format_name):
        gathering.note(note)
    if gathering.n_replaced:
        gathering.note(f"{gathering.n_replaced:,} bytes are not windows-1251: replaced in names")
    terms = "the register's text is official; z-i adds no terms"
    return gathering.finish(Origin(name, format_name, dated.date, terms))


def _notes(n_entries: list[int], n_with_addresses: list[int], format_name: str) -> list[str]:
    """Say how many entries there are of each kind, and how each is read."""
    kinds = ", ".join(
        f"{n:,} block {kind} ({n_with:,} of them give addresses)"
        for n, n_with, kind in zip(n_entries, n_with_addresses, _KINDS, strict=True)
    )
    notes = [
        f"entries by what they block: {kinds}",
        "all entries are counted, whatever the dates of their decisions",
    ]
    n_beside = n_with_addresses[_NAME] + n_with_addresses[_URL]
    if n_beside and format_name == "z-i-all":
        notes.append(
            f"warning: addresses of {n_beside:,} entries that block a name or a URL are counted as "
            "if they were blocked; the register does not order that (--as z-i leaves them out)"
        )
    elif n_beside:
        notes.append(
            f"warning: addresses of {n_beside:,} entries that block a name or a URL are not "
            "counted as listed; operators that block by address may drop them (--as z-i-all "
            "counts them)"
        )
    return notes


class _Dated:
    """A stream whose first line, the date of the dump, is blanked as it passes."""

    def __init__(self, source: BinaryIO | Source, name: str) -> None:
        self._source = source
        self.name = name
        self._is_new = True
        self.date = ""

    def read(self, size: int) -> bytes:
        """Read up to so many bytes."""
        data = self._source.read(size)
        if self._is_new:
            self._is_new = False
            line, newline, rest = data.partition(b"\n")
            if line.startswith(_FIRST_LINE.encode()):
                check_line_ends(line, 1, self.name)
                self.date = line.decode("windows-1251", "replace")[len(_FIRST_LINE) :].strip()
                if wrong := hidden_end(self.date):
                    raise DataError([Problem(self.name, wrong, 1)])
                return newline + rest
        return data


def fits_register(sample: Sample) -> bool:
    """Return whether a file begins as ``dump.csv`` does."""
    first, _, rest = sample.text.partition("\n")
    return first.startswith(_FIRST_LINE) and ";" in rest[:4096]
