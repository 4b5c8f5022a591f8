"""The fronts that the censor has discovered, kept in the sequence they were rented.

In: discoveries. Out: what the censor sees of the fronts when it decides. It does not know what it
makes of that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import partial

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import KnownFronts, SetOfFront
from sim.engine.state.target import TargetState

ROW, ADDRESS, PROVIDER, DISCOVERED, EXEMPT = range(5)
N_COLUMNS = 5
"""After these, one for each way to tell sets of fronts: the number of the set of each front."""
_NOT_ASKED = -1
"""Number of a set that nobody asked for yet."""


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
        self._row: list[int] = []
        self._columns = np.empty((N_COLUMNS, 16), np.int64)
        # Ways to tell the set of a front, in the sequence of their columns, and sets by number.
        self._numbers: dict[SetOfFront, dict[IntervalSet, int]] = {}

    def add(self, front_row: int, address: int, provider_row: int, t_s: int) -> None:
        """Note a front that is discovered."""
        n, place = len(self._row), bisect_left(self._row, front_row)
        if n == self._columns.shape[1]:
            self._columns = np.concatenate((self._columns, np.empty_like(self._columns)), axis=1)
        if place < n:
            self._columns[:, place + 1 : n + 1] = self._columns[:, place:n]
        is_exempt, numbers = self._exempt.holds(address), [_NOT_ASKED] * len(self._numbers)
        self._columns[:, place] = front_row, address, provider_row, t_s, is_exempt, *numbers
        self._row.insert(place, front_row)

    def remove(self, front_row: int) -> int | None:
        """Forget a front; return its address, or None if it was not discovered."""
        n, place = len(self._row), bisect_left(self._row, front_row)
        if place == n or self._row[place] != front_row:
            return None
        address = self._columns.item(ADDRESS, place)
        self._columns[:, place : n - 1] = self._columns[:, place + 1 : n]
        del self._row[place]
        return address

    def seen(self) -> KnownFronts:
        """What the censor sees until something changes."""
        columns = self._columns[:, : len(self._row)]
        return KnownFronts(
            columns[ADDRESS],
            columns[PROVIDER],
            columns[DISCOVERED],
            columns[EXEMPT] > 0,
            partial(self._target.is_held, columns[ROW]),
            self._sets,
        )

    def _sets(self, set_of: SetOfFront) -> Iterable[IntervalSet]:
        """Sets of the fronts that are not exempt, each once, as `KnownFronts` says."""
        known = self._numbers.get(set_of)
        if known is None:
            known = self._numbers[set_of] = {}
            column = np.full((1, self._columns.shape[1]), _NOT_ASKED)
            self._columns = np.concatenate((self._columns, column))
        columns, row = self._columns[:, : len(self._row)], list(self._numbers).index(set_of)
        number = columns[N_COLUMNS + row]
        for place in np.flatnonzero(number == _NOT_ASKED).tolist():
            addresses = set_of(columns.item(ADDRESS, place), columns.item(PROVIDER, place))
            number[place] = known.setdefault(addresses, len(known))
        sets = list(known)
        return [sets[one] for one in dict.fromkeys(number[columns[EXEMPT] == 0].tolist())]
