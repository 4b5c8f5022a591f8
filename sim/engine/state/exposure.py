"""The hosts of businesses and their failures, kept up to date by difference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.family_starts import IPV6_START
from sim.world.build import World
from sim.world.components import Components

LARGE = 2**24
"""Components at operators from which on it matters how many bytes each takes."""


class Exposure:
    """How far each component fails at each operator.

    Attributes
    ----------
    by_operator : shape (n_businesses, n_operators)
        Share of attempts that fails, as of the last turn.
    role_weight : shape (n_sectors, n_roles)
        Share of a sector's attempts that fail when the role's component fails.
    component_row : shape (n_businesses, n_roles)
        Component that serves each business and role now.
    is_seated : shape (n_components,)
        Whether any business sits there now, or ever did; how the others fail is not kept.
    overmatch, is_overloaded : shape (n_operators,)
        Share of names each operator matches, and whether it is over its rule capacity, now.
    told_overmatch, told_is_overloaded
        The same as of the last turn: what the failing shares were computed from.
    is_touched_at : shape (n_operators,)
        Operators at which anything may have changed since the last turn.
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
    degree_row : shape (n_components, n_operators)
        Degree to which each component fails.
    """

    def __init__(self, world: World) -> None:
        self.components = world.components
        self.overload_severity = world.operators.overload_severity
        self.throttle_severity = world.effects.throttle_severity
        self.name_evasion = world.effects.name_evasion
        n_operators, n_businesses = world.operators.n_operators, world.businesses.n_businesses
        n_components = world.components.n_components
        way, self.spread_start = _ways(world.components, self.throttle_severity)
        self.first_ipv6 = int(world.components.address.searchsorted(IPV6_START))
        self.dual_start = np.empty(0, np.int32)
        if world.ipv6 is not None:
            both, self.dual_start = _dual_ways(
                world.components,
                self.first_ipv6,
                self.throttle_severity,
                world.ipv6.share_users,
                way.size,
            )
            way = np.concatenate((way, both))
        self.degree, degree_at = np.unique(way, return_inverse=True)
        # A byte does for numbers of hosts that are powers of two up to 16. But loops are compiled
        # for each type, and a draw may need more: it is one for all worlds that are not large.
        smallest = np.min_scalar_type(self.degree.size - 1)
        if n_components * n_operators < LARGE:
            smallest = np.promote_types(smallest, np.uint16)
        self.degree_at = degree_at.astype(smallest)
        self.degree_row = np.zeros((n_components, n_operators), smallest)
        self.name_draw = world.businesses.name_draw
        self.role_weight = world.businesses.role_weight
        self.component_row = world.businesses.component_row.astype(np.int32)
        self.is_seated = np.zeros(n_components, np.bool_)
        self.is_seated[self.component_row] = True
        self.overmatch = np.zeros(n_operators)
        self.is_overloaded = np.zeros(n_operators, np.bool_)
        self.told_overmatch = self.overmatch.copy()
        self.told_is_overloaded = self.is_overloaded.copy()
        self.is_touched_at = np.zeros(n_operators, np.bool_)
        self.by_operator = np.zeros((n_businesses, n_operators))


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
    """Degree of each way to fail of components with both families, and where each one's begin.

    Users without IPv6 meet the addresses of IPv4 alone. Users with it meet one of IPv6, and fall
    back to IPv4 where that is dropped; where it is throttled it answers, and nobody falls back:
    ``b = (1 - s) b4 + s (dropped6 b4 + severity throttled6)``.

    RFC 8305 (Happy Eyeballs): both families are tried, IPv6 first; the first to connect is used.
    """
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
