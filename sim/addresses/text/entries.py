"""Entries of a list, line by line, before anything is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets import algebra
from sim.addresses.sets.bits import Numbers
from sim.addresses.sets.blocks import split_ranges
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import Intervals, IntervalSet, IntervalSet6
from sim.errors import Problem


@dataclass(frozen=True, eq=False)
class FamilyEntries:
    """Rows of a list that are of one family.

    Attributes
    ----------
    start, stop : shape (n,), read-only
        Half-open bounds of each row, in the order of the file.
    line : shape (n,), int64, read-only
        Number of the line, from 1.
    """

    start: Numbers
    stop: Numbers
    line: NDArray[np.int64]

    SET: ClassVar[type[Intervals]]

    def __post_init__(self) -> None:
        for column in (self.start, self.stop, self.line):
            column.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.start.size)

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns; a Python integer takes some 44."""
        n_of_integers = 2 * 44 * len(self) if self.start.dtype == object else 0
        return self.start.nbytes + self.stop.nbytes + self.line.nbytes + n_of_integers

    @classmethod
    def empty(cls) -> Self:
        """Return no row."""
        none = cls.SET.empty()
        return cls(none.start, none.stop, np.empty(0, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
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

    def take(self, row: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return some of the rows."""
        return type(self)(self.start[row], self.stop[row], self.line[row])

    def to_prefixes(self) -> tuple[NDArray[np.int64], Numbers, NDArray[np.int64]]:
        """Return row, network address and length of the prefixes each row stands for.

        A row that is a prefix or an address stands for itself; a range may take several.
        """
        return split_ranges(self.start, self.stop)


class Entries4(FamilyEntries):
    """IPv4 rows of a list; bounds are int64."""

    SET = IntervalSet

    def to_set(self) -> IntervalSet:
        """Return the union of the rows."""
        # Rows were checked when they were read.
        return IntervalSet(*algebra.merge(self.start, self.stop))


class Entries6(FamilyEntries):
    """IPv6 rows of a list; bounds are Python integers."""

    SET = IntervalSet6

    def to_set(self) -> IntervalSet6:
        """Return the union of the rows."""
        return IntervalSet6(*algebra.merge(self.start, self.stop))


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
