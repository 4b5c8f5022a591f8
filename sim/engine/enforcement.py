"""What each operator enforces now.

In: entries that operators start and stop enforcing. Out: addresses dropped, weighted by share of
users, and the exposure of whoever sits on them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.engine.exposure import Exposure
from sim.engine.orders import NO_ADDRESSES, Entry, Mechanism
from sim.world.build import World


class Enforcement:
    """Entries each operator enforces.

    Parameters
    ----------
    on_change
        Called after every change, to have its consequences drawn at the end of the second.
    """

    def __init__(self, world: World, exposure: Exposure, on_change: Callable[[], None]) -> None:
        n_operators = world.operators.n_operators
        self._share_users = world.operators.share_users
        self._enforced: list[dict[int, Entry]] = [{} for _ in range(n_operators)]
        self._n_addresses = np.zeros((n_operators, 2), np.int64)
        self._is_stale = np.zeros(n_operators, np.bool_)
        self._is_changed = np.zeros(n_operators, np.bool_)
        self._target_addresses = world.target.addresses
        # Union of the enforced entries by mechanism, kept up to date.
        self._held = [dict.fromkeys(Mechanism, NO_ADDRESSES) for _ in range(n_operators)]
        self._exposure = exposure
        self._on_change = on_change

    def start(self, operator_row: int, entry: Entry) -> None:
        """Start enforcing one entry at one operator."""
        self._enforced[operator_row][entry.row] = entry
        self._change(operator_row, entry, +1)

    def stop(self, operator_row: int, entry: Entry) -> None:
        """Stop enforcing one entry; other entries may still hold its addresses."""
        del self._enforced[operator_row][entry.row]
        self._change(operator_row, entry, -1)

    def set_overloaded(self, operator_row: int, *, is_overloaded: bool) -> None:
        """Note that an operator is, or is no longer, over its rule capacity."""
        if self._exposure.set_overloaded(operator_row, is_overloaded=is_overloaded):
            self._on_change()

    def entries(self, operator_row: int, mechanism: Mechanism) -> list[Entry]:
        """Entries of one mechanism that an operator enforces, oldest first."""
        enforced = self._enforced[operator_row].values()
        return [entry for entry in enforced if entry.mechanism is mechanism]

    def blocked(self, operator_row: int) -> tuple[IntervalSet, IntervalSet]:
        """Addresses an operator drops, and addresses it throttles, less those it exempts."""
        held = self._held[operator_row]
        exempt = held[Mechanism.EXEMPT]
        if not exempt:
            return held[Mechanism.DROP], held[Mechanism.THROTTLE]
        return (
            held[Mechanism.DROP].difference(exempt),
            held[Mechanism.THROTTLE].difference(exempt),
        )

    def take_changed(self) -> NDArray[np.bool_]:
        """Operators that changed anything since the last call; shape (n_operators,)."""
        changed = self._is_changed.copy()
        self._is_changed[:] = False
        return changed

    def n_addresses_dropped(self) -> tuple[float, float]:
        """Addresses dropped, averaged over users: outside the target's ranges, and all."""
        for row in np.flatnonzero(self._is_stale).tolist():
            dropped, throttled = self.blocked(row)
            everything = dropped.union(throttled) if throttled else dropped
            collateral = everything.difference(self._target_addresses)
            self._n_addresses[row] = collateral.n_addresses, everything.n_addresses
        self._is_stale[:] = False
        weighted = (self._share_users[:, np.newaxis] * self._n_addresses).sum(axis=0)
        return float(weighted[0]), float(weighted[1])

    def _change(self, operator_row: int, entry: Entry, step: int) -> None:
        if entry.mechanism is Mechanism.NAME:
            names = self.entries(operator_row, Mechanism.NAME)
            overmatch = max((name.order.overmatch for name in names), default=0.0)
            self._exposure.set_overmatch(operator_row, overmatch)
        else:
            for start, stop in _bounds(entry.addresses):
                self._exposure.count_entry(operator_row, entry.mechanism, start, stop, step)
            self._is_stale[operator_row] = True
            self._hold(operator_row, entry, step)
        self._is_changed[operator_row] = True
        self._on_change()

    def _hold(self, operator_row: int, entry: Entry, step: int) -> None:
        held = self._held[operator_row]
        if step > 0:
            held[entry.mechanism] = held[entry.mechanism].union(entry.addresses)
        else:
            rest = self.entries(operator_row, entry.mechanism)
            held[entry.mechanism] = IntervalSet.union_all(other.addresses for other in rest)


def _bounds(addresses: IntervalSet) -> list[tuple[int, int]]:
    return list(zip(addresses.start.tolist(), addresses.stop.tolist(), strict=True))
