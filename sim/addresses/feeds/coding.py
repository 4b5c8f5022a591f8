"""Text columns coded in bulk: a number for each distinct text.

Cells are told apart by 96 bits of hash: 64 find the place in the table, and 32 of another one are
compared.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import islice
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.appended import Growing
from sim.addresses.feeds.cellbytes import CellBytes
from sim.addresses.feeds.feed import Labels
from sim.errors import OverblockError

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


class Names(Sequence[str]):
    """Distinct texts, kept as bytes until they are asked for."""

    def __init__(self, cells: CellBytes) -> None:
        self._cells = cells

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._cells)

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row: int | slice) -> str | list[str]:
        """Return one text, or several."""
        return self._cells[row]


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
        """Return all texts; a plain list where they are few."""
        cells = CellBytes(self._data.finish(), self._start.finish(), self._end.finish())
        return list(cells) if len(cells) < _FIRST_SLOTS else Names(cells)


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
