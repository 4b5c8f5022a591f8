"""Who is cut off from whom, kept up to date by difference.

In: addresses that an operator starts or stops dropping, throttling, exempting. Out: for the
businesses that changed, the share of attempts that fails at each operator. It does not know why a
prefix is blocked, what a failure costs, nor who is on a VPN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.engine.orders import Mechanism
from sim.world.build import World
from sim.world.components import FRONTEND


@dataclass(frozen=True, eq=False)
class Failing:
    """How far some businesses fail, operator by operator.

    Attributes
    ----------
    by_operator : shape (n_operators, n)
        Share of attempts from each operator's users without a VPN that fails.
    by_role : shape (n_operators, n, n_roles)
        The same, if the role's component alone failed where it fails now.
    """

    by_operator: NDArray[np.float64]
    by_role: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Change:
    """Businesses whose exposure changed.

    Attributes
    ----------
    business_row : shape (n_changed,), ascending
        The businesses.
    before, after
        How far they failed, and how far they fail now.
    """

    business_row: NDArray[np.int64]
    before: Failing
    after: Failing


class Exposure:
    """How far each component fails at each operator.

    Hosts are sorted by address, so that a prefix touches one slice. A host may lie under several
    entries: each keeps a count per mechanism.

    Attributes
    ----------
    by_operator : shape (n_operators, n_businesses)
        Share of attempts that fails, as of the last ``take_changes``.
    """

    def __init__(self, world: World) -> None:
        self._components = world.components
        self._businesses = world.businesses
        self._overload_severity = world.operators.overload_severity
        self._throttle_severity = world.effects.throttle_severity
        self._name_evasion = world.effects.name_evasion
        n_operators, n_businesses = world.operators.n_operators, world.businesses.n_businesses
        n_hosts, n_components = world.components.address.size, world.components.n_components
        # Two thirds of the mechanisms are seldom used: their counts are made when first needed.
        self._n_entries: dict[Mechanism, NDArray[np.int16]] = {}
        self._shape = (n_operators, n_hosts)
        self._fails = np.zeros((n_operators, n_components))
        self._overmatch = np.zeros(n_operators)
        self._is_overloaded = np.zeros(n_operators, np.bool_)
        self._role_weight = world.businesses.role_weight[world.businesses.sector_row]
        self._component_row = world.businesses.component_row.copy()
        self._touched_components: list[NDArray[np.int64]] = []
        self._touched_businesses: list[NDArray[np.int64]] = []
        # What the failing shares now told were computed from.
        self._told = (
            self._component_row.copy(),
            self._overmatch.copy(),
            self._is_overloaded.copy(),
        )
        self.by_operator = np.zeros((n_operators, n_businesses))

    @property
    def component_row(self) -> NDArray[np.int64]:
        """Component that serves each business and role now; shape (n_businesses, n_roles)."""
        return self._component_row

    def count_entry(
        self, operator_row: int, mechanism: Mechanism, addresses: IntervalSet, step: int
    ) -> None:
        """Count one entry more (+1) or less (-1) over some addresses."""
        if mechanism not in self._n_entries:
            self._n_entries[mechanism] = np.zeros(self._shape, np.int16)
        touched = self._components.hosts_in(addresses)
        count = self._n_entries[mechanism][operator_row, touched] + step
        self._n_entries[mechanism][operator_row, touched] = count
        turned = count == (1 if step > 0 else 0)
        component = self._components.component_row[touched][turned]
        if component.size:
            self._touched_components.append(component)

    def set_overmatch(self, operator_row: int, overmatch: float) -> None:
        """Let an operator match names up to a share of all names."""
        reach = max(overmatch, self._overmatch[operator_row])
        self._overmatch[operator_row] = overmatch
        self._touched_businesses.append(np.flatnonzero(self._businesses.name_draw < reach))

    def set_overloaded(self, operator_row: int, *, is_overloaded: bool) -> bool:
        """Note whether an operator is over its rule capacity; return whether that is new."""
        is_new = bool(self._is_overloaded[operator_row] != is_overloaded)
        if is_new:
            self._is_overloaded[operator_row] = is_overloaded
            self._touched_businesses.append(np.arange(self._businesses.n_businesses))
        return is_new

    def move(self, business_row: int, component_row: NDArray[np.int64]) -> None:
        """Let a business sit on other components from now on; shape (n_roles,)."""
        self._component_row[business_row] = component_row
        self._touched_businesses.append(np.array([business_row]))

    def take_changes(self) -> Change | None:
        """Exposure of the businesses touched since the last call; None if there are none."""
        component = _distinct(self._touched_components)
        self._touched_components = []
        if component.size:
            self._touched_businesses.append(self._components.businesses_of(component))
        row = _distinct(self._touched_businesses)
        self._touched_businesses = []
        if row.size == 0:
            return None
        before = self._failing(row, *self._told)
        if component.size:
            self._refresh(component)
        now = (self._component_row, self._overmatch, self._is_overloaded)
        after = self._failing(row, *now)
        self._told[0][row] = self._component_row[row]
        self._told[1][:], self._told[2][:] = self._overmatch, self._is_overloaded
        self.by_operator[:, row] = after.by_operator
        return Change(row, before, after)

    def failing(self, row: NDArray[np.int64]) -> Failing:
        """How far some businesses fail, as of the last ``take_changes``."""
        return self._failing(row, *self._told)

    def _failing(
        self,
        row: NDArray[np.int64],
        component_row: NDArray[np.int64],
        overmatch: NDArray[np.float64],
        is_overloaded: NDArray[np.bool_],
    ) -> Failing:
        """Shares of attempts that fail.

        Notes
        -----
        m(i, k) = 1 - (1 - d) * product over roles of (1 - w b). Products run in the sequence of
        roles, so that a business's number does not hang on who changed with it.
        """
        fails = self._fails[:, component_row[row]]
        if overmatch.any():
            is_matched = self._businesses.name_draw[row] < overmatch[:, np.newaxis]
            evading = np.where(is_matched, self._name_evasion, 1.0)
            fails[:, :, FRONTEND] = 1.0 - (1.0 - fails[:, :, FRONTEND]) * evading
        by_role = self._role_weight[row] * fails
        working = 1.0 - by_role
        degraded = np.where(is_overloaded, self._overload_severity, 0.0)[:, np.newaxis]
        passing = (1.0 - degraded) * working[:, :, 0]
        for role_row in range(1, working.shape[2]):
            passing *= working[:, :, role_row]
        return Failing(1.0 - passing, by_role)

    def _refresh(self, component: NDArray[np.int64]) -> None:
        host, first, n_hosts = self._components.hosts_of(component)
        failing = self._degree(host)
        worst = np.minimum.reduceat(failing, first, axis=1)
        mean = np.add.reduceat(failing, first, axis=1) / n_hosts
        self._fails[:, component] = np.where(self._components.is_spread[component], mean, worst)

    def _degree(self, host: NDArray[np.int64]) -> NDArray[np.float64]:
        """Degree to which each host fails at each operator; shape (n_operators, n)."""
        failing = np.zeros((self._shape[0], host.size))
        for mechanism, degree in (
            (Mechanism.THROTTLE, self._throttle_severity),
            (Mechanism.DROP, 1.0),
            (Mechanism.EXEMPT, 0.0),
        ):
            if mechanism in self._n_entries:
                failing[self._n_entries[mechanism][:, host] > 0] = degree
        return failing


def _distinct(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Distinct values of some arrays, ascending."""
    if not parts:
        return np.empty(0, np.int64)
    value = np.sort(parts[0] if len(parts) == 1 else np.concatenate(parts))
    is_first = np.ones(value.size, np.bool_)
    np.not_equal(value[1:], value[:-1], out=is_first[1:])
    return value[is_first]
