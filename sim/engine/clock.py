"""The order of events that fall on the same second.

In: a time and a phase. Out: a SimPy event. It does not know what happens then.
"""

from collections.abc import Callable
from enum import IntEnum

import simpy


class Phase(IntEnum):
    """Phases of one second, in order; SimPy takes them as priorities.

    A provider that wavers sees what was in force before the second. An order placed in the second
    of a publication is in that version, and a download in that second sees it. Consequences are
    drawn once, after all events of the second; until then whoever decides sees the state as it was
    before.
    """

    WAVERING = 0
    ORDERS = 1
    OUTSIDE = 2
    EXPIRY = 3
    REVIEW = 4
    DECISION = 5
    PUBLICATION = 6
    DOWNLOAD = 7
    RELEASE = 8
    ENFORCEMENT = 9
    SWITCHING = 10
    TENANCY = 11
    TICK = 12


class Clock(simpy.Environment):
    """SimPy's environment, which takes up a moment at its time and phase."""

    def __init__(self) -> None:
        super().__init__(initial_time=0)

    def schedule(
        self, event: simpy.Event, priority: int = simpy.events.NORMAL, delay: float = 0
    ) -> None:
        """Schedule an event as SimPy does, a moment at its phase."""
        if isinstance(event, Moment):
            priority = event.phase
        super().schedule(event, priority, delay)  # type: ignore[arg-type]


class Moment(simpy.Timeout):
    """An event at a time in whole seconds and at a phase of that second."""

    def __init__(self, env: Clock, t_s: int, phase: Phase) -> None:
        self.phase = phase
        super().__init__(env, t_s - env.now)


def act_at(env: Clock, t_s: int, phase: Phase, act: Callable[[], None]) -> None:
    """Have something done at a time, by whoever does one thing and needs no process for it."""
    moment = Moment(env, t_s, phase)
    assert moment.callbacks is not None
    moment.callbacks.append(lambda _: act())


def now_s(env: Clock) -> int:
    """Time in whole seconds since the scenario's start."""
    return int(env.now)
