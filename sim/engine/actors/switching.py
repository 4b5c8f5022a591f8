"""Programs that take a business off a shared range while it is blocked there, and back after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sim.engine.clock import Clock, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.world.components import Components
from sim.world.switching import Programs


class SwitchingActor:
    """All programs.

    A program looks every ``every_s``, at what was blocked just before; of its looks only those are
    carried out that may find something else than the one before.

    Parameters
    ----------
    has_moved
        Whether a business has moved by itself: its program then acts no more.
    on_change
        Called after every switch, to have its consequences drawn at the end of the second.
    """

    def __init__(
        self,
        env: Clock,
        programs: Programs,
        components: Components,
        space: AddressSpace,
        states: States,
        has_moved: Callable[[int], bool],
        log: EventLog,
        on_change: Callable[[], None],
    ) -> None:
        n = programs.business_row.size
        self._env = env
        self._programs = programs
        self._space = space
        self._states = states
        self._has_moved = has_moved
        self._log = log
        self._on_change = on_change
        self._shared_row = states.exposure.component_row[programs.business_row].astype(np.int64)
        is_served = programs.component_row >= 0
        host, _, n_hosts = components.hosts_of(self._shared_row[is_served])
        self._address = components.address[host]
        n_before = np.concatenate(([0], np.cumsum(n_hosts)))
        self._start = n_before[np.concatenate(([0], np.cumsum(is_served.sum(axis=1))))]
        self._is_blocked = np.zeros(n, np.bool_)
        self._is_off = np.zeros(n, np.bool_)
        self._is_expected = np.zeros(n, np.bool_)
        self._is_over = np.zeros(n, np.bool_)

    def settle(self, t_s: int) -> None:
        """Note what is blocked from this second on; whom it concerns will look next."""
        self._is_blocked = self._space.blocked_anywhere(self._address, self._start)
        idle = ~(self._is_expected | self._is_over)
        rows = np.flatnonzero((self._is_blocked != self._is_off) & idle)
        first_s, every_s = self._programs.first_look_s, self._programs.every_s
        for row in rows.tolist():
            self._is_expected[row] = True
            n_past = max(0, (t_s - int(first_s[row])) // every_s + 1)
            look_s = int(first_s[row]) + n_past * every_s
            self._env.act_at(look_s, Phase.SWITCHING, partial(self._look, row))

    def _look(self, row: int) -> None:
        self._is_expected[row] = False
        business_row = int(self._programs.business_row[row])
        if self._has_moved(business_row):
            self._is_over[row] = True
        elif self._is_blocked[row] != self._is_off[row]:
            self._switch(row, business_row)

    def _switch(self, row: int, business_row: int) -> None:
        is_off = not self._is_off[row]
        self._is_off[row] = is_off
        target = self._programs.component_row[row] if is_off else self._shared_row[row]
        current = self._states.exposure.component_row[business_row]
        served = self._programs.component_row[row] >= 0
        moved = np.where(served, target, current)
        self._states.move(business_row, moved, is_response=False)
        kind = Kind.SWITCHED_OFF if is_off else Kind.SWITCHED_BACK
        self._log.record(self._env.now_s, kind, business_row=business_row)
        self._on_change()
