"""Entries of a list, line by line, before anything is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets import algebra
from sim.addresses.sets.blocks import split_ranges, split_ranges6
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.text.cuts import Block
from sim.errors import Problem

Piece = tuple[NDArray[np.int64], NDArray[np.int64]]

# The shortest address and its newline. Without this bound a file of blank lines would be given 16
# times its size.
_LEAST_BYTES = 8
# Rows of one column at most, 128 MiB: a guess may be far too high.
_MOST_ROWS = 2**24
# Large pages hold 2 MiB. What lies in one only in part gets pages of 4 KiB, each a fault of some
# microseconds: columns of a page or more begin where a large page does.
_LARGE_PAGE = 2**21


class Room:
    """Room for rows whose number is guessed from those met so far.

    Parameters
    ----------
    n_bytes
        Size of the whole text; 0 where it is not known.
    """

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._n_rows_met = 0
        self._n_bytes_met = 0
        self._columns = _allocate(0)
        self._used = 0

    def take(self, block: Block) -> Piece | None:
        """Return a piece for the rows of a block; None where its lines are too short to be rows.

        Nothing has been written to the piece.
        """
        n_rows, n_bytes = block.n_lines, len(block.content)
        if n_rows * _LEAST_BYTES > n_bytes:
            return None
        self._n_rows_met += n_rows
        self._n_bytes_met += n_bytes
        if self._used + n_rows > self._columns[0].size:
            # Memory that is never written to is never handed out by the system.
            to_come = n_rows + min(self._expected(), _MOST_ROWS)
            self._columns = _allocate(to_come)
            self._used = 0
        rows = slice(self._used, self._used + n_rows)
        self._used += n_rows
        start, stop = self._columns
        return start[rows], stop[rows]

    def _expected(self) -> int:
        """Rows to come, by the length of the lines so far and some more; else as many again."""
        if self._n_bytes == 0:
            return self._n_rows_met
        n_left = max(self._n_bytes - self._n_bytes_met, 0)
        return (n_left * self._n_rows_met * 17) // (max(self._n_bytes_met, 1) * 16)


def joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return columns as one; those that already stand one after the other are not copied."""
    filled = [part for part in parts if part.size] or list(parts[:1])
    whole = filled[0].base
    if not isinstance(whole, np.ndarray) or not whole.flags.c_contiguous:
        return np.concatenate(parts)
    begin = place = _address_of(filled[0])
    for part in filled:
        if part.base is not whole or _address_of(part) != place or part.strides != whole.strides:
            return np.concatenate(parts)
        place += part.nbytes
    first = (begin - _address_of(whole)) // whole.itemsize
    column: NDArray[np.int64] = whole[first : first + sum(part.size for part in filled)]
    return column


def _allocate(n_rows: int) -> Piece:
    """Two columns not yet written to."""
    n_cells = n_rows
    skipped = 0
    if n_rows * 8 >= _LARGE_PAGE:
        n_cells = -(-n_rows * 8 // _LARGE_PAGE) * _LARGE_PAGE // 8
        skipped = _LARGE_PAGE // 8
    whole = np.empty(skipped + 2 * n_cells, np.int64)
    if skipped:
        skipped = -_address_of(whole) % _LARGE_PAGE // 8
    first = [skipped + turn * n_cells for turn in range(2)]
    start, stop = (whole[at : at + n_rows] for at in first)
    return start, stop


def _address_of(column: NDArray[np.int64]) -> int:
    """Where in memory a column begins."""
    return int(column.__array_interface__["data"][0])


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
            joined([part.start for part in parts]),
            joined([part.stop for part in parts]),
            _joined_numbers(parts),
        )

    def in_file_order(self) -> Entries4:
        """Return the rows by ascending line."""
        order = np.argsort(self.line, kind="stable")
        return Entries4(self.start[order], self.stop[order], self.line[order])

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


def _joined_numbers(parts: Sequence[Entries4]) -> NDArray[np.int64] | range:
    """Line numbers of parts: a range if each part has one that begins where the last one ended."""
    numbers = [part.numbers for part in parts if len(part)]
    ranges = [each for each in numbers if isinstance(each, range)]
    follow = all(one.stop == two.start for one, two in pairwise(ranges))
    if ranges and len(ranges) == len(numbers) and follow:
        return range(ranges[0].start, ranges[-1].stop)
    return joined([part.line for part in parts])


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

    def in_file_order(self) -> Entries6:
        """Return the rows by ascending line."""
        order = np.argsort(self.line, kind="stable")
        return Entries6(self.first.take(order), self.last.take(order), self.line[order])

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
        The first of these; empty where there is none.
    line_behind
        Its number.
    """

    n_lines: int
    n_entries: int
    n_bad: int
    problems: tuple[Problem, ...]
    n_behind: int = 0
    behind: str = ""
    line_behind: int = 0


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
