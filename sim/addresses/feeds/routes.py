"""Who originates which addresses: CAIDA pfx2as, iptoasn, ip-location-db.

In: text with one prefix or range a line. Out: records with the origin as a list, since a prefix
may have several, and the country and name that some of the formats add.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import BinaryIO

import numpy as np

from sim.addresses.feeds.cells import add_countries, add_origins
from sim.addresses.feeds.delimited import Dialect, Records, read_records
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.rows.neighbours import refuse_verdicts
from sim.addresses.feeds.samples import Sample, is_address
from sim.addresses.sets.intervals import IPV4_STOP
from sim.addresses.sets.ipv6 import IPV6_STOP, Addresses6
from sim.addresses.sets.notation import is_part_of_mapped, shown
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem

_TABBED = Dialect("\t", 3)
_IPTOASN = Dialect("\t", 5)
_CSV = Dialect(",", 0, 3, is_quoted=True, comment="#")


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


def read_location_db(
    source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    """Read ip-location-db CSV: ``first,last,asn,"name"`` or ``first,last,country``.

    Bounds are addresses, or whole numbers in the ``-num`` variant, whose family the name of the
    file says. What the third column holds is told by the first rows.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    is_asn = is_number = None
    is_v6 = False
    for records in read_records(source, _CSV, gathering, limits):
        first, last, third, *rest = records.cells
        if is_asn is None:
            is_asn = any(map(_is_number, third))
            is_number = _is_number(first[0])
            is_v6 = is_number and _family_of_name(name) == 6
        labels = {f"column {at}": cells for at, cells in enumerate(rest, 4)}
        refuse_verdicts(gathering, labels, records.line)
        if is_asn:
            add_origins(gathering, third, records.line)
            gathering.add_labels("provider", rest[0] if rest else [""] * len(records))
        else:
            add_countries(gathering, third, records.line)
        if is_number:
            _add_numbers(gathering, records, is_v6)
        else:
            _add(gathering, records, list(map("-".join, zip(first, last, strict=True))))
    licence = (
        "as the package says: CC BY 4.0 or ODC-BY (RouteViews, DB-IP: a link back is asked for)"
    )
    return gathering.finish(Origin(name, "ip-location-db", "", licence))


def _family_of_name(name: str) -> int:
    """Family that a file of whole numbers has by its name: small ones may be of either."""
    said = [version for version in (4, 6) if f"ipv{version}" in PurePath(name).name.lower()]
    if len(said) != 1:
        message = "expected ipv4 or ipv6 in the name of a file whose addresses are whole numbers"
        raise DataError([Problem(name, f"{message}, as in asn-ipv4-num.csv; got another name")])
    return said[0]


def _add(gathering: Gathering, records: Records, text: Sequence[str]) -> None:
    """Add one record with one row for each line."""
    record = np.arange(gathering.add_records(len(records)), gathering.n_records, dtype=np.int64)
    gathering.add_texts(text, record, records.line)


def _add_numbers(gathering: Gathering, records: Records, is_v6: bool) -> None:
    """Add rows whose bounds are whole numbers."""
    top = IPV6_STOP if is_v6 else IPV4_STOP
    first_record = gathering.add_records(len(records))
    rows, firsts, lasts = [], [], []
    for row, bounds in enumerate(zip(*records.cells[:2], strict=True)):
        if all(_is_number(bound) and len(bound) < 40 for bound in bounds):
            first, last = int(bounds[0]), int(bounds[1])
            if first <= last < top and not (is_v6 and is_part_of_mapped(first, last)):
                rows.append(row)
                firsts.append(first)
                lasts.append(last)
                continue
        family = "IPv6" if is_v6 else "IPv4"
        expected = f"expected the numbers of two {family} addresses in order"
        message = f"{expected}, got {shown(','.join(bounds))}"
        gathering.refuse(message, int(records.line[row]))
    at = np.array(rows, np.int64)
    if is_v6:
        bounds6 = Addresses6.from_ints(firsts), Addresses6.from_ints(lasts)
        gathering.add_bounds6(*bounds6, at + first_record, records.line[at])
    else:
        start, last4 = np.array(firsts, np.int64), np.array(lasts, np.int64)
        gathering.add_bounds4(start, last4 + 1, at + first_record, records.line[at])


def _is_number(cell: str) -> bool:
    """Return whether a cell is all digits, and these of ASCII: Python knows many others."""
    return cell.isascii() and cell.isdigit()


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


def fits_location_db(sample: Sample) -> bool:
    """Return whether all lines begin with two addresses, or two numbers."""
    rows = sample.rows(",")
    return bool(rows) and all(
        len(row) >= 3 and (all(map(is_address, row[:2])) or all(cell.isdigit() for cell in row[:2]))
        for row in rows
    )
