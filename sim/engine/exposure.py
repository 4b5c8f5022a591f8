"""Who is cut off from whom, kept up to date by difference.

In: addresses that an operator starts or stops dropping, throttling, exempting. Out: for the
businesses that changed, the share of their demand that fails. It does not know why a prefix is
blocked, nor what a failure costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.orders import Mechanism
from sim.world.build import World
from sim.world.components import FRONTEND


@dataclass(frozen=True, eq=False)
class Change:
    """Businesses whose exposure changed, and what it is now.

    Attributes
    ----------
    business_row : shape (n_changed,), ascending
        The businesses.
    share_failing : shape (n_changed,)
        Share of each one's domestic demand that fails.
    share_failing_by_role : shape (n_changed, n_roles)
        The same, if the role's component alone failed where it fails now.
    share_failing_by_operator : shape (n_operators, n_changed)
        Share of attempts from each operator's users without a VPN that fails.
    """

    business_row: NDArray[np.int64]
    share_failing: NDArray[np.float64]
    share_failing_by_role: NDArray[np.float64]
    share_failing_by_operator: NDArray[np.float64]


class Exposure:
    """How far each component fails at each operator.

    Hosts are sorted by address, so that a prefix touches one slice. A host may lie under several
    entries: each keeps a count per mechanism.
    """

    def __init__(self, world: World) -> None:
        self._components = world.components
        self._businesses = world.businesses
        self._share_users = world.operators.share_users
        self._overload_severity = world.operators.overload_severity
        self._throttle_severity = world.effects.throttle_severity
        self._name_evasion = world.effects.name_evasion
        n_operators = world.operators.n_operators
        n_hosts, n_components = world.components.address.size, world.components.n_components
        # Two thirds of the mechanisms are seldom used: their counts are made when first needed.
        self._n_entries: dict[Mechanism, NDArray[np.int16]] = {}
        self._shape = (n_operators, n_hosts)
        self._fails = np.zeros((n_operators, n_components))
        self._overmatch = np.zeros(n_operators)
        self._is_overloaded = np.zeros(n_operators, np.bool_)
        self._vpn = np.zeros(n_operators)
        self._component_row = world.businesses.component_row.copy()
        self._stale_component = np.zeros(n_components, np.bool_)
        self._stale_business = np.zeros(world.businesses.n_businesses, np.bool_)
        self._share_failing_by_operator = np.zeros((n_operators, world.businesses.n_businesses))

    @property
    def component_row(self) -> NDArray[np.int64]:
        """Component that serves each business and role now; shape (n_businesses, n_roles)."""
        return self._component_row

    def count_entry(
        self, operator_row: int, mechanism: Mechanism, start: int, stop: int, step: int
    ) -> None:
        """Count one entry more (+1) or less (-1) over the addresses ``[start, stop)``."""
        if mechanism not in self._n_entries:
            self._n_entries[mechanism] = np.zeros(self._shape, np.int16)
        touched = self._components.slice_of(start, stop)
        count = self._n_entries[mechanism][operator_row, touched]
        count += step
        turned = count == (1 if step > 0 else 0)
        self._stale_component[self._components.component_row[touched][turned]] = True

    def set_overmatch(self, operator_row: int, overmatch: float) -> None:
        """Let an operator match names up to a share of all names."""
        reach = max(overmatch, self._overmatch[operator_row])
        self._overmatch[operator_row] = overmatch
        self._stale_business |= self._businesses.name_draw < reach

    def set_overloaded(self, operator_row: int, *, is_overloaded: bool) -> bool:
        """Note whether an operator is over its rule capacity; return whether that is new."""
        is_new = bool(self._is_overloaded[operator_row] != is_overloaded)
        if is_new:
            self._is_overloaded[operator_row] = is_overloaded
            self._stale_business[:] = True
        return is_new

    def set_vpn(self, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        self._vpn = vpn
        self._stale_business |= self._share_failing_by_operator.any(axis=0)

    def move(self, business_row: int, component_row: NDArray[np.int64]) -> None:
        """Let a business sit on other components from now on; shape (n_roles,)."""
        self._component_row[business_row] = component_row
        self._stale_business[business_row] = True

    def take_changes(self) -> Change:
        """Exposure of the businesses touched since the last call.

        Notes
        -----
        m(i, k) = 1 - (1 - d) * product over roles of (1 - w b), u(i) = sum over operators of
        share * (1 - vpn) * m. Sums run in a fixed sequence, so that a business's number does not
        hang on who changed with it.
        """
        self._refresh_components()
        row = np.flatnonzero(self._stale_business)
        self._stale_business[row] = False
        weight = self._businesses.role_weight[self._businesses.sector_row[row]]
        component_row = self._component_row[row]
        share_failing = np.zeros(row.size)
        by_role = np.zeros(weight.shape)
        by_operator = np.empty((self._share_users.size, row.size))
        degraded = np.where(self._is_overloaded, self._overload_severity, 0.0)
        for operator_row, share in enumerate((self._share_users * (1.0 - self._vpn)).tolist()):
            fails = self._fails[operator_row][component_row]
            if self._overmatch[operator_row] > 0:
                is_matched = self._businesses.name_draw[row] < self._overmatch[operator_row]
                evading = np.where(is_matched, self._name_evasion, 1.0)
                fails[:, FRONTEND] = 1.0 - (1.0 - fails[:, FRONTEND]) * evading
            weighted = weight * fails
            passing = np.full(row.size, 1.0 - degraded[operator_row])
            for role_row in range(weight.shape[1]):
                passing *= 1.0 - weighted[:, role_row]
            by_operator[operator_row] = 1.0 - passing
            share_failing += share * by_operator[operator_row]
            by_role += share * weighted
        self._share_failing_by_operator[:, row] = by_operator
        return Change(row, share_failing, by_role, by_operator)

    def _refresh_components(self) -> None:
        component = np.flatnonzero(self._stale_component)
        if component.size == 0:
            return
        self._stale_component[component] = False
        host, first, n_hosts = self._components.hosts_of(component)
        failing = self._failing(host)
        worst = np.minimum.reduceat(failing, first, axis=1)
        mean = np.add.reduceat(failing, first, axis=1) / n_hosts
        self._fails[:, component] = np.where(self._components.is_spread[component], mean, worst)
        self._stale_business[self._components.businesses_of(component)] = True

    def _failing(self, host: NDArray[np.int64]) -> NDArray[np.float64]:
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
