"""Providers: they change their stance, turn the target away, and give tenants other addresses."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from itertools import groupby
from typing import Any

import simpy

from sim.engine.clock import Clock, Moment, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.state.states import States
from sim.scenario.tables.rows import STANCES
from sim.world.stances import COMPLIANT, StanceEvent, StanceEvents
from sim.world.tenancy import Stays


class Stances:
    """Providers' stances as a SimPy actor.

    Parameters
    ----------
    turn_away
        Called with the provider that turns the target away.
    note_stance
        Called with every change and its time, after what follows from it for the target.
    is_blocked
        Tells whether an entry in force blocks an address of a provider.
    """

    def __init__(
        self,
        env: Clock,
        events: StanceEvents,
        log: EventLog,
        turn_away: Callable[[int], None],
        note_stance: Callable[..., None],
        is_blocked: Callable[[int], bool],
    ) -> None:
        self._env = env
        self._events = events.events
        bound = {event.provider_row for event in events.events}
        self._waverings = [one for one in events.waverings if one.provider_row not in bound]
        self._log = log
        self._turn_away = turn_away
        self._note_stance = note_stance
        self._is_blocked = is_blocked
        self._stance: dict[int, str] = {}

    def begin(self) -> None:
        """Take the stances from before the start: who complied then has no front to evict."""
        for event in self._events:
            if event.t_s < 0:
                self._take(event)

    def run(self) -> Generator[simpy.Event, Any, None]:
        """Carry out the dated changes of stance, one second after the other."""
        dated = (event for event in self._events if event.t_s >= 0)
        for t_s, events in groupby(dated, key=lambda event: event.t_s):
            yield Moment(self._env, t_s, Phase.ENFORCEMENT)
            for event in events:
                self._take(event)

    def waver(self) -> Generator[simpy.Event, Any, None]:
        """Let a provider that is blocked turn compliant when it wavers, unless any row dates it.

        It knows what was so before the second, and turns after what is dated in it.
        """
        for t_s, row in self._waverings:
            yield Moment(self._env, t_s, Phase.WAVERING)
            if row not in self._stance and self._is_blocked(row):
                turn = StanceEvent(t_s, row, COMPLIANT)
                self._env.act_at(t_s, Phase.ENFORCEMENT, partial(self._take, turn))

    def _take(self, event: StanceEvent) -> None:
        row = event.provider_row
        self._log.record(
            self._env.now_s,
            Kind.STANCE,
            provider_row=row,
            stance_row=STANCES.index(event.stance),
        )
        # Only the turn acts, not a row that says again what is so already.
        has_turned = event.stance == COMPLIANT and self._stance.get(row) != COMPLIANT
        if has_turned:
            self._turn_away(row)
        self._stance[row] = event.stance
        self._note_stance(event.t_s, row, event.stance, has_turned=has_turned)


def tenancy(
    env: Clock,
    stays: Stays,
    states: States,
    log: EventLog,
) -> Generator[simpy.Event, Any, None]:
    """Carry out the arrivals, one after the other.

    A component that a response has moved, or not moved yet, holds another seat than the arrival is
    for: then nothing happens.
    """
    columns = (stays.t_s, stays.business_row, stays.role_row, stays.seat, stays.component_row)
    for t_s, business, role, seat, component in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        if t_s > env.now_s:
            yield Moment(env, t_s, Phase.TENANCY)
        current = states.columns.component_row[business]
        if stays.seat_of[current[role]] != seat:
            continue
        moved = current.copy()
        moved[role] = component
        states.move(business, moved, is_response=False)
        log.record(t_s, Kind.READDRESSED, business_row=business)
        env.is_changed = True
