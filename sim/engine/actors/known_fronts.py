"""The fronts that the censor has discovered, kept in the sequence they were rented.

In: discoveries. Out: what the censor sees of the fronts when it decides. It does not know what it
makes of that.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import KnownFronts
from sim.engine.state.target import TargetState

ROW, ADDRESS, PROVIDER, DISCOVERED, EXEMPT = range(5)


class KnownRows:
    """Discovered fronts as growing columns.

    Parameters
    ----------
    exempt
        Addresses that are cut out of every order.
    target
        Its fronts, some of which entries in force hold.
    """

    def __init__(self, exempt: IntervalSet, target: TargetState) -> None:
        self._exempt = exempt
        self._target = target
        self._n = 0
        self._columns = np.empty((5, 16), np.int64)

    def add(self, front_row: int, address: int, provider_row: int, t_s: int) -> None:
        """Note a front that is discovered."""
        n, place = self._n, self._place_of(front_row)
        if n == self._columns.shape[1]:
            self._columns = np.concatenate((self._columns, np.empty_like(self._columns)), axis=1)
        self._columns[:, place + 1 : n + 1] = self._columns[:, place:n]
        is_exempt = self._exempt.holds(address)
        self._columns[:, place] = front_row, address, provider_row, t_s, is_exempt
        self._n += 1

    def remove(self, front_row: int) -> int | None:
        """Forget a front; return its address, or None if it was not discovered."""
        n, place = self._n, self._place_of(front_row)
        if place == n or self._columns[ROW, place] != front_row:
            return None
        address = int(self._columns[ADDRESS, place])
        self._columns[:, place : n - 1] = self._columns[:, place + 1 : n]
        self._n -= 1
        return address

    def seen(self) -> KnownFronts:
        """What the censor sees until something changes."""
        columns = self._columns[:, : self._n]
        return KnownFronts(
            columns[ADDRESS],
            columns[PROVIDER],
            columns[DISCOVERED],
            columns[EXEMPT] > 0,
            partial(self._target.is_held, columns[ROW]),
        )

    def _place_of(self, front_row: int) -> int:
        return int(self._columns[ROW, : self._n].searchsorted(front_row))
