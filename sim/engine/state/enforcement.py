"""What each operator enforces now.

In: entries that operators start and stop enforcing. Out: how many addresses each blocks, the
exposure of whoever sits on them, the names it blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.orders import Entry, Mechanism
from sim.engine.state.exposure import Exposure
from sim.engine.state.space import AddressSpace, Bounds
from sim.engine.state.target import TargetState
from sim.world.build import World


class Enforcement:
    """Entries each operator enforces.

    Parameters
    ----------
    target
        The target, of which operators may block the name; None where it has no fronts.
    on_change
        Called after every change, to have its consequences drawn at the end of the second.
    """

    def __init__(
        self,
        world: World,
        space: AddressSpace,
        exposure: Exposure,
        target: TargetState | None,
        on_change: Callable[[], None],
    ) -> None:
        self._space = space
        self._exposure = exposure
        self._target = target
        self._on_change = on_change
        self._names: list[dict[int, Entry]] = [{} for _ in range(world.operators.n_operators)]

    def start(self, operator_row: int, entries: Sequence[Entry]) -> None:
        """Start enforcing some entries at one operator."""
        self._change(operator_row, entries, +1)

    def stop(self, operator_row: int, entries: Sequence[Entry]) -> None:
        """Stop enforcing some entries; others may still hold their addresses."""
        self._change(operator_row, entries, -1)

    def set_overloaded(self, operator_row: int, *, is_overloaded: bool) -> None:
        """Note that an operator is, or is no longer, over its rule capacity."""
        if self._exposure.set_overloaded(operator_row, is_overloaded=is_overloaded):
            self._on_change()

    @property
    def n_blocked(self) -> NDArray[np.int64]:
        """Addresses each operator blocks: outside the target's ranges, and all."""
        return self._space.n_blocked[:-1]

    def _change(self, operator_row: int, entries: Sequence[Entry], step: int) -> None:
        by_mechanism: dict[Mechanism, list[Entry]] = {}
        for entry in entries:
            by_mechanism.setdefault(entry.mechanism, []).append(entry)
        for mechanism, mine in by_mechanism.items():
            if mechanism is Mechanism.NAME:
                self._change_names(operator_row, mine, step)
                continue
            bounds = _bounds_of(mine)
            self._space.count(operator_row, mechanism, bounds, step)
            self._exposure.count_entries(operator_row, mechanism, bounds, step)
        self._on_change()

    def _change_names(self, operator_row: int, entries: Sequence[Entry], step: int) -> None:
        names = self._names[operator_row]
        for entry in entries:
            if step > 0:
                names[entry.row] = entry
            else:
                del names[entry.row]
        if self._target is not None:
            self._target.is_named[operator_row] = bool(names)
        overmatch = max((name.order.overmatch for name in names.values()), default=0.0)
        self._exposure.set_overmatch(operator_row, overmatch)


def _bounds_of(entries: Sequence[Entry]) -> Bounds:
    """Bounds of all intervals of some entries, one entry after the other."""
    if len(entries) == 1:
        return entries[0].addresses.start, entries[0].addresses.stop
    start = np.concatenate([entry.addresses.start for entry in entries])
    return start, np.concatenate([entry.addresses.stop for entry in entries])
