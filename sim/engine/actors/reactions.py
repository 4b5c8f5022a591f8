"""Businesses that react: patience, responses, moves, and programs that leave a shared range."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.actors import Actor, Shared
from sim.engine.clock import Moment, Phase
from sim.engine.eventlog import Kind
from sim.engine.state import space_kernel
from sim.scenario.reactions import Reactions
from sim.scenario.tables.rows import RESPONSES
from sim.world.moves import DOMESTIC, WAIT, Moves, Programs

S_PER_H = 3600
Process = Generator[simpy.Event, Any, None]


class ReactionActor(Actor):
    """All businesses' reactions.

    Attributes
    ----------
    n_responses : shape (n_businesses, n_kinds)
        Responses each business has completed, by row of ``RESPONSES``.
    """

    def __init__(self, shared: Shared, moves: Moves, rules: Reactions) -> None:
        super().__init__(shared)
        n = moves.patience_s.size
        self.n_responses = np.zeros((n, len(RESPONSES)), np.int64)
        self._moves = moves
        self._n_rounds = rules.n_rounds
        self._onboarding_s = round(rules.onboarding_h * S_PER_H)
        self._slots = simpy.Resource(self._env, rules.onboarding_slots)
        self._round = np.zeros(n, np.int64)
        self._is_busy = np.zeros(n, np.bool_)

    def has_moved(self, business_row: int) -> bool:
        """Whether a business has completed a response other than to wait."""
        return bool(self.n_responses[business_row, WAIT + 1 :].any())

    def start_clocks(self, business_row: NDArray[np.int64], t_s: int) -> None:
        """Let the patience of some businesses run from now on."""
        self._states.columns.impatient_since_s[business_row] = t_s
        row = business_row[self._round[business_row] < self._n_rounds]
        lost_s = t_s + self._moves.patience_s[row]
        for one, lost_at_s in zip(row.tolist(), lost_s.tolist(), strict=True):
            self._env.act_at(lost_at_s, Phase.TICK, partial(self._lose_patience, one, t_s))

    def _lose_patience(self, row: int, since_s: int) -> None:
        if self._states.columns.impatient_since_s[row] != since_s or self._is_busy[row]:
            return
        response = int(self._moves.response[row, self._round[row]])
        t_s = self._env.now_s
        self._log.record(t_s, Kind.RESPONDED, business_row=row)
        if response == WAIT:
            self._complete(row, WAIT)
            self.start_clocks(np.array([row]), t_s)
            return
        self._is_busy[row] = True
        # A response that takes no time tells in the next second: in this one it was decided.
        ready_s = t_s + max(1, int(self._moves.time_s[row, self._round[row]]))
        self._env.act_at(ready_s, Phase.ENFORCEMENT, partial(self._be_ready, row, response))

    def _be_ready(self, row: int, response: int) -> None:
        if response == DOMESTIC:
            self._env.process(self._onboard(row))
        else:
            self._move(row, response)

    def _onboard(self, row: int) -> Process:
        """Wait for a domestic provider to take the business on."""
        with self._slots.request() as slot:
            yield slot
            yield Moment(self._env, self._env.now_s + self._onboarding_s, Phase.ENFORCEMENT)
        self._move(row, DOMESTIC)

    def _move(self, row: int, response: int) -> None:
        turn = self._round[row]
        component_row = self._moves.component_row[row, turn]
        current = self._states.columns.component_row[row]
        moved = np.where(component_row >= 0, component_row, current)
        self._states.move(row, moved, is_response=True)
        payee_row = int(self._moves.payee_row[row, turn])
        self._log.record(self._env.now_s, Kind.MOVED, business_row=row, provider_row=payee_row)
        self._is_busy[row] = False
        self._states.columns.has_moved[row] = True
        self._complete(row, response)
        self._env.is_changed = True

    def _complete(self, row: int, response: int) -> None:
        self._round[row] += 1
        self.n_responses[row, response] += 1


class SwitchingActor(Actor):
    """All programs.

    A program looks every ``every_s``, at what was blocked just before; of its looks only those are
    carried out that may find something else than the one before.

    Parameters
    ----------
    reactions
        The program of a business that has moved by itself acts no more; None if nobody moves.
    """

    def __init__(self, shared: Shared, programs: Programs, reactions: ReactionActor | None) -> None:
        super().__init__(shared)
        n, components = programs.business_row.size, self._world.components
        self._programs = programs
        self._reactions = reactions
        self._shared_row = self._states.columns.component_row[programs.business_row].astype(
            np.int64
        )
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
        space = self._space.handle
        self._is_blocked = space_kernel.blocked_anywhere(space, self._address, self._start)
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
        if self._reactions is not None and self._reactions.has_moved(business_row):
            self._is_over[row] = True
        elif self._is_blocked[row] != self._is_off[row]:
            self._switch(row, business_row)

    def _switch(self, row: int, business_row: int) -> None:
        is_off = not self._is_off[row]
        self._is_off[row] = is_off
        target = self._programs.component_row[row] if is_off else self._shared_row[row]
        current = self._states.columns.component_row[business_row]
        served = self._programs.component_row[row] >= 0
        moved = np.where(served, target, current)
        self._states.move(business_row, moved, is_response=False)
        kind = Kind.SWITCHED_OFF if is_off else Kind.SWITCHED_BACK
        self._log.record(self._env.now_s, kind, business_row=business_row)
        self._env.is_changed = True
