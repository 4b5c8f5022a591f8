"""Cells beside an address: how far it reaches, and from when to when.

Netmasks, last addresses and dates. A date without a time is the start of that day in a time zone
that is given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.sets.notation import shown

_DAY = r"\d{4}-\d\d-\d\d"
_DATE = re.compile(rf"{_DAY}([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|UTC|[+-]\d\d:?\d\d)?)?", re.ASCII)
_OTHER = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{4}( \d\d:\d\d(:\d\d)?)?"
    r"|(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])",
    re.ASCII,
)
# Parts of names, in English, Spanish, Italian and Russian.
_FIRST = (
    *("date", "from", "since", "start", "begin", "effective", "blocked", "block", "listed"),
    *("added", "entered", "fecha", "desde", "inicio", "bloqueo", "data", "dal", "inizio"),
    *("blocco", "дата", "начало", "с", "включения", "внесения", "блокировки"),
)
_LAST = (
    *("to", "until", "till", "end", "ends", "ended", "removed", "removal", "unblocked", "unblock"),
    *("delisted", "unlisted", "lifted", "released", "withdrawn", "expires", "expiry", "expired"),
    *("expiration", "hasta", "fin", "desbloqueo", "levantamiento", "al", "fino", "fine"),
    *("baja", "cese", "vencimiento", "caducidad", "retirada", "scadenza", "revoca", "истекает"),
    *("expire", "unlist", "delisting", "lift", "lifting", "cleared", "deleted", "stop", "closed"),
    *("sblocco", "по", "до", "конец", "окончания", "исключения", "снятия", "разблокировки"),
)
# The same as parts of one word, as in validUntil, expiresAt, endDate.
_JOINED = re.compile(
    rf"^({'|'.join(word for word in _LAST if len(word) > 4)})|(until|expiry|removed|unblocked)$"
    r"|^(end|stop|to|lift)(date|time|at|s)|(valid|listed|blocked|active)to$"
)


def holds_dates(cells: Sequence[str]) -> bool:
    """Return whether all cells that say something are dates, and some do."""
    said = [cell for cell in (cell.strip() for cell in cells) if cell]
    return bool(said) and all(_DATE.fullmatch(cell) or _OTHER.fullmatch(cell) for cell in said)


def role_of(column: str) -> str:
    """Return ``from`` or ``until``, if the plain name of a column of dates says so, or nothing."""
    parts = column.split("_")
    if any(part in _LAST for part in parts) or _JOINED.search(column):
        return "until"
    return "from" if any(part in _FIRST for part in parts) else ""


def read_date(text: str, zone: ZoneInfo | None) -> datetime | None:
    """Read a date, or a date and time; None where it is none, or has no offset and no zone."""
    text = text.strip()
    if not _DATE.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(re.sub(r"\s?(UTC|Z)$", "+00:00", text))
    except ValueError:
        return None
    if at.tzinfo is None:
        return None if zone is None else at.replace(tzinfo=zone)
    return at


def expected_date(text: str, zone: ZoneInfo | None) -> str:
    """Say what was expected in place of a cell."""
    example = "a date and time with offset such as 2018-04-16T00:00+03:00"
    return f"expected {example if zone is None else 'a date such as 2018-04-16'}, got {shown(text)}"


def add_dates(gathering: Gathering, column: str, cells: Sequence[str], line: Line) -> None:
    """Append a column of seconds since 1970; NaN where a cell is empty."""
    zone = gathering.columns.zone
    seconds: NDArray[np.float64] = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if cell.strip():
            at = read_date(cell, zone)
            if at is None:
                gathering.refuse(expected_date(cell, zone), int(line[row]), column)
            else:
                seconds[row] = at.timestamp()
    gathering.add_numbers(column, seconds)


MASK_COLUMNS = (
    *("mask", "netmask", "net_mask", "subnet_mask", "subnetmask"),
    *("prefix_length", "prefixlen", "prefix_len", "mask_length", "masklen", "cidr_length"),
)


def _dotted(length: int, of_host: int = 2**32 - 1) -> str:
    bits = of_host ^ (2 ** (32 - length) - 1)
    return ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))


LENGTH_OF = {_dotted(length): str(length) for length in range(33)}
LENGTH_OF_WILDCARD = {_dotted(length, 0): str(length) for length in range(33)}
"""Lengths of prefixes by their netmasks, and by wildcards, whose bits are the other ones."""


def with_lengths(
    gathering: Gathering,
    addresses: Sequence[str],
    masks: Sequence[str],
    line: Line,
    *,
    are_wildcards: bool = False,
) -> list[str]:
    """Return a prefix for each address and mask; what is refused is left empty.

    Parameters
    ----------
    addresses, masks
        Both of each row: a mask is ``24``, ``/24`` or ``255.255.255.0``.
    line : shape (n,), int64
        Line of each row.
    are_wildcards
        Masks are wildcards such as ``0.0.0.255``.
    """
    read = LENGTH_OF_WILDCARD.get if are_wildcards else length_of
    lengths = {mask: read(mask.strip()) for mask in dict.fromkeys(masks)}
    column = "wildcard" if are_wildcards else "mask"
    wanted = "a wildcard such as 0.0.0.255"
    if not are_wildcards:
        wanted = "a netmask such as 255.255.255.0, or a length such as 24"
    prefixes = []
    for row, (address, mask) in enumerate(zip(addresses, masks, strict=True)):
        text, length, message = address.strip(), lengths[mask], ""
        if "/" in text or "-" in text:
            got = f"{shown(address)} and {shown(mask)}"
            message = f"expected an address and its netmask, got {got}: leave the netmask out"
        elif text and not length:
            message = f"expected {wanted}, got {shown(mask)}"
        if message:
            gathering.refuse(message, int(line[row]), column)
        prefixes.append(f"{text}/{length}" if text and not message else "")
    return prefixes


def length_of(mask: str) -> str:
    """Length of a prefix as text; empty where a mask is none."""
    found = re.fullmatch(r"/?(\d{1,3})", mask, re.ASCII)
    return found[1] if found else LENGTH_OF.get(mask, "")


LAST_OF = {
    "start_ip": "end_ip", "ip_start": "ip_end", "start_address": "end_address",
    "first_ip": "last_ip", "first_address": "last_address", "range_start": "range_end",
    "ip_range_start": "ip_range_end",
}  # fmt: skip
"""Names of the column of last addresses, by those of the first ones."""


def with_last(
    gathering: Gathering, first: Sequence[str], last: Sequence[str], line: Line
) -> list[str]:
    """Return a range for each two addresses, an address where there is no last one.

    What is refused is left empty: a last address beside a prefix, a range or nothing.

    Parameters
    ----------
    first, last
        Both of each row.
    line : shape (n,), int64
        Line of each row.
    """
    ranges = []
    for row, cells in enumerate(zip(first, last, strict=True)):
        begin, end = (cell.strip() for cell in cells)
        if not end:
            ranges.append(begin)
        elif begin and not any(mark in cell for cell in (begin, end) for mark in "/-"):
            ranges.append(f"{begin}-{end}")
        else:
            got = " and ".join(map(shown, cells))
            message = f"expected the first and the last address of a range, got {got}"
            gathering.refuse(message, int(line[row]), "last")
            ranges.append("")
    return ranges
