"""The order of events that fall on the same second.

In: a time and a phase. Out: a SimPy event. It does not know what happens then.
"""

from collections.abc import Callable
from enum import IntEnum

import simpy


class Phase(IntEnum):
    """Phases of one second, in order; SimPy takes them as priorities.

    An order placed in the second of a publication is in that version, and a download in that
    second sees it. Consequences are drawn once, after all events of the second; until then whoever
    decides sees the state as it was before.
    """

    ORDERS = 1
    OUTSIDE = 2
    REVIEW = 3
    DECISION = 4
    PUBLICATION = 5
    DOWNLOAD = 6
    RELEASE = 7
    ENFORCEMENT = 8
    SWITCHING = 9
    TENANCY = 10
    TICK = 11


class Moment(simpy.Event):
    """An event at a time in whole seconds and at a phase of that second."""

    def __init__(self, env: simpy.Environment, t_s: int, phase: Phase) -> None:
        # As ``simpy.Event`` and its ``Timeout`` do, of which a run has thousands.
        self.env = env
        self.callbacks: list[Callable[[simpy.Event], None]] = []
        self._ok = True
        self._value = None
        env.schedule(self, phase, t_s - env.now)  # type: ignore[arg-type]


def act_at(env: simpy.Environment, t_s: int, phase: Phase, act: Callable[[], None]) -> None:
    """Have something done at a time, by whoever does one thing and needs no process for it."""
    moment = Moment(env, t_s, phase)
    moment.callbacks.append(lambda _: act())


def now_s(env: simpy.Environment) -> int:
    """Time in whole seconds since the scenario's start."""
    return int(env.now)
