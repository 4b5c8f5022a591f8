"""Text columns in bulk: cells as bytes, and a number for each distinct text.

A column of cells is one buffer with the bounds of each cell; no object is made per cell. `Coder`
distinguishes cells by 96 bits of hash: 64 find the slot in the table, and 32 of another hash are
compared.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Labels
from sim.addresses.text.entries import Growing
from sim.errors import OverblockError

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

# Cells are hashed in words of 8 bytes; what lies beyond these goes through a byte-wise hash.
_WORDS = 8
_KEEP = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [2**64 - 1], np.uint64)
_NEWLINE = 10
_IS_BLANK = np.isin(np.arange(256), [ord(" "), ord("\t"), ord("\r")])
# Odd factors of splitmix64 and murmur3, for two unrelated hashes.
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0xFF51AFD7ED558CCD))
_32 = np.uint64(32)


@dataclass(frozen=True, eq=False)
class CellBytes(Sequence[str]):
    """A column of cells.

    Attributes
    ----------
    data : shape (n_bytes,), uint8
        UTF-8 text, with at least 8 bytes after the last cell.
    start, end : shape (n,), int64
        Bounds of each cell, half-open.
    """

    data: Bytes
    start: Places
    end: Places

    @classmethod
    def of(cls, values: Sequence[str]) -> CellBytes:
        """Return texts as a column of cells."""
        if isinstance(values, CellBytes):
            return values
        encoded = [value.encode("utf-8", "surrogateescape") for value in values]
        end = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        data = np.frombuffer(b"".join((*encoded, bytes(8))), np.uint8)
        return cls(data, np.concatenate((np.zeros(1, np.int64), end))[:-1], end)

    def stripped(self) -> CellBytes:
        """Return the cells without the blanks at their ends."""
        start, end = self.start, self.end
        while (leads := (start < end) & _IS_BLANK[self.data[start]]).any():
            start = start + leads
        while (trails := (start < end) & _IS_BLANK[self.data[end - 1]]).any():
            end = end - trails
        return CellBytes(self.data, start, end)

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self.start.size)

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row: int | slice) -> str | list[str]:
        """Return the text of one cell, or of several."""
        if isinstance(row, slice):
            return [self[at] for at in range(*row.indices(len(self)))]
        cell = self.data[self.start[row] : self.end[row]]
        return cell.tobytes().decode("utf-8", "surrogateescape")

    def texts(self) -> list[str]:
        """Return all cells as texts; no cell may hold a newline."""
        return self.lines().decode("utf-8", "surrogateescape").split("\n")[:-1]

    def lines(self) -> bytes:
        """Return the cells one after the other, each ended by a newline."""
        length = self.end - self.start + 1
        place = _runs(self.start, length)
        line_end = np.cumsum(length) - 1
        # The byte after a cell is taken along, and written over.
        taken = self.data[np.minimum(place, self.data.size - 1)]
        taken[line_end] = _NEWLINE
        return taken.tobytes()

    def take(self, row: NDArray[np.int64]) -> CellBytes:
        """Return some of the cells, in a buffer of their own."""
        start, end = self.start[row], self.end[row]
        length = end - start
        data = np.concatenate((self.data[_runs(start, length)], np.zeros(8, np.uint8)))
        stop = np.cumsum(length)
        return CellBytes(data, stop - length, stop)

    def hashes(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Return two unrelated 64-bit hashes of each cell; equal cells have equal ones."""
        length = self.end - self.start
        one = length.astype(np.uint64)
        two = ~one
        if not length.size:
            return one, two
        # Eight bytes from any place on, as one number whose low byte comes first.
        words = np.ndarray((self.data.size - 7,), "<u8", self.data.data, strides=(1,))
        n_words = min(-(-int(length.max()) // 8), _WORDS)
        shortest = int(length.min())
        for at in range(n_words):
            begin, bounded = self.start + 8 * at, np.minimum(length - 8 * at, 8)
            if shortest > 8 * at:
                word = words[begin] & _KEEP[bounded]
                one, two = _mixed(one ^ word, _FACTORS[0]), _mixed(two ^ word, _FACTORS[1])
                continue
            row = np.flatnonzero(bounded > 0)
            word = words[begin[row]] & _KEEP[bounded[row]]
            one[row] = _mixed(one[row] ^ word, _FACTORS[0])
            two[row] = _mixed(two[row] ^ word, _FACTORS[1])
        for at in np.flatnonzero(length > 8 * _WORDS).tolist():
            digest = blake2b(self.data[self.start[at] : self.end[at]].tobytes(), digest_size=16)
            one[at], two[at] = np.frombuffer(digest.digest(), np.uint64)
        return one, two


def _mixed(number: NDArray[np.uint64], factor: np.uint64) -> NDArray[np.uint64]:
    """Spread bits upwards and back; one to one, so that nothing is lost."""
    number = number * factor
    return np.asarray(number ^ (number >> _32), dtype=np.uint64)


def _runs(start: Places, length: Places) -> Places:
    """Write each run ``[start, start + length)`` out."""
    before = np.cumsum(length) - length
    return np.repeat(start - before, length) + np.arange(int(length.sum()))


_FIRST_SLOTS = 2**12
_FREE = np.uint64(0)
# A place holds the first hash, and half of the second over the number; its low half is full for a
# place just taken, whose text has no number yet.
_CODE = np.uint64(2**32 - 1)
_UNNUMBERED = 2**32 - 1
# What CPython takes for a list in a dictionary, and for each text in it besides its letters.
_LIST_BYTES, _TEXT_BYTES = 200, 60

Key = TypeVar("Key", bound=Hashable)


class Coder:
    """Gives each distinct text a number, whatever blanks are around it; empty text has none."""

    def __init__(self) -> None:
        self._places = np.zeros((_FIRST_SLOTS, 2), np.uint64)
        self._n_codes = 0
        self._names = _GrowingNames()
        self._codes = Growing[np.int32](np.int32)

    @property
    def n_bytes(self) -> int:
        """Bytes held: the codes, the table and the names."""
        return self._codes.n_bytes + self._places.nbytes + self._names.n_bytes

    def add(self, values: Sequence[str]) -> None:
        """Append the cells of the following records."""
        if isinstance(values, CellBytes):
            self._codes.append(self._coded(values.stripped()))
            return
        distinct = {value: row for row, value in enumerate(dict.fromkeys(values))}
        code = self._coded(CellBytes.of(list(distinct)).stripped())
        row = np.fromiter(map(distinct.__getitem__, values), np.int64, len(values))
        self._codes.append(code[row])

    def finish(self) -> Labels:
        """Return the column."""
        # The table is as large as the column: it makes room for what follows.
        del self._places
        return Labels(self._codes.finish(), self._names.finish())

    def _coded(self, cells: CellBytes) -> NDArray[np.int32]:
        """Numbers of cells, new ones for those not seen before."""
        row = np.flatnonzero(cells.end > cells.start)
        if not row.size:
            return np.full(len(cells), -1, np.int32)
        one, two = cells.hashes()
        if row.size < len(cells):
            one, two = one[row], two[row]
        one[one == _FREE] = np.uint64(1)
        while 2 * (self._n_codes + row.size) > len(self._places):
            self._grow()
        check = two & ~_CODE
        slot, held = self._look_up(one, check)
        number = (held & _CODE).astype(np.int64)
        fresh = np.flatnonzero(number == _UNNUMBERED)
        if fresh.size:
            first = fresh[_first_of_each(slot[fresh])]
            fresh_code = np.arange(self._n_codes, self._n_codes + first.size, dtype=np.uint64)
            self._places[slot[first], 1] = check[first] | fresh_code
            self._n_codes += first.size
            self._names.append(cells.take(row[first]))
            held[fresh] = self._places[slot[fresh], 1]
            number[fresh] = (held[fresh] & _CODE).astype(np.int64)
        if np.any((held & ~_CODE) != check):
            raise OverblockError("two different names have one hash: please report this file")
        if row.size == len(cells):
            return number.astype(np.int32)
        code = np.full(len(cells), -1, np.int32)
        code[row] = number
        return code

    def _look_up(
        self, key: NDArray[np.uint64], check: NDArray[np.uint64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Place of each key, taken for those that have none yet, and what is held there."""
        mask = len(self._places) - 1
        slot = (_scattered(key) & np.uint64(mask)).astype(np.int64)
        # Rows are taken whole: a place lies in one line of the processor's cache.
        place = self._places.take(slot, axis=0)
        held = place[:, 1].copy()
        waiting = np.flatnonzero(place[:, 0] != key)
        while waiting.size:
            at, wanted = slot[waiting], key[waiting]
            free = np.flatnonzero(self._places[at, 0] == _FREE)
            # Of different keys that want one place the last one gets it, whole.
            taken = np.stack((wanted[free], check[waiting[free]] | _CODE), axis=1)
            self._places[at[free]] = taken
            place = self._places.take(at, axis=0)
            held[waiting] = place[:, 1]
            waiting = waiting[place[:, 0] != wanted]
            slot[waiting] = (slot[waiting] + 1) & mask
        return slot, held

    def _grow(self) -> None:
        """Make the table four times as large."""
        kept = self._places[self._places[:, 0] != _FREE]
        self._places = np.zeros((4 * len(self._places), 2), np.uint64)
        slot, _ = self._look_up(kept[:, 0].copy(), kept[:, 1] & ~_CODE)
        self._places[slot] = kept


class ListCoder:
    """Gives each distinct list of texts a number; an empty list has none."""

    def __init__(self) -> None:
        self._number: dict[tuple[str, ...], int] = {}
        self._codes = Growing[np.int32](np.int32)
        self._n_list_bytes = 0

    @property
    def n_bytes(self) -> int:
        """Bytes held: the codes, and the lists about."""
        return self._codes.n_bytes + self._n_list_bytes

    def add(self, keys: Sequence[Key], lists: Mapping[Key, tuple[str, ...]]) -> None:
        """Append the lists of the following records: the key of each, and what keys stand for."""
        number = self._number
        n_before = len(number)
        code = {
            key: number.setdefault(each, len(number)) if each else -1 for key, each in lists.items()
        }
        self._codes.append(np.fromiter(map(code.__getitem__, keys), np.int32, len(keys)))
        for each in islice(number, n_before, None):
            self._n_list_bytes += _LIST_BYTES + sum(_TEXT_BYTES + len(text) for text in each)

    def finish(self) -> Labels:
        """Return the column."""
        lists, self._number = list(self._number), {}
        return Labels.of_lists(self._codes.finish(), lists)


class _GrowingNames:
    """Distinct texts as they come."""

    def __init__(self) -> None:
        self._data = Growing[np.uint8](np.uint8)
        self._start = Growing[np.int64](np.int64)
        self._end = Growing[np.int64](np.int64)

    @property
    def n_bytes(self) -> int:
        """Bytes of the texts and of their places."""
        return self._data.n_bytes + self._start.n_bytes + self._end.n_bytes

    def append(self, cells: CellBytes) -> None:
        """Add texts, in order."""
        n_before = len(self._data)
        self._data.append(cells.data)
        self._start.append(cells.start + n_before)
        self._end.append(cells.end + n_before)

    def finish(self) -> Sequence[str]:
        """Return all texts, as bytes until they are asked for; a plain list where they are few."""
        cells = CellBytes(self._data.finish(), self._start.finish(), self._end.finish())
        return list(cells) if len(cells) < _FIRST_SLOTS else cells


def _scattered(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Bits of a key that say where to look first."""
    return np.asarray(key ^ (key >> np.uint64(29)), dtype=np.uint64)


def _first_of_each(slot: NDArray[np.int64]) -> NDArray[np.int64]:
    """First row of each distinct place, ascending."""
    order = np.argsort(slot, kind="stable")
    ordered = slot[order]
    opens = np.ones(slot.size, np.bool_)
    opens[1:] = ordered[1:] != ordered[:-1]
    return np.sort(order[opens])
