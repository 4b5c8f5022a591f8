"""The address space cut where entries begin and end, with the entries that hold each piece.

In: entries that operators start and stop enforcing. Out: what each operator blocks, as counts of
addresses and as the state of single addresses, kept up to date by difference: an entry touches the
pieces it covers, and no set is united anew. It does not know who sits on an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.orders import Mechanism
from sim.engine.state.compiled import kernels

IPV4_END = 2**32
CLEAN, THROTTLED, DROPPED = range(3)
SEEN = (Mechanism.DROP, Mechanism.THROTTLE, Mechanism.EXEMPT)
"""Mechanisms that are about addresses."""
ROW = {mechanism: row for row, mechanism in enumerate(SEEN)}
"""Row of each in counts."""
_SAVED_NS = 30_000
Rows = slice | NDArray[np.int64]


def step_of(mechanism: Mechanism, step: int) -> int:
    """Whether one entry more can only add to what is blocked (+1), or only take from it (-1)."""
    return -step if mechanism is Mechanism.EXEMPT else step


class Segments:
    """Pieces of the address space within which every entry holds all or nothing.

    Parameters
    ----------
    n_operators
        Operators that hold entries.
    target
        The target's own addresses, which are no collateral.

    Attributes
    ----------
    n_blocked : shape (n_operators, 2)
        Addresses each operator drops or throttles: outside the target's own, and all.
    """

    def __init__(self, n_operators: int, target: IntervalSet) -> None:
        edge = np.unique(np.concatenate(([0], target.start, target.stop)))
        self._start = edge[edge < IPV4_END]
        self._n_operators = n_operators
        self._is_targets = target.contains(self._start)
        self._measure()
        # Sets at whose edges the space is cut already, by identity; held, so that none is reused.
        self._cut: dict[int, IntervalSet] = {}
        # Counts lie where they were first made, in the order of pieces they would move with each
        # cut. As many slots as pieces are taken, the rest is room.
        self._slot = np.arange(self._start.size)
        self._n_entries = np.zeros((self._start.size, n_operators, len(SEEN)), np.int32)
        # Of the mechanisms most are seldom used, and need no look then.
        self._used: set[Mechanism] = set()
        self.n_blocked = np.zeros((n_operators, 2), np.int64)

    def count(
        self, operator_row: int, mechanism: Mechanism, sets: Sequence[IntervalSet], step: int
    ) -> None:
        """Count entries of one mechanism more (+1) or less (-1) at one operator.

        Parameters
        ----------
        sets
            Addresses of each; the space must be cut at their bounds.
        """
        self._used.add(mechanism)
        row = ROW[mechanism]
        for addresses in sets:
            touched = self._rows_of(addresses)
            slot = self._slot[touched]
            before = self._is_blocked(operator_row, slot)
            self._n_entries[slot, operator_row, row] += step
            turned = self._is_blocked(operator_row, slot) != before
            n_turned = turned @ self._size[touched]
            self.n_blocked[operator_row] += step_of(mechanism, step) * n_turned

    def columns(self, mechanism: Mechanism) -> tuple[NDArray[Any], ...]:
        """Pieces, their sizes, slots, counts and what is blocked, to count one mechanism in."""
        self._used.add(mechanism)
        return self._start, self._size, self._slot, self._n_entries, self.n_blocked

    def cut(self, sets: Iterable[IntervalSet]) -> None:
        """Cut the space where some sets begin and end; many at once cost as much as one."""
        new = [addresses for addresses in sets if id(addresses) not in self._cut]
        if new:
            self._split(np.concatenate([bound for one in new for bound in (one.start, one.stop)]))
            self._cut |= {id(addresses): addresses for addresses in new}

    def state(self, address: NDArray[np.int64]) -> NDArray[np.int8]:
        """``CLEAN``, ``THROTTLED`` or ``DROPPED`` at each operator; shape (n_operators, n)."""
        slot = self._slot[np.searchsorted(self._start, address, side="right") - 1]
        state = np.full((self._n_operators, address.size), CLEAN, np.int8)
        for mechanism, meaning in (
            (Mechanism.THROTTLE, THROTTLED),
            (Mechanism.DROP, DROPPED),
            (Mechanism.EXEMPT, CLEAN),
        ):
            if mechanism in self._used:
                state[self._n_entries[slot, :, ROW[mechanism]].T > 0] = meaning
        return state

    def _is_blocked(self, operator_row: int, slot: NDArray[np.int64]) -> NDArray[np.bool_]:
        blocked: NDArray[np.bool_] | None = None
        for mechanism in (Mechanism.DROP, Mechanism.THROTTLE):
            if mechanism in self._used:
                holds = self._n_entries[slot, operator_row, ROW[mechanism]] > 0
                blocked = holds if blocked is None else blocked | holds
        if blocked is None:
            return np.zeros(slot.size, np.bool_)
        if Mechanism.EXEMPT in self._used:
            exempt = self._n_entries[slot, operator_row, ROW[Mechanism.EXEMPT]]
            blocked = blocked & (exempt == 0)
        return blocked

    def _rows_of(self, addresses: IntervalSet) -> Rows:
        low = self._start.searchsorted(addresses.start)
        high = self._start.searchsorted(addresses.stop)
        if low.size == 1:
            return slice(int(low[0]), int(high[0]))
        n = high - low
        begin = np.cumsum(n) - n
        return np.repeat(low - begin, n) + np.arange(int(n.sum()))

    def _split(self, edge: NDArray[np.int64]) -> None:
        """Cut at some addresses."""
        self._make_room(self._start.size + edge.size)
        if compiled := kernels(_SAVED_NS):
            self._start, self._is_targets, self._slot, self._size = compiled.cut_pieces(
                self._start, self._is_targets, self._slot, self._n_entries, edge, IPV4_END
            )
            return
        edge = edge[edge < IPV4_END]
        place = self._start.searchsorted(edge)
        is_new = self._start[np.minimum(place, self._start.size - 1)] != edge
        if not is_new.any():
            return
        edge = np.unique(edge[is_new])
        n_before = self._start.size
        start = np.concatenate((self._start, edge))
        order = start.argsort(kind="stable")
        # All parts of a piece that is cut are held by what held the whole.
        is_new = order >= n_before
        whole = np.cumsum(~is_new) - 1
        slot = self._slot[whole]
        self._n_entries[n_before : start.size] = self._n_entries[slot[is_new]]
        slot[is_new] = np.arange(n_before, start.size)
        self._slot = slot
        self._start = start[order]
        self._is_targets = self._is_targets[whole]
        self._measure()

    def _make_room(self, n_pieces: int) -> None:
        """Have slots for so many pieces; twice as many as now, so that it is seldom done."""
        n_slots = self._n_entries.shape[0]
        if n_pieces > n_slots:
            more = max(n_pieces, 2 * n_slots) - n_slots
            room = np.zeros((more, *self._n_entries.shape[1:]), np.int32)
            self._n_entries = np.concatenate((self._n_entries, room))

    def _measure(self) -> None:
        self._size = np.empty((self._start.size, 2), np.int64)
        np.subtract(self._start[1:], self._start[:-1], out=self._size[:-1, 1])
        self._size[-1, 1] = IPV4_END - self._start[-1]
        np.multiply(self._size[:, 1], ~self._is_targets, out=self._size[:, 0])
