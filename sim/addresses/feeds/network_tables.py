"""Tables without names of columns: origins of routes, and the Russian register."""

from __future__ import annotations

import numpy as np

from sim.addresses.feeds.delimited import read_rows
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering, count_lines
from sim.addresses.feeds.inputs import Sample, is_address
from sim.addresses.feeds.inventories import Table
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import (
    Readable,
    hidden_end,
    may_hide,
    read_blocks,
)

_IPTOASN = ("start_ip", "end_ip", "asn", "country", "provider")
_PFX2AS = ("address", "mask", "asn")


def read_pfx2as(source: Readable, gathering: Gathering) -> Feed:
    """Read CAIDA's ``network<TAB>length<TAB>origins``.

    ``_`` joins the origins of a prefix that several networks announce (MOAS), ``,`` the members
    of an AS set. Both stay lists.

    References
    ----------
    CAIDA, "RouteViews Prefix to AS mappings Dataset for IPv4 and IPv6".
    """
    licence = "if it is CAIDA's: its terms of use; cite it"
    return _read_origins(source, gathering, _PFX2AS).finish("pfx2as", "", licence)


def read_iptoasn(source: Readable, gathering: Gathering) -> Feed:
    """Read iptoasn's ``first<TAB>last<TAB>asn<TAB>country<TAB>description``.

    ASN 0 means that nobody announces the range: its addresses are listed, of no known origin or
    provider. ``None`` is a country that is not known. Ranges need not be prefixes.
    """
    licence = "if it is iptoasn.com's: PDDL 1.0"
    return _read_origins(source, gathering, _IPTOASN).finish("iptoasn", "", licence)


def _read_origins(source: Readable, gathering: Gathering, names: tuple[str, ...]) -> Table:
    """Read a table as one with names of columns is read."""
    table = Table(gathering)
    blocks = read_blocks(source, gathering.limits.max_line_bytes, gathering.name)
    for records in read_rows(blocks, gathering, "\t", len(names), is_quoted=False):
        columns = dict(zip(names, records.columns, strict=True))
        known = [number != "0" for number in columns["asn"]]
        read = {
            column: [cell if is_known else "" for cell, is_known in zip(cells, known, strict=True)]
            for column, cells in columns.items()
            if column in ("asn", "provider")
        }
        if "country" in columns:
            read["country"] = ["" if cell == "None" else cell for cell in columns["country"]]
        table.add(columns, records.line, read)
    return table


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


_FIRST_LINE = "Updated:"


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
    date, n_beside, n_replaced = "", 0, 0
    for block in read_blocks(source, gathering.limits.max_line_bytes, gathering.name):
        count_lines(block, gathering)
        # Not quoted, and a web address may hold the delimiter.
        text = block.text.decode("windows-1251", "replace")
        n_replaced += text.count("\ufffd")
        is_odd = may_hide(block.text)
        names: list[str] = []
        listed: list[tuple[str, int, int]] = []
        for number, entry in enumerate(text.split("\n")[:-1], block.first_line):
            cells = [cell.strip() for cell in entry.split(";", 3)]
            if is_odd and (wrong := hidden_end(entry)):
                gathering.refuse(wrong, number)
            elif "\0" in entry:
                gathering.refuse("expected text, got a NUL byte", number)
            elif number == 1 and entry.startswith(_FIRST_LINE):
                date = entry.removeprefix(_FIRST_LINE).strip()
            elif len(cells) >= 3:
                addresses = [part.strip() for part in cells[0].split("|") if part.strip()]
                n_beside += bool(addresses and (cells[1] or cells[2]))
                if not (cells[1] or cells[2]):
                    listed += [(address, len(names), number) for address in addresses]
                names.append(cells[1])
            elif entry.strip():
                message = f"expected at least 3 cells, got {len(cells)}: {shown(entry)}"
                gathering.refuse(message, number)
        first = gathering.add_records(len(names))
        gathering.add_labels("name", names)
        row, at = np.array([place for _, *place in listed], np.int64).reshape(-1, 2).T
        gathering.add_texts([address for address, *_ in listed], row + first, at, key="ips")
    gathering.note("all entries are counted, whatever the dates of their decisions")
    if n_beside:
        gathering.note(
            f"warning: addresses of {n_beside:,} entries that block a name or a URL are not "
            "counted as listed; operators that block by address may drop them"
        )
    if n_replaced:
        gathering.note(f"{n_replaced:,} bytes are not windows-1251: replaced in names")
    terms = "the register's text is official; z-i adds no terms"
    return gathering.finish("z-i", date, terms)
