"""How large the records of a MaxMind database are once decoded, found without decoding them.

In: the file, and how many networks lead to each record. Out: nothing, or an error that says what is
too much. It counts values and does not know what they say.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path

# What a record, and the records of all networks, may unfold to: bytes of text, and 16 for each
# value. The largest databases in use have some hundred values for each of ten million networks.
MAX_RECORD, MAX_UNFOLDED = 2**20, 2**37
_VALUE, _MAX_DEPTH = 16, 32
# Kinds of value, and what lies between tree and data (MaxMind DB File Format Specification 2.0).
_POINTER, _MAP, _LIST, _BOOLEAN = 1, 7, 11, 14
_SEPARATOR = 16
MARK = b"\xab\xcd\xefMaxMind.com"


class Unfolding:
    """How large values of a database are once decoded, found without decoding them.

    Pointers may lead to pointers in turn, so that a kilobyte stands for 2**40 values; each place
    that one leads to is looked at once. Readers before maxminddb 3.2 decode without a limit (739
    bytes took 1.9 GB), and every reader decodes anew for every network.

    This takes a tenth of the time of reading where 100,000 networks have three values each, and as
    long as reading where 20,000 networks have a hundred values each and share none of them.

    Parameters
    ----------
    data
        The file.
    base
        Where places are counted from that pointers name.
    """

    def __init__(self, data: mmap.mmap | bytes, base: int) -> None:
        self._data = data
        self._base = base
        self._known: dict[int, int] = {}

    def size(self, place: int) -> int:
        """Bytes of text, and 16 for each value, that the value at a place of the file unfolds to.

        Raises
        ------
        ValueError
            If it is more than a record may have, or nested too deeply.
        IndexError
            If it goes on after the end of the file.
        """
        return self._at(place, 0)

    def _at(self, place: int, depth: int) -> int:
        if place not in self._known:
            self._known[place] = self._next(place, depth)[0]
        return self._known[place]

    def _next(self, place: int, depth: int) -> tuple[int, int]:
        """Size of the value at a place, and the place behind it."""
        if depth > _MAX_DEPTH:
            raise ValueError(f"a record is nested more than {_MAX_DEPTH} times")
        data = self._data
        control = data[place]
        kind, size = control >> 5, control & 31
        place += 1
        if kind == _POINTER:
            behind = place + (size >> 3) + 1
            to = int.from_bytes(data[place:behind], "big")
            if behind - place < 4:
                to += (size & 7) << 8 * (behind - place)
                to += (0, 0, 2_048, 526_336)[behind - place]
            return self._at(self._base + to, depth + 1), behind
        if not kind:
            kind = 7 + data[place]
            place += 1
        if size >= 29:
            behind = place + size - 28
            size = (29, 285, 65_821)[size - 29] + int.from_bytes(data[place:behind], "big")
            place = behind
        if kind not in (_MAP, _LIST):
            n_bytes = 0 if kind == _BOOLEAN else size
            return _VALUE + n_bytes, place + n_bytes
        unfolded = _VALUE
        for _ in range(2 * size if kind == _MAP else size):
            more, place = self._next(place, depth + 1)
            unfolded += more
            if unfolded > MAX_RECORD:
                raise ValueError(f"a record unfolds to more than {MAX_RECORD:,} bytes")
        return unfolded, place


def check_metadata(path: Path) -> None:
    """Refuse metadata that unfold to too much: the reader unfolds them when it opens the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.rfind(MARK)
        if at >= 0:
            Unfolding(data, at + len(MARK)).size(at + len(MARK))


def check_records(path: Path, n_tree: int, places: Mapping[int, float]) -> None:
    """Refuse records that unfold to too much.

    Parameters
    ----------
    n_tree
        Bytes of the search tree.
    places
        How many networks lead to each record, by its place behind the tree.

    Raises
    ------
    ValueError
        If one record does, or all of all networks do.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        unfolding = Unfolding(data, n_tree + _SEPARATOR)
        n_bytes = sum(n * unfolding.size(n_tree + place) for place, n in places.items())
    if n_bytes > MAX_UNFOLDED:
        raise ValueError(f"its records unfold to more than {MAX_UNFOLDED:,} bytes")
