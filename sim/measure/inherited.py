"""Blocks that tenants inherit: entries placed before they came to an address."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.outcome import Outcome, VpnSteps
from sim.engine.state.ledger import SLACK
from sim.world.build import World
from sim.world.frozen import FrozenColumns
from sim.world.moves import WAIT

FROM_START = -1


@dataclass(frozen=True)
class Stay:
    """One component of one business on one set of addresses, over ``[from_s, to_s)``.

    Attributes
    ----------
    arrived_s
        When it came there; -1 where it sat there at t = 0.
    """

    business_row: int
    role_row: int
    component_row: int
    from_s: int
    to_s: int
    arrived_s: int


def stays_of(world: World, outcome: Outcome) -> dict[int, list[Stay]]:
    """Stays of every business that came to some other address, by business row.

    Notes
    -----
    The n-th move of a business is the n-th of its drawn responses other than waiting. A tenant
    arrives if the component then has the arrival's seat; moves of the same second come first. A
    stay lasts a second or longer.
    """
    events = _events(world, outcome)
    return {row: _stays(world, row, events[row]) for row in sorted(events)}


_Event = tuple[int, NDArray[np.int64]]
"""Second, and the component that each role comes to; -1 where it stays."""


def _events(world: World, outcome: Outcome) -> dict[int, list[_Event]]:
    """Moves and arrivals of each business, by time."""
    found: dict[int, list[_Event]] = {}
    n, n_roles = world.businesses.component_row.shape
    seat = np.zeros((n, n_roles), np.int64)
    for t_s, is_tenancy, business, number in _agenda(world, outcome):
        if is_tenancy:
            assert world.stays is not None
            role = world.stays.role_row[number]
            if seat[business, role] != world.stays.seat[number]:
                continue
            target = np.full(n_roles, -1, np.int64)
            target[role] = world.stays.component_row[number]
        else:
            assert world.moves is not None
            target = world.moves.component_row[business, number]
            seat[business, target >= 0] = number + 1
        found.setdefault(business, []).append((t_s, target))
    return found


def _agenda(world: World, outcome: Outcome) -> list[tuple[int, bool, int, int]]:
    """Moves and arrivals by time, moves first: second, which of the two, business, round or row."""
    log = outcome.events
    agenda: list[tuple[int, bool, int, int]] = []
    if world.moves is not None:
        rounds = [np.flatnonzero(row != WAIT).tolist() for row in world.moves.response]
        done = [0] * len(rounds)
        is_move = log.kind == Kind.MOVED
        for t_s, business in zip(
            log.t_s[is_move].tolist(), log.business_row[is_move].tolist(), strict=True
        ):
            agenda.append((t_s, False, business, rounds[business][done[business]]))
            done[business] += 1
    if world.stays is not None:
        rows = zip(world.stays.t_s.tolist(), world.stays.business_row.tolist(), strict=True)
        agenda += [(t_s, True, business, row) for row, (t_s, business) in enumerate(rows)]
    return sorted(agenda, key=lambda item: item[:2])


def _stays(world: World, business: int, events: list[_Event]) -> list[Stay]:
    stays = []
    n_roles = world.businesses.component_row.shape[1]
    for role in range(n_roles):
        component, since_s, arrived_s = int(world.businesses.component_row[business, role]), 0, -1
        steps = [(t_s, int(target[role])) for t_s, target in events if target[role] >= 0]
        for t_s, following in [*steps, (world.horizon_s, -1)]:
            if t_s > since_s:
                stays.append(Stay(business, role, component, since_s, t_s, arrived_s))
            component, since_s, arrived_s = following, t_s, t_s
    return stays


Span = tuple[int, int, int]
"""Operator, and the seconds from which and until which it enforces an entry."""


class OlderEntries:
    """Entries that hold some addresses, when they were placed, and who enforced them when.

    Parameters
    ----------
    address : shape (n,), ascending, distinct
        Addresses that ``degrees`` may be asked for.
    """

    def __init__(self, world: World, outcome: Outcome, address: NDArray[np.int64]) -> None:
        self._n_operators = world.operators.n_operators
        log = outcome.events
        is_block = log.kind == Kind.BLOCK
        placed = zip(log.entry_row[is_block].tolist(), log.t_s[is_block].tolist(), strict=True)
        self._placed_s = dict(placed)
        self._degree = {
            Mechanism.DROP: 1.0,
            Mechanism.THROTTLE: world.effects.throttle_severity,
        }
        self._mechanism = outcome.entry_mechanism
        self._spans = _spans(world, outcome)
        self._on: dict[int, list[int]] = defaultdict(list)
        for entry in sorted(self._spans):
            for held in address[outcome.entry_addresses[entry].contains(address)].tolist():
                self._on[held].append(entry)

    def degrees(
        self, address: Sequence[int], before_s: int, from_s: int, to_s: int
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Degree to which addresses fail by blocks placed before a second.

        Exempting entries count whenever they were placed.

        Returns
        -------
        edge
            Times from ``from_s`` to ``to_s``, ascending; nothing changes between two of them.
        degree : shape (n_pieces, n_addresses, n_operators)
        """
        acting = [
            (column, self._degree.get(self._mechanism[entry]), span)
            for column, held in enumerate(address)
            for entry in self._on.get(held, ())
            if self._mechanism[entry] is Mechanism.EXEMPT or self._placed_s[entry] < before_s
            for span in self._spans[entry]
        ]
        # Dropping overrides throttling, and exempting (None) overrides both.
        acting.sort(key=lambda one: 2.0 if one[1] is None else one[1])
        times = {t for *_, span in acting for t in span[1:] if from_s < t < to_s}
        edge = [from_s, *sorted(times), to_s]
        degree = np.zeros((len(edge) - 1, len(address), self._n_operators))
        for column, value, (operator, start_s, stop_s) in acting:
            if start_s < to_s and stop_s > from_s:
                first = bisect_right(edge, start_s) - 1 if start_s > from_s else 0
                last = edge.index(stop_s) if stop_s < to_s else len(edge) - 1
                degree[first:last, column, operator] = 0.0 if value is None else value
        return edge, degree


def _spans(world: World, outcome: Outcome) -> dict[int, list[Span]]:
    """When operators with users enforced each entry on addresses; to the end if not released."""
    log = outcome.events
    started: dict[tuple[int, int], int] = {}
    spans: dict[int, list[Span]] = defaultdict(list)
    is_turn = (log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED)
    is_turn &= world.operators.share_users[log.operator_row] > 0
    columns = (log.t_s, log.kind, log.operator_row, log.entry_row)
    for t_s, kind, operator, entry in zip(*(c[is_turn].tolist() for c in columns), strict=True):
        if outcome.entry_mechanism[entry] is Mechanism.NAME:
            continue
        if kind == Kind.ENFORCED:
            started[operator, entry] = t_s
            continue
        start_s = started.pop((operator, entry))
        if start_s < t_s:
            spans[entry].append((operator, start_s, t_s))
    for (operator, entry), start_s in started.items():
        spans[entry].append((operator, start_s, world.horizon_s))
    return spans


@dataclass(frozen=True, eq=False)
class Inherited(FrozenColumns):
    """Inherited blocks of businesses in one run, one row each.

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


def inherited_by(world: World, outcome: Outcome) -> Inherited:
    """Find the blocks that each business inherited in one run."""
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
    edges = {*steps, *(t for edge, _ in met.values() for t in edge)}
    for start_s, stop_s in pairwise(sorted(edges)):
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
