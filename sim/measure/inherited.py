"""Blocks that tenants inherit: entries placed before they came to an address.

In: a world and an outcome. Out: per business, arrivals, arrivals at a blocked address, and what
those entries alone cost it. Who had the address before is not known here.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sim.engine.record.outcome import Outcome
from sim.engine.record.vpn import VpnSteps
from sim.engine.state.levels import SLACK
from sim.measure.enforced import OlderEntries, pieces
from sim.measure.stays import FROM_START, Stay, stays_of
from sim.world.build import World


class Inheritance(StrEnum):
    """What a business found at the addresses it came to."""

    BLOCKED = "blocked"
    REACHABLE = "reachable"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, eq=False)
class Inherited:
    """What businesses inherited in one run, one row each.

    Attributes
    ----------
    n_arrivals : shape (n_businesses,)
        Times a component came to other addresses and stayed for a second or longer.
    n_blocked : shape (n_businesses,)
        Those of them that met an entry placed before the arrival: an operator with users enforced
        it on one of the addresses during the stay.
    affected_s : shape (n_businesses,)
        Time in which such entries alone would make the business affected.
    lost_demand_h : shape (n_businesses,)
        Demand that such entries alone would lose, in hours of mean domestic demand.
    """

    n_arrivals: NDArray[np.int64]
    n_blocked: NDArray[np.int64]
    affected_s: NDArray[np.int64]
    lost_demand_h: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False

    @property
    def state(self) -> tuple[Inheritance, ...]:
        """Of each business: blocked, reachable, or not known where it came to no other address."""
        return tuple(
            Inheritance.NOT_KNOWN
            if n_arrivals == 0
            else Inheritance.BLOCKED
            if n_blocked
            else Inheritance.REACHABLE
            for n_arrivals, n_blocked in zip(
                self.n_arrivals.tolist(), self.n_blocked.tolist(), strict=True
            )
        )


def inherited_by(world: World, outcome: Outcome) -> Inherited:
    """What each business inherited in one run."""
    n = world.businesses.n_businesses
    n_arrivals, n_blocked, affected_s = np.zeros((3, n), np.int64)
    lost = np.zeros(n)
    stays = stays_of(world, outcome)
    arrived = [stay for mine in stays.values() for stay in mine if stay.arrived_s != FROM_START]
    component = np.array([stay.component_row for stay in arrived], np.int64)
    host, _, _ = world.components.hosts_of(np.unique(component))
    entries = OlderEntries(world, outcome, np.unique(world.components.address[host]))
    met: dict[Stay, _Cut] = {}
    for stay in arrived:
        n_arrivals[stay.business_row] += 1
        edge, degree = entries.degrees(
            _addresses(world, stay.component_row), stay.arrived_s, stay.from_s, stay.to_s
        )
        if degree.any():
            n_blocked[stay.business_row] += 1
            met[stay] = edge, _component_degree(world, stay.component_row, degree)
    for row in np.flatnonzero(n_blocked).tolist():
        mine = {stay: met[stay] for stay in stays[row] if stay in met}
        affected_s[row], lost[row] = _cost(world, outcome.vpn, row, mine)
    hours = world.demand.hours(lost, world.businesses.sector_row)
    return Inherited(n_arrivals, n_blocked, affected_s, hours)


_Cut = tuple[list[int], NDArray[np.float64]]
"""Edges of pieces, and the degree to which a component fails: shape (n_pieces, n_operators)."""


def _addresses(world: World, component_row: int) -> list[int]:
    host, _, _ = world.components.hosts_of(np.array([component_row]))
    addresses: list[int] = world.components.address[host].tolist()
    return addresses


def _component_degree(
    world: World, component_row: int, degree: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The degree b of a component: the mean over addresses in mode spread, else the least."""
    is_spread = bool(world.components.is_spread[component_row])
    return np.asarray(degree.mean(axis=1) if is_spread else degree.min(axis=1))


def _cost(
    world: World, vpn: VpnSteps, business_row: int, met: dict[Stay, _Cut]
) -> tuple[int, float]:
    """Seconds affected, and demand lost in weight-seconds, by what was met alone."""
    sector = int(world.businesses.sector_row[business_row])
    role_weight = world.businesses.role_weight[sector]
    steps: list[int] = vpn.t_s.tolist()
    share_users = world.operators.share_users
    affected_s, lost = 0, 0.0
    spans = pieces([steps, *(edge for edge, _ in met.values())])
    for start_s, stop_s in spans:
        passing = np.ones(share_users.size)
        for stay, (edge, degree) in met.items():
            if stay.from_s <= start_s < stay.to_s:
                row = bisect_right(edge, start_s) - 1
                passing *= 1.0 - role_weight[stay.role_row] * degree[row]
        if (passing == 1.0).all():
            continue
        step = bisect_right(steps, start_s) - 1
        weight = share_users * (1.0 - vpn.share[step]) if step >= 0 else share_users
        # In the sequence of operators, as the engine adds them.
        failing = float(np.add.accumulate(weight * (1.0 - passing))[-1])
        affected_s += stop_s - start_s if failing > world.thresholds.affected + SLACK else 0
        demand = world.demand.cumulative(stop_s) - world.demand.cumulative(start_s)
        lost += failing * float(demand[sector])
    return affected_s, lost
