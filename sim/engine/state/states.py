"""All about businesses: how far they fail, their states and losses, kept up to date by difference.

While nothing else happens, the share of a business's demand that fails moves only with the users of
a VPN. No business can cross a threshold before that drift has used up its distance to the nearest:
until then it needs no look.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.family_starts import IPV6_START
from sim.catalogue.causes import CAUSES
from sim.engine.state import hosts_kernel
from sim.engine.state import states_kernel as kernel
from sim.engine.state.causes_kernel import STATE
from sim.engine.state.ledger import (
    IMPAIRED_LEVEL,
    N_STATES,
    NEVER,
    NO_CAUSE,
    NOT_RUNNING,
    SLACK,
    SPELL_EDGES_S,
    SPELL_NAMES,
    Group,
    LedgerColumns,
    OperatorColumns,
)
from sim.engine.state.parts import zeros
from sim.engine.state.states_kernel import N_SHARED, StatesColumns
from sim.world.build import World
from sim.world.components import Components

LARGE = 2**24
"""Components at operators from which on it matters how many bytes each takes."""
_NEARLY = 1.0 - 1e-9
"""Causes that lost this share of what the first one lost are tied with it: rounding decides
nothing."""


class States:
    """All columns about businesses.

    Attributes
    ----------
    columns
        The columns, which loops change in place.
    handle
        The same as the loops take them.
    groups
        Everybody; each provider; each sector.
    n_businesses, value_micro_usd_per_h : shape (n_groups,)
        Businesses of each group, and the sum of their value.
    """

    def __init__(self, world: World) -> None:
        businesses, places = world.businesses, world.places
        n_providers, n_sectors = len(places.provider), len(businesses.sector)
        self.groups = (
            Group(),
            *(Group(provider_row=row) for row in range(n_providers)),
            *(Group(sector_row=row) for row in range(n_sectors)),
        )
        value = businesses.value_micro_usd_per_h
        group_of_place = 1 + places.provider_row.astype(np.int32)
        provider_group = group_of_place[businesses.home_place_row]
        sector_group = 1 + n_providers + businesses.sector_row
        n_groups = len(self.groups)
        self.n_businesses = np.bincount(provider_group, minlength=n_groups)
        self.n_businesses += np.bincount(sector_group, minlength=n_groups)
        self.value_micro_usd_per_h = np.zeros(n_groups, np.int64)
        for group in (provider_group, sector_group):
            np.add.at(self.value_micro_usd_per_h, group, value)
        self.n_businesses[0], self.value_micro_usd_per_h[0] = value.size, value.sum()
        self._demand, self._share_users = world.demand, world.operators.share_users
        self.columns = StatesColumns(
            **_exposure_columns(world),
            **_ledger_columns(world),
            **_operator_columns(world),
            **_turn_columns(world),
            provider_group=provider_group,
            first_sector_group=1 + n_providers,
            lost_micro_usd_per_h=np.zeros((self._share_users.size, n_groups)),
            start_s=world.demand.start_s,
            weight=self._share_users.copy(),
            drift=np.zeros(2),
            total_value=float(self.value_micro_usd_per_h[0]),
            n_at_level=np.zeros((N_STATES, n_groups), np.int64),
        )
        self.handle = kernel.make_states(self.columns)

    def move(
        self, business_row: int, component_row: NDArray[np.int64], *, is_response: bool
    ) -> None:
        """Let a business sit on other components from now on.

        Parameters
        ----------
        component_row : shape (n_roles,)
        is_response
            Whether the business moves what is its own, all to one place, and not a provider.
        """
        hosts_kernel.move(self.handle, business_row, component_row.astype(np.int32), is_response)

    def set_vpn(self, t_s: int, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        kernel.pass_demand(self.handle, t_s)
        weight = self._share_users * (1.0 - vpn)
        self.columns.drift[kernel.NOW] += np.abs(weight - self.columns.weight).sum()
        self.columns.weight[:] = weight

    def take_demand_lost_s(self, t_s: int) -> NDArray[np.float64]:
        """Return the demand lost since the last call, as a share integrated over time."""
        kernel.book_demand_lost(self.handle, t_s)
        taken: NDArray[np.float64] = self.columns.demand_lost_s.copy()
        self.columns.demand_lost_s[:] = 0.0
        return taken

    def site_times(self, t_s: int) -> NDArray[np.int64]:
        """Time until now of each site in at least each state: over all users, and at each operator.

        Returns
        -------
        time_s : shape (3, n_sites, 1 + n_operators)
        """
        columns = self.columns
        sites, state = slice(columns.first_site, None), np.arange(N_STATES)[:, None, None]
        since_s = np.column_stack((columns.since_s[sites], columns.site_since_s))
        level = np.column_stack((columns.level[sites], columns.pair[sites] & STATE))
        booked_s = np.dstack((columns.time_s[:, sites], columns.site_time_s))
        return np.asarray(booked_s + (level > state) * (t_s - since_s))

    def close(self, t_s: int) -> tuple[LedgerColumns, OperatorColumns]:
        """Book everything up to the end of the run; nothing can be booked any more."""
        kernel.pass_demand(self.handle, t_s)
        kernel.close(self.handle, t_s)
        columns, demand = self.columns, self._demand
        lost_h = demand.hours(columns.lost_at, np.arange(columns.lost_at.shape[2]))
        of_sites = slice(columns.first_site, None)
        sector_row, by_cause = columns.sector_row[of_sites], columns.lost_by_cause[of_sites]
        # The first cause that lost as much as any.
        most = columns.lost_by_cause.max(axis=1)
        first = (columns.lost_by_cause >= (most * _NEARLY)[:, np.newaxis]).argmax(axis=1)
        at_operators = OperatorColumns(
            n_ever=columns.n_ever,
            time_s=columns.time_at_s,
            lost_micro_usd=lost_h.sum(axis=2),
            main_cause=np.where(most > 0, first, NO_CAUSE).astype(np.int8),
            site_time_s=columns.site_time_s,
            site_lost_h=demand.hours(columns.site_lost.T, sector_row).T,
            site_lost_by_cause_h=demand.hours(by_cause.T, sector_row).T,
        )
        # In place, one column after the other: a second table of a million rows is large.
        for lost in (columns.lost_below, *columns.lost_by_spell.T):
            lost[:] = demand.hours(lost, columns.sector_row)
        affected_s, impaired_s, down_s = columns.time_s
        ledger = LedgerColumns(
            lost_demand_h_below_threshold=columns.lost_below,
            lost_demand_h_by_spell=columns.lost_by_spell,
            affected_s=affected_s,
            impaired_s=impaired_s,
            down_s=down_s,
            first_outage_s=columns.first_outage_s,
            last_outage_s=columns.last_outage_s,
            first_cut_off_s=columns.first_cut_off_s,
            last_cut_off_s=columns.last_cut_off_s,
            n_spells=columns.n_spells,
            is_affected_at_end=columns.level > 0,
            worst_share=columns.worst_share,
        )
        return ledger, at_operators


def _exposure_columns(world: World) -> dict[str, Any]:
    """How far each component fails at each operator, and who sits on it."""
    components, businesses, operators = world.components, world.businesses, world.operators
    n, n_operators, n_components = (
        businesses.n_businesses,
        operators.n_operators,
        components.n_components,
    )
    component_row = businesses.component_row.astype(np.int32)
    is_seated = np.zeros(n_components, np.bool_)
    is_seated[component_row] = True
    return {
        "address": components.address,
        "host_component": components.component_row,
        "is_spread": components.is_spread,
        "host_order": components.host_order,
        "host_start": components.host_start,
        "business_order": components.business_order,
        "business_start": components.business_start,
        **degrees(world),
        # Component that serves each business and role now.
        "component_row": component_row,
        # Whether any business sits there, or ever did; how others fail is not kept.
        "is_seated": is_seated,
        "name_evasion": float(world.effects.name_evasion),
        "overload_severity": operators.overload_severity,
        "name_draw": businesses.name_draw,
        "role_weight": businesses.role_weight,
        # Share of names that each operator matches, and whether it is over its rule capacity: now,
        # and as of the last turn, from which the failing shares were computed.
        **zeros("overmatch told_overmatch", n_operators),
        **zeros("is_overloaded told_is_overloaded", n_operators, np.bool_),
        # Operators at which anything may have changed since the last turn.
        **zeros("is_touched_at", n_operators, np.bool_),
        # Share of attempts that fails, as of the last turn.
        **zeros("by_operator", (n, n_operators)),
    }


def _ledger_columns(world: World) -> dict[str, Any]:
    """Levels and losses."""
    # What passes between two times is booked once for each operator and sector, as demand weighted
    # by the users who are on no VPN. A business takes its part of an operator when it begins to
    # fail otherwise there, and of all of them when a spell begins or ends.
    n, n_operators = world.businesses.n_businesses, world.operators.n_operators
    limits, demand = world.thresholds, world.demand
    demand_booked = demand.cumulative(0)
    never = "spell_start_s", "first_outage_s", "last_outage_s", "first_cut_off_s", "last_cut_off_s"
    return {
        "threshold": np.array([limits.affected, limits.impaired, limits.down]) + SLACK,
        # 0 reachable, 1 affected, 2 impaired, 3 down.
        **zeros("level", n, np.int8),
        # The drift at which each business must be looked at again.
        "next_look": np.full(n if world.users is not None else 0, np.inf),
        "demand_booked": demand_booked,
        "until_hour": demand.until_hour,
        "by_hour": demand.weight,
        "before_start": demand.before_start,
        "sector_row": world.businesses.sector_row,
        # Demand that has passed, and how much had when each business last took its part.
        **zeros("passed", (n_operators, demand_booked.size)),
        **zeros("passed_since", (n, n_operators)),
        # Since when each has been in its state.
        **zeros("since_s n_spells", n, np.int64),
        **zeros("lost_below lost_in_spell", n),
        **zeros("lost_by_spell", (n, len(SPELL_NAMES))),
        **zeros("time_s", (N_STATES, n), np.int64),
        **{name: np.full(n, NEVER, np.int64) for name in never},
        "spell_edges_s": np.array(SPELL_EDGES_S, np.int64),
        # Weights of operators, were nobody on a VPN; the share of attempts that fails by them now,
        # since when, and the largest before. Drift does not move it, so that it is exact.
        "share_users": world.operators.share_users.copy(),
        **zeros("exposed worst_share", n),
        **zeros("exposed_since_s", n, np.int64),
        "value": world.businesses.value_micro_usd_per_h,
        # Share of demand that fails for each operator's users without a VPN, integrated until then.
        **zeros("demand_lost_s", n_operators),
        **zeros("booked_s", 1, np.int64),
    }


def _operator_columns(world: World) -> dict[str, Any]:
    """Counts by operator and by cause, kept for pairs that changed, and those of sites."""
    businesses, n_operators = world.businesses, world.operators.n_operators
    n, n_sites = businesses.n_businesses, businesses.n_sites
    return {
        # Cause to which a failing component of the role is put down now.
        "role_cause": businesses.role_cause.copy(),
        # One byte for each: its state at the operator, the worst one so far, and the cause of what
        # fails there, as ``causes_kernel`` packs them.
        **zeros("pair", (n, n_operators), np.uint8),
        # Businesses in at least each state now, and those ever; time in it until ``counted_s``.
        **zeros("n_at n_ever time_at_s", (N_STATES, n_operators), np.int64),
        **zeros("counted_s", n_operators, np.int64),
        # Demand lost, in the unit of the ledger; at operators weighted by the value of businesses.
        **zeros("lost_by_cause", (n, len(CAUSES))),
        **zeros("lost_at", (n_operators, len(CAUSES), len(businesses.sector))),
        # Room to share one pair's failing demand among causes.
        "works": np.ones(len(CAUSES)),
        # The last businesses are sites of an inventory.
        "first_site": n - n_sites,
        **zeros("site_since_s", (n_sites, n_operators), np.int64),
        **zeros("site_time_s", (N_STATES, n_sites, n_operators), np.int64),
        **zeros("site_lost", (n_sites, n_operators)),
    }


def _turn_columns(world: World) -> dict[str, Any]:
    """Patience, notes of who is touched, and room for lists, which is memory once it is filled."""
    n, n_components = world.businesses.n_businesses, world.components.n_components
    n_operators, n_roles = world.operators.n_operators, world.businesses.component_row.shape[1]
    unmoved = np.full(n, IMPAIRED_LEVEL, np.int8)
    return {
        # State from which on the patience of each runs, and since when it does. A copy, as the
        # compiled turn takes none that cannot be written.
        "tolerance": unmoved if world.moves is None else world.moves.tolerance.copy(),
        "impatient_since_s": np.full(n, NOT_RUNNING, np.int64),
        # Whether it moved since it was looked at last: who is no better off there starts anew.
        **zeros("has_moved", n, np.bool_),
        "is_turned": False,
        "n_components": 0,
        "n_businesses": 0,
        "n_moved": 0,
        **zeros("is_listed", n_components, np.bool_),
        **zeros("touched", n, np.uint8),
        **zeros("component_list changed_list", n_components, np.int32),
        **zeros("business_list moved_list", n, np.int32),
        **zeros("told_component_row", (n, n_roles), np.int32),
        **zeros("told_role_cause", (n, n_roles), np.uint8),
        **zeros("share_business share_seat share_operator", N_SHARED, np.int32),
        **zeros("share_passed", N_SHARED),
        **zeros("starting_list beginning_list ending_list", n, np.int64),
        **zeros("operator_list", n_operators, np.int64),
    }


def degrees(world: World) -> dict[str, Any]:
    """Degrees to which components can fail, and the one of each at each operator.

    Returns
    -------
    degree : shape (n_degrees,), ascending
        All degrees to which a component can fail, each once.
    degree_at : shape (n_ways,)
        Row of ``degree`` for each way to fail: not, wholly, throttled, and then, for each number h
        of hosts, one of them used, ``dropped * (h + 1) + throttled`` hosts.
    spread_start : shape (most hosts + 1,)
        Where in ``degree_at`` those of each number of hosts begin.
    dual_start : shape (n_components,), or empty where there are none of both families
        The same for components whose users meet one of both families; -1 for the others. In
        mode ``any`` it is the way IPv4 fails times 3, and that of IPv6; in mode ``spread``
        ``(way4 * (n6 + 1) + dropped6) * (n6 + 1) + throttled6``, with ``way4`` as for h hosts.
    first_ipv6
        Row of the first host on IPv6: hosts ascend by address.
    degree_row, degree_now : shapes (n_components, n_operators), (n_components,)
        Degree to which each component fails, and room for those of one operator.
    """
    components, severity = world.components, world.effects.throttle_severity
    n_operators, n_components = world.operators.n_operators, components.n_components
    way, spread_start = _ways(components, severity)
    first_ipv6 = int(components.address.searchsorted(IPV6_START))
    dual_start = np.empty(0, np.int32)
    if world.ipv6 is not None:
        both, dual_start = _dual_ways(
            components, first_ipv6, severity, world.ipv6.share_users, way.size
        )
        way = np.concatenate((way, both))
    degree, degree_at = np.unique(way, return_inverse=True)
    # A byte does for numbers of hosts that are powers of two up to 16. But loops are compiled
    # for each type, and a draw may need more: it is one for all worlds that are not large.
    smallest = np.min_scalar_type(degree.size - 1)
    if n_components * n_operators < LARGE:
        smallest = np.promote_types(smallest, np.uint16)
    return {
        "degree": degree,
        "degree_at": degree_at.astype(smallest),
        "spread_start": spread_start,
        "dual_start": dual_start,
        "first_ipv6": first_ipv6,
        "degree_row": np.zeros((n_components, n_operators), smallest),
        "degree_now": np.empty(n_components, smallest),
    }


def _ways(
    components: Components, throttle_severity: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Degree of each way to fail, and where those of each number of hosts begin."""
    is_spread, start = components.is_spread, components.host_start
    sizes = np.unique(start[1:][is_spread] - start[:-1][is_spread]).tolist()
    parts = [np.array([0.0, 1.0, throttle_severity])]
    spread_start = np.zeros(max(sizes, default=0) + 1, np.int64)
    for n_hosts in sizes:
        if n_hosts > 0:
            spread_start[n_hosts] = sum(part.size for part in parts)
            dropped, throttled = np.divmod(np.arange((n_hosts + 1) ** 2), n_hosts + 1)
            # More than there are cannot be.
            throttled = np.minimum(throttled, n_hosts - dropped)
            parts.append((dropped + throttle_severity * throttled) / n_hosts)
    return np.concatenate(parts), spread_start


def _dual_ways(
    components: Components, first_ipv6: int, severity: float, share_ipv6: float, n_before: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Degree of each way to fail of components with both families, and where each one's begin."""
    # Users with IPv6 meet one of its addresses, and fall back to IPv4 where that is dropped; where
    # it is throttled it answers, and nobody falls back (RFC 8305, Happy Eyeballs).
    component = components.component_row
    n_components = components.n_components
    n4 = np.bincount(component[:first_ipv6], minlength=n_components)
    n6 = np.bincount(component[first_ipv6:], minlength=n_components)
    is_dual = (n4 > 0) & (n6 > 0)
    start = np.full(n_components, -1, np.int32)
    if not is_dual.any():
        return np.empty(0), start[:0]
    parts: list[NDArray[np.float64]] = []
    n_ways = n_before

    def add(mine: NDArray[np.bool_], *columns: NDArray[np.float64]) -> None:
        nonlocal n_ways
        b4, dropped, throttled = columns
        met = dropped * b4 + severity * throttled
        parts.append((1.0 - share_ipv6) * b4 + share_ipv6 * met)
        start[mine] = n_ways
        n_ways += parts[-1].size

    # Not, wholly, throttled: by the first index for IPv4, by the second for IPv6.
    four, six = np.divmod(np.arange(9), 3)
    add(
        is_dual & ~components.is_spread,
        np.array([0.0, 1.0, severity])[four],
        (six == 1).astype(float),
        (six == 2).astype(float),
    )
    sizes = np.unique(np.stack((n4, n6))[:, is_dual & components.is_spread], axis=1)
    for one, other in sizes.T.tolist():
        four, six = np.divmod(np.arange((one + 1) ** 2 * (other + 1) ** 2), (other + 1) ** 2)
        dropped4, throttled4 = np.divmod(four, one + 1)
        dropped6, throttled6 = np.divmod(six, other + 1)
        # More than there are cannot be.
        throttled4 = np.minimum(throttled4, one - dropped4)
        throttled6 = np.minimum(throttled6, other - dropped6)
        add(
            is_dual & components.is_spread & (n4 == one) & (n6 == other),
            (dropped4 + severity * throttled4) / one,
            dropped6 / other,
            throttled6 / other,
        )
    return np.concatenate(parts), start
