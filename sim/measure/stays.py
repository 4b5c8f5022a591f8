"""Stays: where each component was and from when to when, reconstructed from the events of a run.

In: a world and an outcome. Out: one row per stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.world.build import World
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
    """What moved each business, by time."""
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
