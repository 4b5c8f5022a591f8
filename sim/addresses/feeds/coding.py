"""Text columns in bulk: cells as bytes, and a number for each distinct value.

A column of cells is one buffer with the bounds of each cell; texts are made when they are asked
for.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Labels
from sim.addresses.text.entries import Growing

_NEWLINE = 10
_BLANKS = " \t\r"
# What CPython takes for a value in a dictionary, and for each text in a list besides its letters.
_VALUE_BYTES, _TEXT_BYTES = 150, 60

Key = TypeVar("Key", bound=Hashable)


class CellBytes(Sequence[str]):
    """A column of cells, none of which holds a newline.

    Parameters
    ----------
    data : shape (n_bytes,), uint8
        UTF-8 text, with at least a byte after the last cell.
    start, end : shape (n,), int64
        Bounds of each cell, half-open.
    """

    def __init__(
        self, data: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> None:
        self._data, self._start, self._end = data, start, end

    @cached_property
    def _texts(self) -> list[str]:
        return self.lines().decode("utf-8", "surrogateescape").split("\n")[:-1]

    def __len__(self) -> int:
        """Return the number of cells."""
        return int(self._start.size)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the texts."""
        return iter(self._texts)

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row: int | slice) -> str | list[str]:
        """Return the text of one cell, or of several."""
        if isinstance(row, int) and "_texts" not in self.__dict__:
            cell = self._data[self._start[row] : self._end[row]]
            return cell.tobytes().decode("utf-8", "surrogateescape")
        return self._texts[row]

    def lines(self) -> bytes:
        """Return the cells one after the other, each ended by a newline."""
        length = self._end - self._start + 1
        line_end = np.cumsum(length)
        place = np.repeat(self._start - line_end + length, length) + np.arange(length.sum())
        # The byte after a cell is taken along, and written over.
        taken: NDArray[np.uint8] = self._data[place]
        taken[line_end - 1] = _NEWLINE
        return taken.tobytes()


class Coder:
    """Gives each distinct text, or list of texts, a number; an empty one has none."""

    def __init__(self) -> None:
        self._number: dict[Any, int] = {}
        self._codes = Growing[np.int32](np.int32)
        self._n_value_bytes = 0

    @property
    def n_bytes(self) -> int:
        """Bytes held: the codes, and the values about."""
        return self._codes.n_bytes + self._n_value_bytes

    def add(self, texts: Sequence[str]) -> None:
        """Append the texts of the following records, whatever blanks are around them."""
        self.add_keys(texts, {text: text.strip(_BLANKS) for text in dict.fromkeys(texts)})

    def add_keys(self, keys: Sequence[Key], values: Mapping[Key, str | tuple[str, ...]]) -> None:
        """Append values of the following records: the key of each, and what keys stand for."""
        number = self._number
        n_before = len(number)
        code = {
            key: number.setdefault(each, len(number)) if each else -1
            for key, each in values.items()
        }
        self._codes.append(np.fromiter(map(code.__getitem__, keys), np.int32, len(keys)))
        for each in islice(number, n_before, None):
            self._n_value_bytes += _VALUE_BYTES + sum(map(len, each))
            self._n_value_bytes += _TEXT_BYTES * len(each) if isinstance(each, tuple) else 0

    def finish(self) -> Labels:
        """Return the column."""
        values, self._number = list(self._number), {}
        if values and isinstance(values[0], tuple):
            return Labels.of_lists(self._codes.finish(), values)
        return Labels(self._codes.finish(), values)
