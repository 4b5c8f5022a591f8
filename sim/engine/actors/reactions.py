"""Businesses that react: patience, responses, the queue for domestic providers, moves."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.clock import Clock, Moment, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.state.states import States
from sim.scenario.reactions import Reactions
from sim.scenario.tables.rows import RESPONSES
from sim.world.moves import DOMESTIC, WAIT, Moves

S_PER_H = 3600
Process = Generator[simpy.Event, Any, None]


class ReactionActor:
    """All businesses' reactions.

    Attributes
    ----------
    n_responses : shape (n_businesses, n_kinds)
        Responses each business has completed, by row of ``RESPONSES``.
    """

    def __init__(
        self,
        env: Clock,
        moves: Moves,
        rules: Reactions,
        states: States,
        log: EventLog,
        on_change: Callable[[], None],
    ) -> None:
        n = moves.patience_s.size
        self.n_responses = np.zeros((n, len(RESPONSES)), np.int64)
        self._env = env
        self._moves = moves
        self._n_rounds = rules.n_rounds
        self._onboarding_s = round(rules.onboarding_h * S_PER_H)
        self._slots = simpy.Resource(env, rules.onboarding_slots)
        self._states = states
        self._log = log
        self._on_change = on_change
        self._round = np.zeros(n, np.int64)
        self._is_busy = np.zeros(n, np.bool_)

    def has_moved(self, business_row: int) -> bool:
        """Whether a business has completed a response other than to wait."""
        return bool(self.n_responses[business_row, WAIT + 1 :].any())

    def start_clocks(self, business_row: NDArray[np.int64], t_s: int) -> None:
        """Let the patience of some businesses run from now on."""
        self._states.patience.since_s[business_row] = t_s
        row = business_row[self._round[business_row] < self._n_rounds]
        lost_s = t_s + self._moves.patience_s[row]
        for one, lost_at_s in zip(row.tolist(), lost_s.tolist(), strict=True):
            self._env.act_at(lost_at_s, Phase.TICK, partial(self._lose_patience, one, t_s))

    def _lose_patience(self, row: int, since_s: int) -> None:
        if self._states.patience.since_s[row] != since_s or self._is_busy[row]:
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
        current = self._states.exposure.component_row[row]
        moved = np.where(component_row >= 0, component_row, current)
        self._states.move(row, moved, is_response=True)
        payee_row = int(self._moves.payee_row[row, turn])
        self._log.record(self._env.now_s, Kind.MOVED, business_row=row, provider_row=payee_row)
        self._is_busy[row] = False
        self._states.patience.has_moved[row] = True
        self._complete(row, response)
        self._on_change()

    def _complete(self, row: int, response: int) -> None:
        self._round[row] += 1
        self.n_responses[row, response] += 1
