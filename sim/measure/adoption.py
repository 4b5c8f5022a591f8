"""How much of the register each operator drops, over time.

In: the register and what operators enforced in one replicate. Out: addresses dropped by operator
and addresses listed, at each change or on a grid of times. It reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.measure.bands import step_values
from sim.results.register import NEVER, Enforcement, RegisterHistory


@dataclass(frozen=True, eq=False)
class Adoption:
    """Addresses listed and dropped, the target's own among them.

    Attributes
    ----------
    t_s : shape (n_times,)
        Times, ascending.
    listed : shape (n_times,)
        Addresses listed.
    dropped : shape (n_operators, n_times)
        Addresses that each operator drops or throttles; of a group in cohorts the mean.
    """

    t_s: NDArray[np.int64]
    listed: NDArray[np.int64]
    dropped: NDArray[np.float64]

    def by_group(self, sizes: Sequence[Sequence[int]]) -> Adoption:
        """Mean over the cohorts of each group.

        Parameters
        ----------
        sizes
            Of each group the sizes of its cohorts, whose rows follow each other.
        """
        ends = np.cumsum([len(one) for one in sizes])[:-1]
        parts = np.split(self.dropped, ends)
        means = [
            np.average(part, axis=0, weights=one) for part, one in zip(parts, sizes, strict=True)
        ]
        return Adoption(self.t_s, self.listed, np.array(means))

    @property
    def share(self) -> NDArray[np.float64]:
        """Addresses dropped as a share of those listed; NaN where none is listed.

        It can exceed 1 after a withdrawal, until the operator releases what is listed no more.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.listed > 0, self.dropped / self.listed, np.nan)


def adoption(
    register: RegisterHistory,
    enforcement: Enforcement,
    operators: Sequence[str],
    t_s: NDArray[np.int64],
) -> Adoption:
    """Count addresses at given times, exactly.

    Parameters
    ----------
    operators
        Names of the operators, in the sequence of the result's rows.
    t_s : shape (n_times,)
        Times, ascending.
    """
    pieces = Pieces.of(register)
    dropped = [step_values(*pieces.dropped(enforcement, operator), t_s) for operator in operators]
    listed = step_values(*pieces.listed(), t_s).astype(np.int64)
    return Adoption(t_s, listed, np.array(dropped).reshape(len(operators), t_s.size))


Points = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Times, ascending from 0, and addresses from each of them on."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of the address space that every entry holds whole or not at all.

    Attributes
    ----------
    size : shape (n_pieces,)
        Addresses of each.
    held : shape (n_held,)
        Pieces of the first entry, of the second, and so on.
    end : shape (n_entries + 1,)
        Where the pieces of each entry begin and end in ``held``.
    register
        Whose entries these are.
    """

    size: NDArray[np.int64]
    held: NDArray[np.int64]
    end: NDArray[np.int64]
    register: RegisterHistory

    @classmethod
    def of(cls, register: RegisterHistory, without: IntervalSet | None = None) -> Pieces:
        """Cut the space at all bounds of all entries.

        Parameters
        ----------
        without
            Addresses that do not count.
        """
        sets = list(register.addresses)
        if without is not None:
            for row in _overlapping(sets, without):
                sets[row] = sets[row].difference(without)
        start = np.concatenate([np.empty(0, np.int64), *(one.start for one in sets)])
        stop = np.concatenate([np.empty(0, np.int64), *(one.stop for one in sets)])
        bound = np.unique(np.concatenate((start, stop)))
        first, last = np.searchsorted(bound, start), np.searchsorted(bound, stop)
        n_held = last - first
        # Pieces first to last of each interval, one interval after the other.
        before = np.cumsum(n_held) - n_held
        held = np.arange(int(n_held.sum())) + np.repeat(first - before, n_held)
        entry = np.repeat(np.arange(len(sets)), [one.n_intervals for one in sets])
        n_of_entry = np.bincount(entry, n_held, len(sets)).astype(np.int64)
        end = np.concatenate(([0], np.cumsum(n_of_entry)))
        return cls(np.diff(bound), held, end, register)

    def dropped(self, enforcement: Enforcement, operator: str) -> Points:
        """Addresses that an operator drops or throttles, from each change on."""
        mine = enforcement.operator == operator
        step = np.where(enforcement.is_begin[mine], 1, -1)
        return self._counted(enforcement.t_s[mine], enforcement.entry[mine], step)

    def listed(self) -> Points:
        """Addresses that are listed, from each change on."""
        placed, withdrawn = self.register.placed_s, self.register.withdrawn_s
        gone = np.flatnonzero(withdrawn != NEVER)
        entry = np.concatenate((np.arange(placed.size), gone))
        step = np.repeat([1, -1], [placed.size, gone.size])
        return self._counted(np.concatenate((placed, withdrawn[gone])), entry, step)

    def _counted(
        self, t_s: NDArray[np.int64], entry: NDArray[np.int64], step: NDArray[np.int64]
    ) -> Points:
        """Addresses of pieces that an entry which lists holds, and none that exempts.

        Parameters
        ----------
        t_s, entry, step : shape (n,)
            When an entry begins to count (1) or ceases to (-1).
        """
        counts = (self.register.is_listing | self.register.is_exempt)[entry]
        t_s, entry, step = t_s[counts], entry[counts], step[counts]
        n_held = np.diff(self.end)[entry]
        place = np.arange(int(n_held.sum())) + np.repeat(
            self.end[entry] - (np.cumsum(n_held) - n_held), n_held
        )
        piece, at_s = self.held[place], np.repeat(t_s, n_held)
        order = np.lexsort((at_s, piece))
        piece, at_s = piece[order], at_s[order]
        step, entry = np.repeat(step, n_held)[order], np.repeat(entry, n_held)[order]
        is_first = np.diff(piece, prepend=-1) != 0
        lists, exempts = (
            _running(np.where(chosen[entry], step, 0), is_first)
            for chosen in (self.register.is_listing, self.register.is_exempt)
        )
        # What holds at the end of a second counts.
        is_last = (np.diff(piece, append=-1) != 0) | (np.diff(at_s, append=-1) != 0)
        is_on = ((lists > 0) & (exempts == 0))[is_last].astype(np.int64)
        piece, at_s = piece[is_last], at_s[is_last]
        is_first = np.diff(piece, prepend=-1) != 0
        before = np.where(is_first, 0, np.concatenate(([0], is_on[:-1])) if is_on.size else is_on)
        change = self.size[piece] * (is_on - before)
        times, row = np.unique(np.concatenate(([0], at_s)), return_inverse=True)
        by_time = np.zeros(times.size, np.int64)
        np.add.at(by_time, row[1:], change)
        is_change = (by_time != 0) | (times == 0)
        return times[is_change], np.cumsum(by_time)[is_change].astype(np.float64)


def _overlapping(sets: Sequence[IntervalSet], other: IntervalSet) -> list[int]:
    """Rows of the sets that share an address with another: of thousands, most often none."""
    if not (sets and other.n_intervals):
        return []
    start = np.concatenate([one.start for one in sets])
    stop = np.concatenate([one.stop for one in sets])
    row = np.repeat(np.arange(len(sets)), [one.n_intervals for one in sets])
    # The first interval of the other that ends behind the beginning of each.
    place = np.searchsorted(other.stop, start, side="right")
    begins = np.append(other.start, IPV4_STOP)[place]
    return [int(one) for one in np.unique(row[begins < stop])]


def _running(step: NDArray[np.int64], is_first: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sum of steps up to each row, begun anew where a row is the first of its own."""
    total = np.cumsum(step)
    first = np.flatnonzero(is_first)
    before = (total - step)[first]
    return np.asarray(total - np.repeat(before, np.diff(first, append=step.size)), np.int64)
