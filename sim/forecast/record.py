"""A record of listings by session: which addresses each session listed, since when, how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.inputs import ColumnChoice
from sim.addresses.feeds.orders import ON_TOP
from sim.errors import DataError, Problem, UsageError
from sim.scenario.load import load_scenario
from sim.scenario.starter import record
from sim.scenario.tables.seeds import read_note

SHIPPED, RECORD = "spain-record", "spain-record-2025-26"
"""Scenario whose record is used where the user gives none, and that record."""
LEAST_SESSIONS = 6
"""Sessions without which nothing is estimated."""
S_PER_H = 3600


@dataclass(frozen=True)
class SessionRecord:
    """Addresses by session."""

    addresses: tuple[str, ...]
    """Those listed in any session, n of them, ascending."""
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    """Start and end of each session, in seconds since 1970, ascending; shape (k,)."""
    is_listed: NDArray[np.bool_]
    is_at_start: NDArray[np.bool_]
    """Whether it is listed in a session, and at its start; shape (k, n)."""
    hours: NDArray[np.float64]
    """Time for which it is listed within the session, in h; shape (k, n)."""
    n_peak: NDArray[np.int64]
    """Most addresses listed at a time; shape (k,)."""
    until_s: int = 0
    """When the record ends, if that is after the last session; 0 where it is not known."""
    notes: tuple[str, ...] = ()
    """Remarks on how it was read."""
    outside: frozenset[str] = frozenset()
    """Addresses that were listed outside sessions alone."""

    @property
    def last_s(self) -> int:
        """Time until which it is known what was listed."""
        return max(int(self.end_s[-1]), self.until_s)

    @cached_property
    def histories(self) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
        """Sessions that list it by distinct history, history of each address, and their numbers."""
        rows, of, n = np.unique(self.is_listed.T, axis=0, return_inverse=True, return_counts=True)
        return rows.T, of.reshape(-1), n

    @property
    def n_sessions(self) -> int:
        """Number of sessions."""
        return len(self.start_s)

    @property
    def length_h(self) -> NDArray[np.float64]:
        """Length of each session, in h."""
        return (self.end_s - self.start_s) / S_PER_H

    def before(self, session: int) -> SessionRecord:
        """The record as it was when a session began: earlier ones, and addresses listed in them."""
        seen = np.flatnonzero(self.is_listed[:session].any(axis=0))
        return SessionRecord(
            tuple(self.addresses[row] for row in seen.tolist()),
            self.start_s[:session],
            self.end_s[:session],
            self.is_listed[:session][:, seen],
            self.is_at_start[:session][:, seen],
            self.hours[:session][:, seen],
            self.n_peak[:session],
        )


def source_of(path: Path | None) -> str:
    """Title and licence of a record."""
    if path is not None:
        return path.name
    note = read_note(load_scenario(SHIPPED).find_table(RECORD))
    assert note is not None
    return f"{note.title}. {note.licence}."


def read_record(
    path: Path | None, start: str = "", end: str = "", option: str = ""
) -> SessionRecord:
    """Read a record of listings, and split it by sessions.

    Parameters
    ----------
    path
        Polls, dated orders, or a table with from and until; None for the shipped record.
    start, end
        When it begins and ends, if the user says so: sessions wholly within are read.
    option
        How a command takes these, with ``{}`` for either; empty where it takes none.

    Raises
    ------
    DataError
        If it cannot be read, lists prefixes or IPv6, or has too few sessions.
    UsageError
        If it does not say when it begins or ends, or ends before it begins.
    """
    loaded = load_scenario(SHIPPED)
    if path is None:
        path = loaded.find_table(RECORD)
        ends = loaded.scenario.start, loaded.scenario.end
        polls_s = int(ends[0].timestamp()), int(ends[1].timestamp())
        listed = record.GivenList(".csv", path.read_bytes(), (), (), polls_s=polls_s)
    else:
        listed = record.read_given(path, ColumnChoice(zone=loaded.scenario.zone))
    begin_s, end_s = record.read_ends(path, listed, start, end, loaded.scenario.zone, option)
    if end_s <= begin_s:
        raise UsageError(f"{option.format('end')}{end}: expected an end after the beginning")
    # What is listed when the record ends goes on, and what the user cuts is no whole session.
    spells = record.read_spells(listed, begin_s, end_s + 1)
    all_sessions = record.find_sessions(spells)
    sessions = [one for one in all_sessions if begin_s <= one[0] and one[1] <= end_s]
    spells = {
        prefix: [(max(a, begin_s), min(b, end_s)) for a, b in mine if a < end_s and b > begin_s]
        for prefix, mine in spells.items()
    }
    spells = {prefix: mine for prefix, mine in spells.items() if mine}
    notes = [note for note in listed.notes if note != ON_TOP]
    if any(from_s < end_s < to_s for from_s, to_s in all_sessions):
        notes.append("a session goes on when the record ends, and is left out")
    return replace(split(spells, sessions, str(path)), until_s=end_s, notes=tuple(notes))


def split(spells: record.Spells, sessions: Sequence[tuple[int, int]], file: str) -> SessionRecord:
    """Return which addresses each session lists.

    Raises
    ------
    DataError
        If there are too few sessions, or prefixes or IPv6 in the record.
    """
    wide = [str(one) for one in spells if one.version == 6 or one.prefixlen < one.max_prefixlen]
    if wide:
        message = (
            f"expected single IPv4 addresses, as polls see them, got {', '.join(wide[:3])}"
            f"{f' and {len(wide) - 3:,} more' if len(wide) > 3 else ''}"
        )
        raise DataError([Problem(file, message)])
    if len(sessions) < LEAST_SESSIONS:
        message = (
            f"expected at least {LEAST_SESSIONS} sessions, in each of which {record.LEAST_LISTED} "
            f"addresses are blocked at once, got {len(sessions)}"
        )
        raise DataError([Problem(file, message)])
    known = sorted(spells)
    of, from_s, to_s = np.array(
        [(n, *edges) for n, prefix in enumerate(known) for edges in spells[prefix]], np.int64
    ).T
    hours = np.zeros((len(sessions), len(known)))
    is_at_start = np.zeros(hours.shape, np.bool_)
    n_peak = np.zeros(len(sessions), np.int64)
    for k, (first_s, last_s) in enumerate(sessions):
        begins_s, lasts_s = np.maximum(from_s, first_s), np.minimum(to_s, last_s)
        inside = lasts_s > begins_s
        np.add.at(hours[k], of[inside], (lasts_s - begins_s)[inside] / S_PER_H)
        is_at_start[k, of[inside & (from_s <= first_s)]] = True
        turns = np.concatenate([begins_s[inside], lasts_s[inside]])
        # What ends in a second is gone before what begins in it.
        order = np.lexsort((np.repeat([1, 0], inside.sum()), turns))
        n_peak[k] = np.cumsum(np.repeat([1, -1], inside.sum())[order]).max()
    is_ever = (hours > 0).any(axis=0)
    names = np.array([str(one.network_address) for one in known])
    return SessionRecord(
        tuple(names[is_ever].tolist()),
        np.array([one[0] for one in sessions]),
        np.array([one[1] for one in sessions]),
        hours[:, is_ever] > 0,
        is_at_start[:, is_ever],
        hours[:, is_ever],
        n_peak,
        outside=frozenset(names[~is_ever].tolist()),
    )


def instant(at_s: float) -> str:
    """A time as text, in UTC."""
    return datetime.fromtimestamp(int(at_s), UTC).isoformat()


def number_of(address: str) -> int:
    """An IPv4 address as a number."""
    return int.from_bytes(map(int, address.split(".")))


def text_of(number: int) -> str:
    """An IPv4 address from its number."""
    return ".".join(map(str, number.to_bytes(4)))
