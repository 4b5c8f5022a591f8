"""Lists of names, read from files or given as texts.

It matches nothing. Names that are no ASCII stand in their ASCII form (IDNA).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from sim.addresses.feeds.feed import Origin
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.name_rules import (
    name_in,
    says_nothing,
)
from sim.addresses.feeds.refused import refuse_unread
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

LONGEST_NAME = 253
"""Letters of a name (RFC 1035, section 2.3.4, without the dots at its ends)."""
_CHUNK = 200_000
"""Names of a chunk."""


@dataclass(frozen=True, eq=False)
class NameList:
    """Names, each of them once.

    Attributes
    ----------
    file
        What they were read from.
    chunks
        Names in lower case as ASCII, one a line.
    n_names
        How many.
    n_repeated
        Entries left out since their name had come before.
    notes
        What to know of the file.
    """

    file: str
    chunks: tuple[bytes, ...]
    n_names: int
    n_repeated: int
    notes: tuple[str, ...]

    def split(self) -> Iterator[list[bytes]]:
        """Yield the names, chunk by chunk."""
        for chunk in self.chunks:
            yield chunk.split(b"\n")[:-1]


@dataclass(frozen=True)
class Reading:
    """How files of names are read.

    Attributes
    ----------
    limits
        How much of a file is read, and how many mistakes are described.
    skip_bad
        Leave bad lines out and count them.
    allow_empty
        Take a file without a name, or a rule, for an empty one.
    """

    limits: Limits = field(default_factory=Limits)
    skip_bad: bool = False
    allow_empty: bool = False

    def gathering(self, name: str) -> Gathering:
        """Return what collects the mistakes of a file."""
        return Gathering(name, skip_bad=self.skip_bad, limits=self.limits)


def read_name_list(given: Input, reading: Reading) -> NameList:
    """Read a list of names, one a line: plain, with a rank before it, or as web addresses.

    A first line without a name is taken for a heading, and said to be.

    Raises
    ------
    DataError
        If it cannot be read, holds firewall rules, or a line holds no name and bad ones are not
        left out.
    """
    refuse_unread(given, reading.limits)
    with given.open(reading.limits) as source:
        gathering = reading.gathering(given.name)
        return _gather_names(read_numbered(source, gathering, reading.limits), gathering, reading)


def names_of(lines: Iterable[str], name: str) -> NameList:
    """Return a list of names from texts; errors as for `read_name_list`."""
    reading = Reading(allow_empty=True)
    return _gather_names([stripped(lines)], reading.gathering(name), reading)


def stripped(lines: Iterable[str]) -> list[tuple[int, str]]:
    """Lines that hold anything, with their numbers."""
    each = ((row, line.strip()) for row, line in enumerate(lines, 1))
    return [(row, line) for row, line in each if line]


def _gather_names(
    blocks: Iterable[list[tuple[int, str]]], gathering: Gathering, reading: Reading
) -> NameList:
    chunks: list[bytes] = []
    hashes: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    waiting: list[bytes] = []
    n_bytes = 0

    def keep() -> None:
        chunks.append(b"\n".join(waiting) + b"\n")
        hashes.append(np.fromiter(map(hash, waiting), np.int64, len(waiting)))
        waiting.clear()

    for lines in blocks:
        for number, line in lines:
            if says_nothing(line):
                continue
            name = name_in(line)
            if name is None:
                if not (chunks or waiting) and "." not in line and line.isprintable():
                    gathering.note(f"line {number} is taken for a heading: {shown(line)}")
                else:
                    gathering.refuse(f"expected a name, got {shown(line)}", number)
                continue
            if (found := ascii_form(name)) is None:
                gathering.refuse(f"expected a name of the Internet, got {shown(line)}", number)
                continue
            waiting.append(found)
            n_bytes += len(found) + 9
            if len(waiting) == _CHUNK:
                keep()
        reading.limits.check_held(n_bytes, gathering.name)
    if waiting:
        keep()
    feed = gathering.finish(Origin(gathering.name, "names"))
    n_given = sum(map(len, hashes))
    if not n_given and not reading.allow_empty:
        message = f"expected a name at least, got none in {gathering.n_lines:,} lines"
        raise DataError([Problem(gathering.name, message)])
    chunks, n_repeated = _each_once(chunks, hashes)
    if n_repeated:
        gathering.note(f"{n_repeated:,} entries repeat a name, which counts once")
    if feed.n_bad:
        gathering.note(f"{feed.n_bad:,} bad lines left out, such as {feed.problems[0]}")
    notes = tuple(f"{gathering.name}: {note}" for note in gathering.notes)
    return NameList(gathering.name, tuple(chunks), n_given - n_repeated, n_repeated, notes)


def _each_once(
    chunks: list[bytes], hashes: list[np.ndarray[tuple[int], np.dtype[np.int64]]]
) -> tuple[list[bytes], int]:
    """Leave out names that came before; those alone are compared whose hash comes twice."""
    if not chunks:
        return [], 0
    every = np.sort(np.concatenate(hashes))
    twice = np.unique(every[1:][every[1:] == every[:-1]])
    if not twice.size:
        return chunks, 0
    known: set[bytes] = set()
    n_repeated = 0
    for row, of_chunk in enumerate(hashes):
        doubtful = np.flatnonzero(np.isin(of_chunk, twice)).tolist()
        if not doubtful:
            continue
        names = chunks[row].split(b"\n")[:-1]
        left_out = set()
        for at in doubtful:
            if names[at] in known:
                left_out.add(at)
            known.add(names[at])
        n_repeated += len(left_out)
        if left_out:
            kept = [name for at, name in enumerate(names) if at not in left_out]
            chunks[row] = b"".join(name + b"\n" for name in kept)
    return [chunk for chunk in chunks if chunk], n_repeated


def ascii_form(name: str) -> bytes | None:
    """Return a name in ASCII; None where it has no such form, or is too long."""
    try:
        found = name.encode("ascii") if name.isascii() else name.encode("idna")
    except UnicodeError:
        return None
    return found if 0 < len(found) <= LONGEST_NAME else None
