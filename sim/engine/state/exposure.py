"""Who is cut off from whom, kept up to date by difference.

In: addresses that an operator starts or stops dropping, throttling, exempting. Out: for the
businesses that changed, the share of attempts that fails at each operator. It does not know why a
prefix is blocked, what a failure costs, nor who is on a VPN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
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
        Entries over each host at each operator, by mechanism; shape (n_operators, n_hosts).
    fails : shape (n_operators, n_components)
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
        self._shape = (n_operators, n_hosts)
        self.fails = by_row(n_components, n_operators)
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
        self.by_operator = by_row(n_businesses, n_operators)

    @property
    def is_touched(self) -> bool:
        """Whether anything was touched since the last turn."""
        return bool(self._touched_components or self._touched_businesses)

    def count_entries(
        self, operator_row: int, mechanism: Mechanism, sets: Sequence[IntervalSet], step: int
    ) -> None:
        """Count entries of one mechanism more (+1) or less (-1) over the addresses of each."""
        counts = self.counts_of(mechanism)
        for addresses in sets:
            touched = self.components.hosts_in(addresses)
            if isinstance(touched, slice) and touched.start == touched.stop:
                continue
            count = counts[operator_row, touched] + step
            counts[operator_row, touched] = count
            is_turned = count == (1 if step > 0 else 0)
            self.touch(operator_row, self.components.component_row[touched][is_turned])

    def counts_of(self, mechanism: Mechanism) -> NDArray[np.int16]:
        """Entries of a mechanism over each host, to be changed; shape (n_operators, n_hosts)."""
        if mechanism not in self.n_entries:
            n_operators, n_hosts = self._shape
            self.n_entries[mechanism] = np.zeros((n_hosts, n_operators), np.int16).T
        return self.n_entries[mechanism]

    def touch(self, operator_row: int, component: NDArray[np.int64]) -> None:
        """Note components of which a host came under, or from under, its only entry."""
        if component.size:
            self._touched_components.append(component)
            self.is_touched_at[operator_row] = True

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

    def take_changes(self) -> Change | None:
        """Exposure of the businesses touched since the last turn; None if there are none."""
        component, business = self.take_touched()
        self.is_touched_at[:] = False
        component = _distinct(component)
        if component.size:
            business = np.concatenate((business, self.components.businesses_of(component)))
        row = _distinct(business)
        if row.size == 0:
            return None
        before = self.failing(row)
        if component.size:
            self._refresh(component)
        self.told_component_row[row] = self.component_row[row]
        self.told_overmatch[:], self.told_is_overloaded[:] = self.overmatch, self.is_overloaded
        after = self.failing(row)
        self.by_operator[:, row] = after.by_operator
        return Change(row, before, after)

    def failing(self, row: NDArray[np.int64]) -> Failing:
        """How far some businesses fail, as of the last ``take_changes``.

        Notes
        -----
        m(i, k) = 1 - (1 - d) * product over roles of (1 - w b). Products run in the sequence of
        roles, so that a business's number does not hang on who changed with it.
        """
        fails = self.fails[:, self.told_component_row[row]]
        if self.told_overmatch.any():
            is_matched = self.name_draw[row] < self.told_overmatch[:, np.newaxis]
            frontend = fails[:, :, FRONTEND]
            evading = 1.0 - (1.0 - frontend) * self.name_evasion
            fails[:, :, FRONTEND] = np.where(is_matched, evading, frontend)
        by_role = self.role_weight[row] * fails
        working = 1.0 - by_role
        degraded = np.where(self.told_is_overloaded, self.overload_severity, 0.0)[:, np.newaxis]
        passing = (1.0 - degraded) * working[:, :, 0]
        for role_row in range(1, working.shape[2]):
            passing *= working[:, :, role_row]
        return Failing(1.0 - passing, by_role)

    def _refresh(self, component: NDArray[np.int64]) -> None:
        """How far some components fail at each operator.

        ``any`` fails as its best host does, ``spread`` as its hosts do on average.
        """
        host, first, n_hosts = self.components.hosts_of(component)
        n_dropped, n_throttled = (
            np.add.reduceat(hit, first, axis=1, dtype=np.int64) for hit in self._hits(host)
        )
        mean = (n_dropped + self.throttle_severity * n_throttled) / n_hosts
        best = np.where(n_dropped + n_throttled == n_hosts, self.throttle_severity, 0.0)
        best[n_dropped == n_hosts] = 1.0
        self.fails[:, component] = np.where(self.components.is_spread[component], mean, best)

    def _hits(self, host: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which hosts each operator drops, and which it throttles; shapes (n_operators, n)."""
        dropped, throttled, exempt = (
            self.n_entries[mechanism][:, host] > 0
            if mechanism in self.n_entries
            else np.zeros((self._shape[0], host.size), np.bool_)
            for mechanism in (Mechanism.DROP, Mechanism.THROTTLE, Mechanism.EXEMPT)
        )
        return dropped & ~exempt, throttled & ~dropped & ~exempt


def by_row(n: int, n_operators: int) -> NDArray[np.float64]:
    """Zeros of shape (n_operators, n), with what belongs to one row side by side in memory."""
    return np.zeros((n, n_operators)).T


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _distinct(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Distinct values, ascending."""
    if rows.size == 0:
        return rows
    value = np.sort(rows)
    is_first = np.ones(value.size, np.bool_)
    np.not_equal(value[1:], value[:-1], out=is_first[1:])
    return value[is_first]
