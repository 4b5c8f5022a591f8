"""Lists of addresses, one a line: blocklists of any kind, and FireHOL's ipset and netset files.

Reading is that of `sim.addresses.text.text`; what is added is what the header says.
"""

from __future__ import annotations

import re

import numpy as np

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import Rejoined, Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.entries import Tally
from sim.addresses.text.reading import Reading
from sim.addresses.text.source import Readable, Stream
from sim.errors import Problem

# Header lines that FireHOL writes into every list, as "# Name : value".
_HEADER = re.compile(r"^#\s*(Source File Date|This File Date|License|Maintainer URL)\s*:\s*(.+)$")


def read_list(source: Readable, gathering: Gathering) -> Feed:
    """Read a plain list: prefixes, addresses and ranges of both families, with comments."""
    return _read(source, gathering, "list")


def read_firehol(source: Stream, gathering: Gathering) -> Feed:
    """Read an ``.ipset`` (addresses) or ``.netset`` (prefixes) file of FireHOL.

    References
    ----------
    FireHOL, blocklist-ipsets: every list has its own maintainer and its own licence.
    """
    head = source.read(gathering.limits.max_line_bytes)
    told = {}
    for line in map(str.strip, head.decode("utf-8", "replace").split("\n")):
        if found := _HEADER.match(line):
            told[found[1]] = found[2].strip()
    date = told.get("Source File Date") or told.get("This File Date") or ""
    licence = told.get("License") or "each list has its own: see the maintainer in its header"
    return _read(Rejoined(head, source), gathering, "firehol", date, licence)


def _read(
    source: Readable, gathering: Gathering, form: str, date: str = "", licence: str = ""
) -> Feed:
    """Read the lines of a list, one record each."""
    name = gathering.name
    v4, v6, tally = Reading(name, gathering.limits).entries(source, skip_bad=gathering.skip_bad)
    n_records = len(v4) + len(v6)
    notes, questions = _behind(name, tally)
    return Feed(
        Origin(name, form, date, licence),
        n_records,
        v4,
        v6,
        np.arange(len(v4), dtype=np.int64),
        np.arange(len(v4), n_records, dtype=np.int64),
        n_lines=tally.n_lines,
        n_bad=tally.n_bad,
        problems=tally.problems,
        notes=notes,
        questions=questions,
    )


def _behind(name: str, tally: Tally) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Notes and questions about addresses behind semicolons."""
    if not tally.n_behind:
        return (), ()
    note = f"{tally.n_behind:,} lines have addresses behind a semicolon: only the first is read"
    message = (
        "expected one address a line, got several between semicolons: "
        f"{shown(tally.behind)}; name the columns in the first line, or say --as list to read the "
        "first of each"
    )
    return (note,), (Problem(name, message, tally.line_behind),)


def fits_firehol(sample: Sample) -> bool:
    """Return whether a file has FireHOL's header."""
    head = sample.text[:8192]
    return (
        head.startswith("#")
        and re.search(r"^# ?(ipset|netset|.*FireHOL|.*ipset)", head, re.M | re.I) is not None
    )
