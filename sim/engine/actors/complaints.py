"""Complaints, appeals to the hotline, and exemptions."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.attention import Attention, Plaintiffs
from sim.engine.clock import Clock, Moment, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.state.states import States
from sim.scenario.reactions import Complaints
from sim.streams import Stream, Streams
from sim.world.build import World

S_PER_H = 3600
Process = Generator[simpy.Event, Any, None]


class ComplaintActor:
    """Complaints and the hotline.

    Attributes
    ----------
    n_named
        Businesses that have appealed to the hotline.

    Parameters
    ----------
    attention
        How much is talked about; complaints raise it and it raises complaints.
    plaintiffs
        Businesses, users of the target and other people who complain.
    exempt
        Called with the addresses of a business whose appeal is confirmed.
    note_pressure
        Called whenever complaints may have another rate from a second on.
    """

    def __init__(
        self,
        env: Clock,
        world: World,
        rules: Complaints,
        plaintiffs: Plaintiffs,
        states: States,
        streams: Streams,
        log: EventLog,
        attention: Attention,
        exempt: Callable[[IntervalSet], bool],
        note_pressure: Callable[[int], None],
    ) -> None:
        n = world.businesses.n_businesses
        self._attention = attention
        self.n_named = 0
        self._env = env
        self._world = world
        self._rules = rules
        self._states = states
        self._log = log
        self._exempt = exempt
        self._note_pressure = note_pressure
        self._servers = simpy.Resource(env, rules.hotline_servers)
        # Drawn for everybody, so that the draws of a business do not depend on other complaints.
        threshold = streams.generator(Stream.COMPLAINT_BY_NAME).standard_exponential(n)
        service = streams.generator(Stream.HOTLINE_SERVICE).standard_exponential(n)
        self._service_s = np.rint(service * rules.hotline_service_h * S_PER_H).astype(np.int64)
        self._is_confirmed = (
            streams.generator(Stream.HOTLINE_VERDICT).random(n) < rules.confirmed_share
        )
        plaintiffs.due[:] = threshold
        self._plaintiffs = plaintiffs

    def close(self, t_s: int) -> None:
        """Complain until a second in which users are going to be cut off or to come back."""
        self._attention.note(t_s)

    def open(self, t_s: int) -> None:
        """Foresee what follows from who is cut off from that second on."""
        self._note_pressure(t_s)

    def hear(self, t_s: int) -> None:
        """Let businesses appeal by name at a tick: those whose urge is great enough."""
        urge, plaintiffs = self._rules.named_per_d * self._attention.loud_d, self._plaintiffs
        if urge < plaintiffs.next_due[0]:
            return
        row = np.flatnonzero(plaintiffs.is_impaired)
        due = plaintiffs.due[row]
        appeals = due <= urge
        appealing = row[appeals]
        plaintiffs.next_due[0] = due[~appeals].min(initial=math.inf)
        plaintiffs.due[appealing] = math.inf
        self.n_named += int(appealing.size)
        for row in appealing.tolist():
            self._log.record(t_s, Kind.COMPLAINED, business_row=row)
            self._env.process(self._appeal(row))

    def _appeal(self, row: int) -> Process:
        with self._servers.request() as server:
            yield server
            handled_s = self._env.now_s + int(self._service_s[row])
            yield Moment(self._env, handled_s, Phase.ENFORCEMENT)
        if not self._is_confirmed[row]:
            return
        lag_s = round(self._rules.exempt_lag_h * S_PER_H)
        yield Moment(self._env, self._env.now_s + max(1, lag_s), Phase.ORDERS)
        addresses = self._own_addresses(row)
        if addresses and self._exempt(addresses):
            self._log.record(self._env.now_s, Kind.EXEMPTED, business_row=row)

    def _own_addresses(self, row: int) -> IntervalSet:
        component = self._states.exposure.component_row[row][
            ~self._world.businesses.is_third_party[row]
        ]
        return self._world.places.line.at(self._world.components.addresses_of(component))
