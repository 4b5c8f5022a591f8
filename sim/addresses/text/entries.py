"""Entries of a list, line by line, before anything is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets import algebra
from sim.addresses.sets.blocks import split_ranges, split_ranges6
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6
from sim.errors import Problem


@dataclass(frozen=True, eq=False)
class Entries4:
    """IPv4 rows of a list.

    Attributes
    ----------
    start, stop : shape (n,), int64, read-only
        Half-open bounds of each row, in the order of the file.
    line : shape (n,), int64, read-only
        Number of the line, from 1.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    line: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (self.start, self.stop, self.line):
            column.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.start.size)

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns."""
        return self.start.nbytes + self.stop.nbytes + self.line.nbytes

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
            np.concatenate([part.line for part in parts]),
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
    """

    n_lines: int
    n_entries: int
    n_bad: int
    problems: tuple[Problem, ...]


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
