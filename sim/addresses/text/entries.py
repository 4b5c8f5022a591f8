"""Entries of a list, line by line, before anything is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sim.addresses.sets import algebra
from sim.addresses.sets.blocks import split_ranges, split_ranges6
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6
from sim.errors import Problem

Number = TypeVar("Number", bound=np.generic)

_FIRST_SIZE = 2**12


class Growing(Generic[Number]):
    """A column to append to, in one array.

    Thousands of small arrays, once freed, would leave holes that the process keeps.

    Parameters
    ----------
    dtype
        Of the column.
    n_expected
        Values that room is made for at first.
    """

    def __init__(self, dtype: DTypeLike, n_expected: int = 0) -> None:
        self._room: NDArray[Number] = np.empty(n_expected, dtype)
        self._size = 0

    def __len__(self) -> int:
        """Return the number of values so far."""
        return self._size

    @property
    def n_bytes(self) -> int:
        """Bytes of the values so far."""
        return self._size * self._room.itemsize

    def append(self, values: NDArray[Number]) -> None:
        """Add values at the end."""
        size = self._size + values.size
        if size > self._room.size:
            # What is never written to takes no memory, so doubling costs none.
            room = np.empty(max(_FIRST_SIZE, 2 * size), self._room.dtype)
            room[: self._size] = self._room[: self._size]
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def finish(self) -> NDArray[Number]:
        """Return the column, and let it go."""
        column = self._room[: self._size]
        self._room, self._size = self._room[:0].copy(), 0
        return column


@dataclass(frozen=True, eq=False)
class Entries4:
    """IPv4 rows of a list.

    Attributes
    ----------
    start, stop : shape (n,), int64, read-only
        Half-open bounds of each row, in the order of the file.
    numbers : shape (n,), int64, read-only; or a range
        Number of the line, from 1; a range where no line between the first and the last is left
        out, since few who read a list ask which line a row came from.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    numbers: NDArray[np.int64] | range

    def __post_init__(self) -> None:
        for column in (self.start, self.stop, self.numbers):
            if isinstance(column, np.ndarray):
                column.flags.writeable = False

    @cached_property
    def line(self) -> NDArray[np.int64]:
        """Number of the line of each row, shape (n,), int64, read-only."""
        if isinstance(self.numbers, np.ndarray):
            return self.numbers
        column = np.arange(self.numbers.start, self.numbers.stop, dtype=np.int64)
        column.flags.writeable = False
        return column

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.start.size)

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns."""
        n_number_bytes = self.numbers.nbytes if isinstance(self.numbers, np.ndarray) else 0
        return self.start.nbytes + self.stop.nbytes + n_number_bytes

    @classmethod
    def empty(cls) -> Entries4:
        """Return no row."""
        none = np.empty(0, np.int64)
        return cls(none, none, none)

    @classmethod
    def concatenate(cls, parts: Sequence[Entries4]) -> Entries4:
        """Return the rows of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.stop for part in parts]),
            joined_numbers([part.numbers for part in parts]),
        )

    def take(self, row: NDArray[np.int64] | NDArray[np.bool_]) -> Entries4:
        """Return some of the rows."""
        return Entries4(self.start[row], self.stop[row], self.line[row])

    def to_set(self) -> IntervalSet:
        """Return the union of the rows."""
        # Rows were checked when they were read.
        return IntervalSet(*algebra.merge(self.start, self.stop))

    def to_prefixes(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return row, network address and length of the prefixes each row stands for.

        A row that is a prefix or an address stands for itself; a range may take several.
        """
        return split_ranges(self.start, self.stop)


def joined_numbers(parts: Sequence[NDArray[np.int64] | range]) -> NDArray[np.int64] | range:
    """Line numbers of parts: a range if each part has one that begins where the last one ended."""
    numbers = [part for part in parts if len(part)]
    ranges = [each for each in numbers if isinstance(each, range)]
    follow = all(one.stop == two.start for one, two in pairwise(ranges))
    if ranges and len(ranges) == len(numbers) and follow:
        return range(ranges[0].start, ranges[-1].stop)
    return np.concatenate([np.empty(0, np.int64), *map(np.asarray, numbers)], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Entries6:
    """IPv6 rows of a list.

    Attributes
    ----------
    first, last : shape (n,)
        Bounds of each row, both inclusive, in the order of the file.
    line : shape (n,), int64, read-only
        Number of the line, from 1.
    """

    first: Addresses6
    last: Addresses6
    line: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.line.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.first)

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns: four halves of bounds, and lines."""
        return 5 * self.line.nbytes

    @classmethod
    def empty(cls) -> Entries6:
        """Return no row."""
        return cls(Addresses6.empty(), Addresses6.empty(), np.empty(0, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Entries6]) -> Entries6:
        """Return the rows of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        return cls(
            Addresses6.concatenate([part.first for part in parts]),
            Addresses6.concatenate([part.last for part in parts]),
            np.concatenate([part.line for part in parts]),
        )

    def take(self, row: NDArray[np.int64] | NDArray[np.bool_]) -> Entries6:
        """Return some of the rows."""
        return Entries6(self.first.take(row), self.last.take(row), self.line[row])

    def to_set(self) -> IntervalSet6:
        """Return the union of the rows."""
        return IntervalSet6.from_bounds(self.first, self.last)

    def to_prefixes(self) -> tuple[NDArray[np.int64], Addresses6, NDArray[np.int64]]:
        """Return row, network address and length of the prefixes each row stands for."""
        return split_ranges6(self.first, self.last)


Rows = tuple[Entries4, Entries6]
"""Rows of both families."""


@dataclass(frozen=True)
class Tally:
    """How a reading went.

    Attributes
    ----------
    n_lines
        Lines read, blank and comment lines included.
    n_entries
        Rows found.
    n_bad
        Lines refused, all of them.
    problems
        The first of the refused lines, described; as many as the limits allow.
    n_behind
        Lines with an address behind a semicolon, which is read as the beginning of a comment.
    behind
        Text and number of the first of these.
    """

    n_lines: int
    n_entries: int
    n_bad: int
    problems: tuple[Problem, ...]
    n_behind: int = 0
    behind: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Entries:
    """Rows of a list, by family, and how the reading went."""

    v4: Entries4
    v6: Entries6
    tally: Tally

    def __len__(self) -> int:
        """Return the number of rows of both families."""
        return len(self.v4) + len(self.v6)

    def to_set(self) -> AddressSet:
        """Return the union of the rows."""
        return AddressSet(self.v4.to_set(), self.v6.to_set())
