"""Tables without names of columns: routes, geofeeds and the Russian register."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from sim.addresses.feeds.delimited import Dialect, Records, read_records, take_header
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering, add_countries, add_origins
from sim.addresses.feeds.inputs import Rejoined, Sample, is_address
from sim.addresses.feeds.neighbours import refuse_verdicts
from sim.addresses.text.source import Readable, check_line_ends, hidden_end

_TABBED = Dialect("\t", 3)
_IPTOASN = Dialect("\t", 5)


def read_pfx2as(source: Readable, gathering: Gathering) -> Feed:
    """Read CAIDA's ``network<TAB>length<TAB>origins``.

    ``_`` joins the origins of a prefix that several networks announce (MOAS), ``,`` the members
    of an AS set. Both stay lists.

    References
    ----------
    CAIDA, "RouteViews Prefix to AS mappings Dataset for IPv4 and IPv6".
    """
    n_moas = n_sets = 0
    for records in read_records(source, _TABBED, gathering):
        network, length, origins = records.columns
        n_moas += sum("_" in cell for cell in origins)
        n_sets += sum("," in cell for cell in origins)
        prefix = list(map("/".join, zip(network, length, strict=True)))
        add_origins(gathering, origins, records.line)
        _add_rows(gathering, records, prefix)
    if n_moas:
        gathering.note(f"{n_moas:,} prefixes have several origins (MOAS): kept as lists")
    if n_sets:
        gathering.note(f"{n_sets:,} origins are AS sets: kept as lists")
    return gathering.finish("pfx2as", "", "if it is CAIDA's: its terms of use; cite it")


def read_iptoasn(source: Readable, gathering: Gathering) -> Feed:
    """Read iptoasn's ``first<TAB>last<TAB>asn<TAB>country<TAB>description``.

    ASN 0 means that nobody announces the range: it is a record of no known origin or provider,
    since who reads the file as a blocklist means its addresses all the same. ``None`` is a country
    that is not known. Ranges need not be prefixes.
    """
    n_unrouted = 0
    for records in read_records(source, _IPTOASN, gathering):
        first, last, asn, country, description = records.columns
        refuse_verdicts(gathering, {"description": description}, records.line)
        n_unrouted += sum(number == "0" for number in asn)
        origins = ["" if number == "0" else number for number in asn]
        add_origins(gathering, origins, records.line)
        known = ["" if code == "None" else code for code in country]
        add_countries(gathering, known, records.line)
        named = zip(description, origins, strict=True)
        gathering.add_labels("provider", [name if origin else "" for name, origin in named])
        _add_rows(gathering, records, list(map("-".join, zip(first, last, strict=True))))
    if n_unrouted:
        gathering.note(
            f"{n_unrouted:,} ranges are announced by nobody (ASN 0): their origin is not known"
        )
    return gathering.finish("iptoasn", "", "if it is iptoasn.com's: PDDL 1.0")


def _add_rows(gathering: Gathering, records: Records, text: Sequence[str]) -> None:
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


_GEOFEED = Dialect(",", 0, 1, is_quoted=True, comment="#")


def read_geofeed(source: Readable, gathering: Gathering) -> Feed:
    """Read ``prefix,country,region,city,postal``.

    Country ``NA`` is Namibia. An empty country means that the network does not say. Columns
    beyond the region are not kept.

    References
    ----------
    RFC 8805, section 2.1.
    """
    n_silent = 0
    for records in read_records(source, _GEOFEED, gathering):
        columns = [[cell.strip() for cell in column] for column in records.columns]
        prefix, given, region = [*columns, *2 * [[""] * len(records)]][:3]
        n_silent += given.count("")
        record = np.arange(gathering.add_records(len(records)), gathering.n_records, dtype=np.int64)
        names = ("region", "city", "postal", *(f"column {at}" for at in range(6, 99)))
        refuse_verdicts(gathering, dict(zip(names, columns[2:], strict=False)), records.line)
        add_countries(gathering, given, records.line)
        gathering.add_labels("region", region)
        gathering.add_texts(prefix, record, records.line, key="prefix")
    if n_silent:
        gathering.note(f"{n_silent:,} prefixes have no country: not known, not elsewhere")
    return gathering.finish("geofeed", "", "the publishing network's")


def fits_geofeed(sample: Sample) -> bool:
    """Return whether all lines begin with a prefix and a country, which may be empty."""
    rows = sample.rows(",")
    return bool(rows) and all(
        len(row) >= 2 and is_address(row[0]) and re.fullmatch("[A-Za-z]{2}|", row[1].strip())
        for row in rows
    )


# Not quoted, and a web address may hold the delimiter: only the first cells are relied on, and of
# the third only whether it is empty.
_REGISTER = Dialect(";", 0, 3, encoding="windows-1251", replaces=True)
_FIRST_LINE = b"Updated:"
_ADDRESS, _NAME, _URL = 0, 1, 2
_KINDS = ("addresses", "a name", "a URL")


def read_register(source: Readable, gathering: Gathering) -> Feed:
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
    return _read_entries(source, gathering, "z-i")


def read_whole_register(source: Readable, gathering: Gathering) -> Feed:
    """Read the same with all addresses of all entries, as if everything were blocked by address.

    That is the most that operators without filters for URLs and names may drop.
    """
    return _read_entries(source, gathering, "z-i-all")


def _read_entries(source: Readable, gathering: Gathering, format_name: str) -> Feed:
    line, rest = take_header(source, gathering.limits.max_line_bytes)
    date = ""
    if line.startswith(_FIRST_LINE):
        check_line_ends(line, 1, gathering.name)
        date = line.decode("windows-1251", "replace")[len(_FIRST_LINE) :].strip()
        if wrong := hidden_end(date):
            raise gathering.wrong(wrong, 1)
    else:
        rest = Rejoined(line, rest)
    n_entries = np.zeros(3, np.int64)
    n_with_addresses = np.zeros(3, np.int64)
    for records in read_records(rest, _REGISTER, gathering):
        listed, domain, url = ([cell.strip() for cell in column] for column in records.columns[:3])
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
    for note in _describe_entries(n_entries.tolist(), n_with_addresses.tolist(), format_name):
        gathering.note(note)
    if gathering.n_replaced:
        gathering.note(f"{gathering.n_replaced:,} bytes are not windows-1251: replaced in names")
    terms = "the register's text is official; z-i adds no terms"
    return gathering.finish(format_name, date, terms)


def _describe_entries(
    n_entries: list[int], n_with_addresses: list[int], format_name: str
) -> list[str]:
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
