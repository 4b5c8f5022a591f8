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


def stances(
    env: simpy.Environment,
    events: StanceEvents,
    log: EventLog,
    turn_away: Callable[[int], None],
    note_stance: Callable[..., None],
) -> Generator[simpy.Event, Any, None]:
    """Carry out the changes of stance, one after the other.

    Parameters
    ----------
    turn_away
        Called with the provider that turns compliant.
    note_stance
        Called with every change, after what follows from it for the target.
    """
    compliant: set[int] = set()
    for t_s, provider_row, stance in events.events:
        yield Moment(env, max(t_s, now_s(env)), Phase.ENFORCEMENT)
        log.record(
            now_s(env),
            Kind.STANCE,
            provider_row=provider_row,
            stance_row=STANCES.index(stance),
        )
        # Only the turn acts, not a row that says again what is so already.
        has_turned = stance == COMPLIANT and provider_row not in compliant
        if has_turned:
            turn_away(provider_row)
        if stance == COMPLIANT:
            compliant.add(provider_row)
        else:
            compliant.discard(provider_row)
        note_stance(provider_row, stance, has_turned=has_turned)
