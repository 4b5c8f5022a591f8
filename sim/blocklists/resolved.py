"""Names joined with the addresses they resolve to.

A name that is in no resolution, or did not resolve, stays not known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import RESOLVE, UNPLACED, Feed
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.text.entries import Entries4, Entries6
from sim.errors import DataError, Problem

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class KnownNames:
    """How many names of a file have an address.

    Attributes
    ----------
    file
        As the user named it.
    n_names
        Distinct names, without regard to capitals and a last dot.
    n_known
        Those of which at least one address is known, from the file itself or from the resolutions.
    n_joined
        Records that were placed by the resolutions.
    """

    file: str
    n_names: int
    n_known: int
    n_joined: int

    @property
    def share_known(self) -> float | None:
        """Share of the names of which an address is known; None where there is no name."""
        return self.n_known / self.n_names if self.n_names else None


def check_answers(answers: Feed) -> None:
    """Refuse resolutions without names.

    Raises
    ------
    DataError
        If no record has a name.
    """
    if "name" not in answers.labels:
        message = (
            "expected names with their addresses (JSON lines of ZDNS, massdns, or CSV with the "
            f"columns name and address), got a file of the form {answers.origin.format}"
        )
        raise DataError([Problem(answers.origin.file, message)])


def join_names(feed: Feed, answers: Feed) -> tuple[Feed, KnownNames]:
    """Place records that have a name and no address where the name resolves to.

    Parameters
    ----------
    feed
        Records, some with names.
    answers
        Names with addresses; one that comes several times has all of its addresses.
    """
    if "name" not in feed.labels:
        return feed, KnownNames(feed.origin.file, 0, 0, 0)
    number: dict[str, int] = {}
    own = _numbers(feed, number)
    theirs = _numbers(answers, number)
    is_placed = np.zeros(feed.n_records, np.bool_)
    is_placed[feed.record4] = True
    is_placed[feed.record6] = True
    wanting = np.flatnonzero(~is_placed & (own >= 0))
    at4, row4 = _matches(own[wanting], theirs[answers.record4])
    at6, row6 = _matches(own[wanting], theirs[answers.record6])
    joined = replace(
        feed,
        v4=_with_rows4(feed.v4, answers.v4, row4),
        v6=_with_rows6(feed.v6, answers.v6, row6),
        record4=np.concatenate((feed.record4, wanting[at4])),
        record6=np.concatenate((feed.record6, wanting[at6])),
    )
    is_placed[wanting[at4]] = True
    is_placed[wanting[at6]] = True
    joined = replace(joined, notes=_fresh_notes(joined))
    names = np.unique(own[own >= 0])
    known = np.unique(own[is_placed & (own >= 0)])
    n_joined = np.union1d(at4, at6).size
    return joined, KnownNames(feed.origin.file, names.size, known.size, n_joined)


def _fresh_notes(joined: Feed) -> tuple[str, ...]:
    """Notes of a file without what was true before its names were placed."""
    kept = [note for note in joined.notes if RESOLVE not in note and UNPLACED not in note]
    n = joined.n_unplaced
    return (*kept, *([f"{n:,} {UNPLACED}: not known, not unblocked"] if n else []))


def _numbers(feed: Feed, number: dict[str, int]) -> Rows:
    """Number of each record's name, the same for all spellings of it; -1 where it has none."""
    column = feed.labels["name"]
    coded = [number.setdefault(_plain(name), len(number)) for name in column.names]
    return np.array([*coded, -1], np.int64)[column.code]


def _plain(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _matches(wanted: Rows, given: Rows) -> tuple[Rows, Rows]:
    """Pairs of places in both columns with one number, in the sequence of the first."""
    order = np.argsort(given, kind="stable")
    first = np.searchsorted(given[order], wanted, side="left")
    count = np.searchsorted(given[order], wanted, side="right") - first
    at = np.repeat(np.arange(wanted.size), count)
    offset = np.arange(at.size) - np.repeat(np.cumsum(count) - count, count)
    return at, order[np.repeat(first, count) + offset]


def _with_rows4(own: Entries4, theirs: Entries4, row: Rows) -> Entries4:
    """Rows, and chosen rows of another file, which have no line here."""
    added = Entries4(theirs.start[row], theirs.stop[row], row * 0)
    return Entries4(
        np.concatenate((own.start, added.start)),
        np.concatenate((own.stop, added.stop)),
        np.concatenate((own.line, added.line)),
    )


def _with_rows6(own: Entries6, theirs: Entries6, row: Rows) -> Entries6:
    return Entries6(
        Addresses6.concatenate([own.first, theirs.first.take(row)]),
        Addresses6.concatenate([own.last, theirs.last.take(row)]),
        np.concatenate((own.line, row * 0)),
    )
