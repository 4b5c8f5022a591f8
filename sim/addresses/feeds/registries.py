"""What the regional Internet registries have handed out."""

from __future__ import annotations

import re
from collections import Counter
from typing import BinaryIO

import numpy as np

from sim.addresses.feeds.delimited import Dialect, Records, read_records
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.rows.neighbours import refuse_verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.source import Limits, Source
from sim.addresses.text.stated import differs

_DIALECT = Dialect("|", 0, 6, comment="#")
_FREE = ("available", "reserved")


def read_delegated(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read ``registry|cc|type|start|value|date|status|…``.

    For IPv4 ``value`` is a number of addresses, which need not be a power of two; for IPv6 it is
    a prefix length. Rows for AS numbers, summaries and free space are counted and left out. The
    version line states how many records follow, and summaries how many are of each type.

    References
    ----------
    NRO, "RIR statistics exchange format" and its extension.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    n_uneven = n_free = 0
    date = ""
    counts = _Counts(gathering)
    for records in read_records(source, _DIALECT, gathering, limits):
        cells = list(zip(*records.cells, strict=True))
        rows: list[int] = []
        text: list[str] = []
        country: list[str] = []
        statuses: list[str] = []
        for row, cell in enumerate(cells):
            line = int(records.line[row])
            if cell[0].replace(".", "").isdigit():
                # The version line: version|registry|serial|records|startdate|enddate|UTCoffset
                date = cell[5]
                counts.check()
                counts.stated["records"] = (cell[3], line)
                continue
            if "summary" in cell:
                counts.add_summary(cell[2], cell[4], line)
                continue
            counts.n[cell[2]] += 1
            status = cell[6] if len(cell) > 6 else ""
            if cell[2] not in ("ipv4", "ipv6"):
                continue
            if status in _FREE:
                n_free += 1
                continue
            found = _range(cell, row, records, gathering)
            if found is None:
                continue
            n_uneven += cell[2] == "ipv4" and int(cell[4]).bit_count() > 1
            rows.append(row)
            statuses.append(status)
            text.append(found)
            country.append("" if cell[1] in ("ZZ", "*") else cell[1])
        line_of = records.line[np.array(rows, np.int64)]
        refuse_verdicts(gathering, {"status": statuses}, line_of)
        record = np.arange(gathering.add_records(len(rows)), gathering.n_records, dtype=np.int64)
        gathering.add_labels("country", country)
        gathering.add_texts(text, record, line_of, key="start")
    counts.check()
    gathering.note("country is where the addresses are registered, not where they are used")
    if n_uneven:
        gathering.note(f"{n_uneven:,} IPv4 counts are no power of two: several prefixes each")
    if n_free:
        gathering.note(f"{n_free:,} ranges are free or reserved by the registry: left out")
    return gathering.finish(Origin(name, "rir-delegated", date, "the registry's"))


class _Counts:
    """What a file states of its records from a version line on, and the records met."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.stated: dict[str, tuple[str, int]] = {}
        self.n: Counter[str] = Counter()

    def add_summary(self, kind: str, number: str, line: int) -> None:
        """Add a line that states a number of records of a type; several registries' are summed."""
        before, first = self.stated.get(kind, ("", line))
        if before.isdecimal() and number.isdecimal() and len(before + number) < 20:
            number = str(int(before) + int(number))
        self.stated[kind] = (number, first)

    def check(self) -> None:
        """Refuse lines that state another number than there is, and begin the next part."""
        for kind, (number, line) in self.stated.items():
            n, what = (
                (self.n.total(), kind) if kind == "records" else (self.n[kind], f"{kind} records")
            )
            if wrong := differs(number, n, what):
                self._gathering.refuse(wrong, line)
        self.stated, self.n = {}, Counter()


def _range(cell: tuple[str, ...], row: int, records: Records, gathering: Gathering) -> str | None:
    """Text of one delegation; None, and refused, where its size makes no sense."""
    kind, start, value = cell[2], cell[3], cell[4]
    line = int(records.line[row])
    if not value.isdecimal() or len(value) > 10:
        gathering.refuse(f"expected a number, got {value[:60]!r}", line, "value")
        return None
    if kind == "ipv6":
        return f"{start}/{value}"
    octets = start.split(".")
    if len(octets) != 4 or not all(octet.isdecimal() and len(octet) < 4 for octet in octets):
        return start or "?"
    first = int.from_bytes(bytes(min(int(octet), 255) for octet in octets), "big")
    last = first + int(value) - 1
    if int(value) == 0 or last >= 2**32:
        gathering.refuse(
            f"expected a number of addresses from {start} on, got {value}", line, "value"
        )
        return None
    return f"{start}-{'.'.join(str(byte) for byte in last.to_bytes(4, 'big'))}"


def fits_delegated(sample: Sample) -> bool:
    """Return whether the first line is one of a registry's files."""
    form = r"[\d.]+\|[a-z]+\||[a-z]+\|[A-Za-z*]*\|(asn|ipv4|ipv6)\|"
    return bool(sample.lines) and re.match(form, sample.lines[0]) is not None
