"""What each operator enforces now.

In: entries that operators start and stop enforcing. Out: how many addresses each blocks, and the
exposure of whoever sits on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.orders import Entry, Mechanism
from sim.engine.state.compiled import kernels
from sim.engine.state.exposure import Exposure
from sim.engine.state.segments import ROW, Segments
from sim.world.build import World

_SAVED_NS = 50_000
"""What the compiled loop saves in a call, roughly."""


class Enforcement:
    """Entries each operator enforces.

    Parameters
    ----------
    on_change
        Called after every change, to have its consequences drawn at the end of the second.
    """

    def __init__(self, world: World, exposure: Exposure, on_change: Callable[[], None]) -> None:
        n_operators = world.operators.n_operators
        self._segments = Segments(n_operators, world.target.addresses)
        self._names: list[dict[int, Entry]] = [{} for _ in range(n_operators)]
        self._changed: dict[int, Entry] = {}
        self._exposure = exposure
        self._on_change = on_change

    def start(self, operator_row: int, entries: Sequence[Entry]) -> None:
        """Start enforcing some entries at one operator."""
        self._segments.cut(entry.addresses for entry in entries)
        self._change(operator_row, entries, +1)

    def stop(self, operator_row: int, entries: Sequence[Entry]) -> None:
        """Stop enforcing some entries; others may still hold their addresses."""
        self._change(operator_row, entries, -1)

    def set_overloaded(self, operator_row: int, *, is_overloaded: bool) -> None:
        """Note that an operator is, or is no longer, over its rule capacity."""
        if self._exposure.set_overloaded(operator_row, is_overloaded=is_overloaded):
            self._on_change()

    def is_named(self) -> NDArray[np.bool_]:
        """Operators that block a name; shape (n_operators,)."""
        return np.array([bool(names) for names in self._names])

    def state(self, address: NDArray[np.int64]) -> NDArray[np.int8]:
        """What each operator does to some addresses; shape (n_operators, n)."""
        return self._segments.state(address)

    def take_changed(self) -> dict[int, Entry]:
        """Return the entries that any operator changed since the last call, by row."""
        changed, self._changed = self._changed, {}
        return changed

    @property
    def n_blocked(self) -> NDArray[np.int64]:
        """Addresses each operator blocks: outside the target's ranges, and all."""
        return self._segments.n_blocked

    def _change(self, operator_row: int, entries: Sequence[Entry], step: int) -> None:
        by_mechanism: dict[Mechanism, list[Entry]] = {}
        for entry in entries:
            self._changed[entry.row] = entry
            by_mechanism.setdefault(entry.mechanism, []).append(entry)
        for mechanism, mine in by_mechanism.items():
            if mechanism is Mechanism.NAME:
                self._change_names(operator_row, mine, step)
                continue
            self._count(operator_row, mechanism, [entry.addresses for entry in mine], step)
        self._on_change()

    def _count(
        self, operator_row: int, mechanism: Mechanism, sets: Sequence[IntervalSet], step: int
    ) -> None:
        """Count entries of one mechanism more (+1) or less (-1) over pieces and hosts."""
        compiled = kernels(_SAVED_NS)
        if compiled is None:
            self._segments.count(operator_row, mechanism, sets, step)
            self._exposure.count_entries(operator_row, mechanism, sets, step)
            return
        turned = compiled.count_entries(
            *self._segments.columns(mechanism),
            self._exposure.components.address,
            self._exposure.components.component_row,
            self._exposure.counts_of(mechanism).T,
            ROW[mechanism],
            *_bounds_of(sets),
            operator_row,
            step,
        )
        self._exposure.touch(operator_row, turned)

    def _change_names(self, operator_row: int, entries: Sequence[Entry], step: int) -> None:
        names = self._names[operator_row]
        for entry in entries:
            if step > 0:
                names[entry.row] = entry
            else:
                del names[entry.row]
        overmatch = max((name.order.overmatch for name in names.values()), default=0.0)
        self._exposure.set_overmatch(operator_row, overmatch)


def _bounds_of(sets: Sequence[IntervalSet]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bounds of all intervals of some sets, one set after the other."""
    if len(sets) == 1:
        return sets[0].start, sets[0].stop
    start = np.concatenate([addresses.start for addresses in sets])
    return start, np.concatenate([addresses.stop for addresses in sets])
