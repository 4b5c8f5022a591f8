"""What each operator drops now.

In: entries that operators start and stop dropping. Out: addresses dropped, weighted by share of
users, and the exposure of whoever sits on them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.addresses.intervals import IntervalSet
from sim.engine.exposure import Exposure
from sim.engine.orders import Entry
from sim.world.build import World


class Enforcement:
    """Entries each operator drops.

    Parameters
    ----------
    on_change
        Called after every change, to have its consequences drawn at the end of the second.
    """

    def __init__(self, world: World, exposure: Exposure, on_change: Callable[[], None]) -> None:
        self._share_users = world.operators.share_users
        self._dropped: list[dict[int, Entry]] = [{} for _ in range(world.operators.n_operators)]
        self._n_addresses = np.zeros((world.operators.n_operators, 2), np.int64)
        self._is_stale = np.zeros(world.operators.n_operators, np.bool_)
        self._exposure = exposure
        self._on_change = on_change

    def drop(self, operator_row: int, entry: Entry) -> None:
        """Start dropping one entry at one operator."""
        self._dropped[operator_row][entry.row] = entry
        for start, stop in _bounds(entry.addresses):
            self._exposure.drop(operator_row, start, stop)
        self._is_stale[operator_row] = True
        self._on_change()

    def let_pass(self, operator_row: int, entry: Entry) -> None:
        """Stop dropping one entry at one operator; other entries may still hold its addresses."""
        del self._dropped[operator_row][entry.row]
        for start, stop in _bounds(entry.addresses):
            self._exposure.let_pass(operator_row, start, stop)
        self._is_stale[operator_row] = True
        self._on_change()

    def n_addresses_dropped(self) -> tuple[float, float]:
        """Addresses dropped, averaged over users: outside the target's ranges, and all."""
        for row in np.flatnonzero(self._is_stale).tolist():
            entries = self._dropped[row].values()
            collateral = IntervalSet.union_all(entry.collateral_addresses for entry in entries)
            listed = IntervalSet.union_all(entry.addresses for entry in entries)
            self._n_addresses[row] = collateral.n_addresses, listed.n_addresses
        self._is_stale[:] = False
        weighted = (self._share_users[:, np.newaxis] * self._n_addresses).sum(axis=0)
        return float(weighted[0]), float(weighted[1])


def _bounds(addresses: IntervalSet) -> list[tuple[int, int]]:
    return list(zip(addresses.start.tolist(), addresses.stop.tolist(), strict=True))
