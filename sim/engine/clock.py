"""The order of events that fall on the same second."""

import math
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from heapq import heappop, heappush
from itertools import count

import simpy


class Phase(IntEnum):
    """Phases of one second, in order; SimPy takes them as priorities.

    An order placed in the second of a publication is in that version, and a download in that second
    sees it. Consequences are drawn once, after all events of the second; until then whoever decides
    sees the state as it was before.
    """

    ORDERS = 0
    OUTSIDE = 1
    REVIEW = 2
    DECISION = 3
    PUBLICATION = 4
    DOWNLOAD = 5
    RELEASE = 6
    ENFORCEMENT = 7
    SWITCHING = 8
    TENANCY = 9
    TICK = 10


class Clock(simpy.Environment):
    """SimPy's environment with its own queue, ordered by time, phase and request.

    The queue also holds plain functions. A run calls thousands of them, and an event of SimPy for
    each takes several times as long.

    Attributes
    ----------
    now_s
        Time in whole seconds since the scenario's start.
    is_changed
        Whether anything happened in this second that has consequences, drawn at its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0
        self.is_changed = True
        self._due: list[tuple[int, int, int, Callable[[], None]]] = []
        self._number = count()

    @property
    def now(self) -> int:
        """Time as SimPy asks for it."""
        return self.now_s

    def act_at(self, t_s: int, phase: Phase, act: Callable[[], None]) -> None:
        """Call a function at a time and phase, after those requested before for the same."""
        assert t_s >= self.now_s
        heappush(self._due, (t_s, phase, next(self._number), act))

    def schedule(
        self, event: simpy.Event, priority: int = simpy.events.NORMAL, delay: float = 0
    ) -> None:
        """Schedule an event as SimPy does, a moment at its phase."""
        if isinstance(event, Moment):
            priority = event.phase
        t_s = self.now_s + int(delay)
        act: Callable[[], None] = partial(_process, event)
        heappush(self._due, (t_s, priority, next(self._number), act))

    def peek(self) -> float:
        """Time of what is next; infinite if nothing is."""
        return self._due[0][0] if self._due else math.inf

    def step(self) -> None:
        """Do what is next."""
        if not self._due:
            raise simpy.core.EmptySchedule
        self.now_s, _, _, act = heappop(self._due)
        act()

    def pass_second(self) -> None:
        """Do all that is due in the next second, and what is requested for it meanwhile."""
        due = self._due
        t_s = self.now_s = due[0][0]
        while due and due[0][0] == t_s:
            heappop(due)[3]()


def _process(event: simpy.Event) -> None:
    """Call whoever waits for an event of SimPy."""
    callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
    for callback in callbacks:
        callback(event)
    if not (event.ok or event.defused):
        raise event.value  # type: ignore[misc]


class Moment(simpy.Timeout):
    """An event at a time in whole seconds and at a phase of that second."""

    def __init__(self, env: Clock, t_s: int, phase: Phase) -> None:
        self.phase = phase
        super().__init__(env, t_s - env.now_s)
