"""Providers: they change their stance, and one that complies turns the target away.

In: dated changes of stance. Out: evictions, and what the censor learns of talks.
"""

from collections.abc import Callable, Generator
from typing import Any

import simpy

from sim.engine.clock import Moment, Phase, now_s
from sim.engine.eventlog import EventLog, Kind
from sim.scenario.tables_reactions import STANCES
from sim.world.stances import COMPLIANT, StanceEvents


class Stances:
    """Providers' stances as a SimPy actor.

    Parameters
    ----------
    turn_away
        Called with the provider that turns compliant.
    note_stance
        Called with every change and its time, after what follows from it for the target.
    """

    def __init__(
        self,
        env: simpy.Environment,
        events: StanceEvents,
        log: EventLog,
        turn_away: Callable[[int], None],
        note_stance: Callable[..., None],
    ) -> None:
        self._env = env
        self._events = events.events
        self._log = log
        self._turn_away = turn_away
        self._note_stance = note_stance
        self._compliant: set[int] = set()

    def begin(self) -> None:
        """Take the stances from before the start: who complied then has no front to evict."""
        for t_s, provider_row, stance in self._events:
            if t_s < 0:
                self._take(t_s, provider_row, stance)

    def run(self) -> Generator[simpy.Event, Any, None]:
        """Carry out the changes of stance, one after the other."""
        for t_s, provider_row, stance in self._events:
            if t_s >= 0:
                yield Moment(self._env, t_s, Phase.ENFORCEMENT)
                self._take(t_s, provider_row, stance)

    def _take(self, t_s: int, provider_row: int, stance: str) -> None:
        self._log.record(
            now_s(self._env),
            Kind.STANCE,
            provider_row=provider_row,
            stance_row=STANCES.index(stance),
        )
        # Only the turn acts, not a row that says again what is so already.
        has_turned = stance == COMPLIANT and provider_row not in self._compliant
        if has_turned:
            self._turn_away(provider_row)
        if stance == COMPLIANT:
            self._compliant.add(provider_row)
        else:
            self._compliant.discard(provider_row)
        self._note_stance(t_s, provider_row, stance, has_turned=has_turned)
