"""Tenants: now and then a component comes to other addresses, for reasons of its own.

In: arrivals drawn at t = 0. Out: businesses on other components. It does not know what is blocked:
neither does the provider that hands an address out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from sim.engine.clock import Clock, Moment, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.state.states import States
from sim.world.tenancy import Stays


def tenancy(
    env: Clock,
    stays: Stays,
    states: States,
    log: EventLog,
    on_change: Callable[[], None],
) -> Generator[simpy.Event, Any, None]:
    """Carry out the arrivals, one after the other.

    A component that a response has moved, or not moved yet, holds another seat than the arrival is
    for: then nothing happens.

    Parameters
    ----------
    on_change
        Called after every arrival, to have its consequences drawn at the end of the second.
    """
    columns = (stays.t_s, stays.business_row, stays.role_row, stays.seat, stays.component_row)
    for t_s, business, role, seat, component in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        if t_s > env.now_s:
            yield Moment(env, t_s, Phase.TENANCY)
        current = states.exposure.component_row[business]
        if stays.seat_of[current[role]] != seat:
            continue
        moved = current.copy()
        moved[role] = component
        states.move(business, moved, is_response=False)
        log.record(t_s, Kind.READDRESSED, business_row=business)
        on_change()
