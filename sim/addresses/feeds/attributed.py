"""Lists of addresses with the AS of each beside it.

In: lines such as ``198.51.100.0/24 AS64496 Name``, or ``64496 | 198.51.100.1 | NAME`` as Team
Cymru's server answers. Out: one record per line, with its origin and the name of that.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from sim.addresses.feeds.cells import add_origins
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rows.neighbours import refuse_verdicts
from sim.addresses.feeds.samples import Sample, is_address
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_ORIGIN = r"AS\d{1,10}(?:_(?:AS)?\d{1,10})*"
# Blanks are single by then: runs of them would be tried in every way to split them.
_BETWEEN = r"(?: ?[,;|] ?| (?:# )?)"
_ADDRESS = r"[\da-fA-F.:/]+(?: ?- ?[\da-fA-F.:]+)?"
_LINE = re.compile(rf"({_ADDRESS}){_BETWEEN}({_ORIGIN})(?:{_BETWEEN}(.*))?")
_FLIPPED = re.compile(rf"({_ORIGIN}){_BETWEEN}({_ADDRESS})(?:{_BETWEEN}(.*))?")
# A prefix that several networks announce has the number of each.
_CYMRU = re.compile(r"(\d{1,10}(?: \d{1,10})*|NA) ?\| ?([\da-fA-F.:/]+) ?(?:\| ?(.*))?")
_HEADER = re.compile(r"(AS\s*\|.*|Bulk mode;.*)", re.I)


def read_as_list(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a list whose lines hold an address and its AS, in either sequence.

    References
    ----------
    Team Cymru, "IP to ASN Mapping Service", for the form with bars.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    for lines in read_numbered(source, gathering, limits):
        texts, origins, providers, numbers = [], [], [], []
        for number, line in lines:
            if line.startswith(("#", ";")) or _HEADER.fullmatch(line):
                continue
            found = _cut(line)
            if found is None:
                message = f"expected an address and its AS, got {shown(line)}"
                gathering.refuse(message, number)
                continue
            texts.append(found[0])
            origins.append(found[1])
            providers.append(found[2])
            numbers.append(number)
        line_of = np.array(numbers, np.int64)
        record = np.arange(gathering.add_records(len(texts)), gathering.n_records, dtype=np.int64)
        refuse_verdicts(gathering, {"name": providers}, line_of)
        add_origins(gathering, origins, line_of)
        gathering.add_labels("provider", providers)
        gathering.add_texts(texts, record, line_of)
    return gathering.finish(Origin(name, "as-list"))


def _cut(line: str) -> tuple[str, str, str] | None:
    """Address, origin and name of one line; None where it is not of the form."""
    line = " ".join(line.split())
    if found := _LINE.fullmatch(line):
        return found[1], found[2], (found[3] or "").strip()
    if found := _FLIPPED.fullmatch(line):
        return found[2], found[1], (found[3] or "").strip()
    if found := _CYMRU.fullmatch(line):
        origin = "" if found[1] == "NA" else found[1].replace(" ", "_")
        name = (found[3] or "").rpartition("|")[2].strip()
        return found[2], origin, "" if name == "NA" else name
    return None


def fits_as_list(sample: Sample) -> bool:
    """Return whether more than half of the lines hold an address and its AS."""
    lines = [line.strip() for line in sample.said("#", ";")]
    lines = [line for line in lines if not _HEADER.fullmatch(line)]
    found = [found for line in lines if (found := _cut(line)) is not None]
    good = sum(is_address(address) for address, _, _ in found)
    return bool(lines) and 2 * good > len(lines)
