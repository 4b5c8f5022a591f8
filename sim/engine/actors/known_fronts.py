"""The fronts that the censor has discovered, kept in the sequence they were rented.

In: discoveries. Out: what the censor sees of the fronts when it decides. It does not know what it
makes of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import KnownFronts, SetOfFront
from sim.engine.state.target import TargetState

ROW, ADDRESS, PROVIDER, DISCOVERED, EXEMPT = range(5)
N_COLUMNS = 5
"""After these, one for each way to tell sets of fronts: the number of the set of each front."""


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
        self._columns = np.empty((N_COLUMNS, 16), np.int64)
        # Ways to tell the set of a front, in the sequence of their columns, and sets by number.
        self._numbers: dict[SetOfFront, dict[IntervalSet, int]] = {}

    def add(self, front_row: int, address: int, provider_row: int, t_s: int) -> None:
        """Note a front that is discovered."""
        n, place = self._n, self._place_of(front_row)
        if n == self._columns.shape[1]:
            self._columns = np.concatenate((self._columns, np.empty_like(self._columns)), axis=1)
        self._columns[:, place + 1 : n + 1] = self._columns[:, place:n]
        is_exempt = self._exempt.holds(address)
        numbers = (
            _number_of(set_of(address, provider_row), known)
            for set_of, known in self._numbers.items()
        )
        self._columns[:, place] = front_row, address, provider_row, t_s, is_exempt, *numbers
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
            # A decision asks several times.
            cache(partial(self._target.is_held, columns[ROW])),
            self._sets,
        )

    def _sets(self, set_of: SetOfFront) -> Iterable[IntervalSet]:
        """Sets of the fronts that are not exempt, each once, as `KnownFronts` says."""
        known = self._numbers.get(set_of)
        if known is None:
            known = self._numbers[set_of] = {}
            column = np.zeros((1, self._columns.shape[1]), np.int64)
            where = self._columns[ADDRESS : PROVIDER + 1, : self._n].T.tolist()
            column[0, : self._n] = [_number_of(set_of(*of), known) for of in where]
            self._columns = np.concatenate((self._columns, column))
        row = N_COLUMNS + list(self._numbers).index(set_of)
        number = self._columns[row, : self._n][self._columns[EXEMPT, : self._n] == 0]
        sets = list(known)
        return [sets[one] for one in dict.fromkeys(number.tolist())]

    def _place_of(self, front_row: int) -> int:
        return int(self._columns[ROW, : self._n].searchsorted(front_row))


def _number_of(addresses: IntervalSet, known: dict[IntervalSet, int]) -> int:
    """Number of a set among those known, which it is then one of."""
    return known.setdefault(addresses, len(known))
