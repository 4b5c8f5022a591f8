"""How much of the register each operator drops, over time.

In: the register and what operators enforced in one replicate. Out: addresses dropped by operator
and addresses listed, on a grid of times. It reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sim.results.register import Enforcement, RegisterHistory

N_TIMES = 300


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

    Notes
    -----
    All bounds of all entries cut the space into pieces that every entry holds whole or not at all.
    A piece is dropped where an entry that drops or throttles it is enforced, and none that exempts
    it.
    """
    pieces = _Pieces.of(register)
    n = len(register.addresses)
    force = np.zeros((n, t_s.size), np.int8)
    for column, at_s in enumerate(t_s.tolist()):
        force[:, column] = register.in_force(at_s)
    dropped = np.zeros((len(operators), t_s.size))
    for row, operator in enumerate(operators):
        mine = enforcement.operator == operator
        step = np.zeros((n, t_s.size + 1), np.int8)
        column = np.searchsorted(t_s, enforcement.t_s[mine])
        sign = np.where(enforcement.is_begin[mine], 1, -1).astype(np.int8)
        np.add.at(step, (enforcement.entry[mine], column), sign)
        enforced = np.cumsum(step[:, :-1], axis=1, dtype=np.int8)
        dropped[row] = pieces.count(enforced, register)
    return Adoption(t_s, pieces.count(force, register), dropped)


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Pieces of the address space, and at which of them each entry begins and ends."""

    size: NDArray[np.int64]
    step: csr_array

    @classmethod
    def of(cls, register: RegisterHistory) -> _Pieces:
        sets = register.addresses
        start = np.concatenate([np.empty(0, np.int64), *(one.start for one in sets)])
        stop = np.concatenate([np.empty(0, np.int64), *(one.stop for one in sets)])
        entry = np.repeat(np.arange(len(sets)), [one.n_intervals for one in sets])
        bound = np.unique(np.concatenate((start, stop)))
        row = np.searchsorted(bound, np.concatenate((start, stop)))
        sign = np.repeat(np.array([1, -1], np.int32), start.size)
        shape = (max(bound.size, 1), len(sets))
        step = csr_array((sign, (row, np.tile(entry, 2))), shape=shape)
        return cls(np.diff(bound), step)

    def count(self, is_on: NDArray[np.int8], register: RegisterHistory) -> NDArray[np.int64]:
        """Addresses that the entries that are on hold, less those that exempt ones hold.

        Parameters
        ----------
        is_on : shape (n_entries, n_times)
        """
        drops, passes = (
            self._holds(is_on * chosen[:, np.newaxis])
            for chosen in (register.is_listing, register.is_exempt)
        )
        return np.asarray(self.size @ (drops & ~passes), np.int64)

    def _holds(self, is_on: NDArray[np.int8]) -> NDArray[np.bool_]:
        over = np.cumsum(self.step @ is_on.astype(np.int32), axis=0)
        return np.asarray(over[: self.size.size] > 0, np.bool_)


def grid_of(horizon_s: int) -> NDArray[np.int64]:
    """Even times over a run, from 0."""
    return np.unique(np.linspace(0, horizon_s, N_TIMES, endpoint=False).astype(np.int64))
