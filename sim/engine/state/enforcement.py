"""What each operator enforces now.

In: entries that operators start and stop enforcing. Out: changes to the address space and whoever
sits there, and the names that operators block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.engine.orders import Entry, Mechanism
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.world.build import World


class Enforcement:
    """Entries each operator enforces.

    Parameters
    ----------
    target
        The target, of which operators may block the name.
    on_change
        Called after every change, to have its consequences drawn at the end of the second.
    """

    def __init__(
        self,
        world: World,
        space: AddressSpace,
        states: States,
        target: TargetState,
        on_change: Callable[[], None],
    ) -> None:
        self._space = space
        self._states = states
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
        if self._states.set_overloaded(operator_row, is_overloaded=is_overloaded):
            self._on_change()

    def _change(self, operator_row: int, entries: Sequence[Entry], step: int) -> None:
        by_mechanism: dict[Mechanism, list[Entry]] = {}
        for entry in entries:
            by_mechanism.setdefault(entry.mechanism, []).append(entry)
        for mechanism, mine in by_mechanism.items():
            if mechanism is Mechanism.NAME:
                self._change_names(operator_row, mine, step)
            else:
                self._space.count(operator_row, mine, step)
        self._on_change()

    def _change_names(self, operator_row: int, entries: Sequence[Entry], step: int) -> None:
        names = self._names[operator_row]
        for entry in entries:
            if step > 0:
                names[entry.row] = entry
            else:
                del names[entry.row]
        self._target.is_named[operator_row] = bool(names)
        overmatch = max((name.order.overmatch for name in names.values()), default=0.0)
        self._states.set_overmatch(operator_row, overmatch)
