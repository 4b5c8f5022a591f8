"""Dates that stand in rows: from when, and until when, an address is listed.

A date without a time is the start of that day in a time zone that is given.
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


def add_dates(
    gathering: Gathering, column: str, cells: Sequence[str], line: Line, zone: ZoneInfo | None
) -> None:
    """Append a column of seconds since 1970; NaN where a cell is empty."""
    seconds: NDArray[np.float64] = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if cell.strip():
            at = read_date(cell, zone)
            if at is None:
                gathering.refuse(expected_date(cell, zone), int(line[row]), column)
            else:
                seconds[row] = at.timestamp()
    gathering.add_numbers(column, seconds)
