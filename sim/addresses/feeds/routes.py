"""Who originates which addresses: CAIDA pfx2as, iptoasn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from sim.addresses.feeds.cells import add_countries, add_origins
from sim.addresses.feeds.delimited import Dialect, Records, read_records
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.rows.neighbours import refuse_verdicts
from sim.addresses.feeds.samples import Sample, is_address
from sim.addresses.text.source import Limits, Source

_TABBED = Dialect("\t", 3)
_IPTOASN = Dialect("\t", 5)


def read_pfx2as(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read CAIDA's ``network<TAB>length<TAB>origins``.

    ``_`` joins the origins of a prefix that several networks announce (MOAS), ``,`` the members
    of an AS set. Both stay lists.

    References
    ----------
    CAIDA, "RouteViews Prefix to AS mappings Dataset for IPv4 and IPv6".
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    n_moas = n_sets = 0
    for records in read_records(source, _TABBED, gathering, limits):
        network, length, origins = records.cells
        n_moas += sum("_" in cell for cell in origins)
        n_sets += sum("," in cell for cell in origins)
        prefix = list(map("/".join, zip(network, length, strict=True)))
        add_origins(gathering, origins, records.line)
        _add(gathering, records, prefix)
    if n_moas:
        gathering.note(f"{n_moas:,} prefixes have several origins (MOAS): kept as lists")
    if n_sets:
        gathering.note(f"{n_sets:,} origins are AS sets: kept as lists")
    return gathering.finish(
        Origin(name, "pfx2as", "", "if it is CAIDA's: its terms of use; cite it")
    )


def read_iptoasn(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read iptoasn's ``first<TAB>last<TAB>asn<TAB>country<TAB>description``.

    ASN 0 means that nobody announces the range: it is a record of no known origin or provider,
    since who reads the file as a blocklist means its addresses all the same. ``None`` is a country
    that is not known. Ranges need not be prefixes.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    n_unrouted = 0
    for records in read_records(source, _IPTOASN, gathering, limits):
        first, last, asn, country, description = records.cells
        refuse_verdicts(gathering, {"description": description}, records.line)
        n_unrouted += sum(number == "0" for number in asn)
        origins = ["" if number == "0" else number for number in asn]
        add_origins(gathering, origins, records.line)
        known = ["" if code == "None" else code for code in country]
        add_countries(gathering, known, records.line)
        named = zip(description, origins, strict=True)
        gathering.add_labels("provider", [name if origin else "" for name, origin in named])
        _add(gathering, records, list(map("-".join, zip(first, last, strict=True))))
    if n_unrouted:
        gathering.note(
            f"{n_unrouted:,} ranges are announced by nobody (ASN 0): their origin is not known"
        )
    return gathering.finish(Origin(name, "iptoasn", "", "if it is iptoasn.com's: PDDL 1.0"))


def _add(gathering: Gathering, records: Records, text: Sequence[str]) -> None:
    """Add one record with one row for each line."""
    record = np.arange(gathering.add_records(len(records)), gathering.n_records, dtype=np.int64)
    gathering.add_texts(text, record, records.line)


def fits_iptoasn(sample: Sample) -> bool:
    """Return whether all lines have five cells, the third a number."""
    rows = [line.split("\t") for line in sample.lines]
    return bool(rows) and all(len(row) == 5 and row[2].isdigit() for row in rows)


def fits_pfx2as(sample: Sample) -> bool:
    """Return whether all lines have three cells, the second a number."""
    rows = [line.split("\t") for line in sample.lines]
    return bool(rows) and all(
        len(row) == 3 and row[1].isdigit() and not is_address(row[1]) for row in rows
    )
