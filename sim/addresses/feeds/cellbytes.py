"""A column of text as bytes: where each cell starts and ends in one buffer.

No object is made per cell, so that columns of ten million cells stay cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import overload

import numpy as np
from numpy.typing import NDArray

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
