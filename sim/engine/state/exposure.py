"""Who is cut off from whom, kept up to date by difference.

In: addresses that an operator starts or stops dropping, throttling, exempting. Out: for the
businesses that changed, the share of attempts that fails at each operator. It does not know why a
prefix is blocked, what a failure costs, nor who is on a VPN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.orders import Mechanism
from sim.engine.state.space import Bounds
from sim.engine.state.space_kernel import count_hosts
from sim.world.build import World


class Exposure:
    """How far each component fails at each operator.

    Hosts are sorted by address, so that a prefix touches one slice. A host may lie under several
    entries: each keeps a count per mechanism.

    Attributes
    ----------
    by_operator : shape (n_businesses, n_operators)
        Share of attempts that fails, as of the last turn.
    component_row : shape (n_businesses, n_roles)
        Component that serves each business and role now.
    overmatch, is_overloaded : shape (n_operators,)
        Share of names each operator matches, and whether it is over its rule capacity, now.
    told_component_row, told_overmatch, told_is_overloaded
        The same as of the last turn: what the failing shares were computed from.
    is_touched_at : shape (n_operators,)
        Operators at which anything may have changed since the last turn.
    n_entries
        Entries over each host at each operator, by mechanism; shape (n_hosts, n_operators).
    fails : shape (n_components, n_operators)
        Degree to which each component fails.
    """

    def __init__(self, world: World) -> None:
        self.components = world.components
        self.overload_severity = world.operators.overload_severity
        self.throttle_severity = world.effects.throttle_severity
        self.name_evasion = world.effects.name_evasion
        n_operators, n_businesses = world.operators.n_operators, world.businesses.n_businesses
        n_hosts, n_components = world.components.address.size, world.components.n_components
        # Two thirds of the mechanisms are seldom used: their counts are made when first needed.
        self.n_entries: dict[Mechanism, NDArray[np.int16]] = {}
        self._shape = (n_hosts, n_operators)
        self.fails = np.zeros((n_components, n_operators))
        self.name_draw = world.businesses.name_draw
        self.role_weight = world.businesses.role_weight[world.businesses.sector_row]
        self.component_row = world.businesses.component_row.copy()
        self.overmatch = np.zeros(n_operators)
        self.is_overloaded = np.zeros(n_operators, np.bool_)
        self.told_component_row = self.component_row.copy()
        self.told_overmatch = self.overmatch.copy()
        self.told_is_overloaded = self.is_overloaded.copy()
        self.is_touched_at = np.zeros(n_operators, np.bool_)
        self._touched_components: list[NDArray[np.int64]] = []
        self._touched_businesses: list[NDArray[np.int64]] = []
        self.by_operator = np.zeros((n_businesses, n_operators))

    @property
    def is_touched(self) -> bool:
        """Whether anything was touched since the last turn."""
        return bool(self._touched_components or self._touched_businesses)

    def count_entries(
        self, operator_row: int, mechanism: Mechanism, bounds: Bounds, step: int
    ) -> None:
        """Count entries of one mechanism more (+1) or less (-1) over the hosts in their bounds."""
        components = self.components
        turned = count_hosts(
            components.address,
            components.component_row,
            self._counts_of(mechanism),
            *bounds,
            operator_row,
            step,
        )
        # Of which a host came under, or from under, its only entry.
        if turned.size:
            self._touched_components.append(turned)
            self.is_touched_at[operator_row] = True

    def _counts_of(self, mechanism: Mechanism) -> NDArray[np.int16]:
        """Entries of a mechanism over each host, to be changed."""
        if mechanism not in self.n_entries:
            self.n_entries[mechanism] = np.zeros(self._shape, np.int16)
        return self.n_entries[mechanism]

    def set_overmatch(self, operator_row: int, overmatch: float) -> None:
        """Let an operator match names up to a share of all names."""
        reach = max(overmatch, self.overmatch[operator_row])
        self.overmatch[operator_row] = overmatch
        self.is_touched_at[operator_row] = True
        self._touched_businesses.append(np.flatnonzero(self.name_draw < reach))

    def set_overloaded(self, operator_row: int, *, is_overloaded: bool) -> bool:
        """Note whether an operator is over its rule capacity; return whether that is new."""
        is_new = bool(self.is_overloaded[operator_row] != is_overloaded)
        if is_new:
            self.is_overloaded[operator_row] = is_overloaded
            self.is_touched_at[operator_row] = True
            self._touched_businesses.append(np.arange(self.name_draw.size))
        return is_new

    def move(self, business_row: int, component_row: NDArray[np.int64]) -> None:
        """Let a business sit on other components from now on; shape (n_roles,)."""
        self.component_row[business_row] = component_row
        self.is_touched_at[:] = True
        self._touched_businesses.append(np.array([business_row]))

    def take_touched(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Components and businesses touched since the last call, with repetitions."""
        touched = _joined(self._touched_components), _joined(self._touched_businesses)
        self._touched_components, self._touched_businesses = [], []
        return touched


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
