"""Geofeeds: where a network says its prefixes are used.

It believes what the file says.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from sim.addresses.feeds.cells import add_countries
from sim.addresses.feeds.delimited import Dialect, read_records
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.rows.neighbours import refuse_verdicts
from sim.addresses.feeds.samples import Sample, is_address
from sim.addresses.text.source import Limits, Source

_DIALECT = Dialect(",", 0, 1, is_quoted=True, comment="#")


def read_geofeed(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read ``prefix,country,region,city,postal``.

    Country ``NA`` is Namibia. An empty country means that the network does not say. Columns
    beyond the region are not kept.

    References
    ----------
    RFC 8805, section 2.1.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    n_silent = 0
    for records in read_records(source, _DIALECT, gathering, limits):
        prefix = [cell.strip() for cell in records.cells[0]]
        empty = [""] * len(records)
        given = [cell.strip() for cell in records.cells[1]] if len(records.cells) > 1 else empty
        region = [cell.strip() for cell in records.cells[2]] if len(records.cells) > 2 else empty
        n_silent += given.count("")
        record = np.arange(gathering.add_records(len(records)), gathering.n_records, dtype=np.int64)
        names = ("region", "city", "postal", *(f"column {at}" for at in range(6, 99)))
        refuse_verdicts(gathering, dict(zip(names, records.cells[2:], strict=False)), records.line)
        add_countries(gathering, given, records.line)
        gathering.add_labels("region", region)
        gathering.add_texts(prefix, record, records.line, key="prefix")
    if n_silent:
        gathering.note(f"{n_silent:,} prefixes have no country: not known, not elsewhere")
    return gathering.finish(Origin(name, "geofeed", "", "the publishing network's"))


def fits_geofeed(sample: Sample) -> bool:
    """Return whether all lines begin with a prefix and a country, which may be empty."""
    rows = sample.rows(",")
    return bool(rows) and all(
        len(row) >= 2 and is_address(row[0]) and re.fullmatch("[A-Za-z]{2}|", row[1].strip())
        for row in rows
    )
