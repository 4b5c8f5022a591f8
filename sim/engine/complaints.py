"""Complaints: attention that feeds on itself, the hotline, exemptions.

In: who is impaired and how many users are cut off, at every tick. Out: attention, and addresses to
exempt. It does not know the censor's strategy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.engine.attention import Attention
from sim.engine.clock import Moment, Phase, now_s
from sim.engine.compiled import kernels
from sim.engine.eventlog import EventLog, Kind
from sim.engine.exposure import Exposure
from sim.engine.patience import IMPAIRED_LEVEL
from sim.scenario.reactions import Complaints
from sim.streams import Stream, Streams
from sim.world.build import World

S_PER_H, S_PER_D = 3600, 86_400
MILLION = 1_000_000
_SAVED_NS = 8_000
Process = Generator[simpy.Event, Any, None]


class ComplaintActor:
    """Complaints and the hotline.

    Attributes
    ----------
    attention
        How much is talked about; complaints raise it and it raises complaints.
    n_complaints
        Expected complaints so far.
    n_named
        Businesses that have appealed to the hotline.
    """

    def __init__(
        self,
        env: simpy.Environment,
        world: World,
        rules: Complaints,
        exposure: Exposure,
        streams: Streams,
        log: EventLog,
        attention: Attention,
        exempt: Callable[[IntervalSet], bool],
    ) -> None:
        n = world.businesses.n_businesses
        self.attention = attention
        self.n_complaints = 0.0
        self.n_named = 0
        self._env = env
        self._world = world
        self._rules = rules
        self._exposure = exposure
        self._log = log
        self._exempt = exempt
        self._servers = simpy.Resource(env, rules.hotline_servers)
        # Drawn for everybody, so that a business's luck does not hang on who else complains.
        self._threshold = streams.generator(Stream.COMPLAINT_BY_NAME).standard_exponential(n)
        service = streams.generator(Stream.HOTLINE_SERVICE).standard_exponential(n)
        self._service_s = np.rint(service * rules.hotline_service_h * S_PER_H).astype(np.int64)
        self._is_confirmed = (
            streams.generator(Stream.HOTLINE_VERDICT).random(n) < rules.confirmed_share
        )
        self._urge = np.zeros(n)
        self._has_complained = np.zeros(n, np.bool_)

    def tick(self, tick_s: int, level: NDArray[np.int8], n_cut_off: float) -> None:
        """Complain over one tick, with the state just before its end."""
        rules, days, t_s = self._rules, tick_s / S_PER_D, now_s(self._env)
        louder = 1.0 + rules.snowball * self.attention.before(t_s)
        n_impaired, appealing = self._urge_on(level, days * rules.named_per_d * louder)
        rate = rules.per_business_per_d * float(n_impaired)
        rate += rules.per_million_users_per_d * n_cut_off / MILLION
        complaints = days * rate * louder
        self.n_complaints += complaints
        self.attention.rise(t_s, -math.expm1(-rules.attention_per_complaint * complaints))
        self.n_named += int(appealing.size)
        for row in appealing.tolist():
            self._log.record(t_s, Kind.COMPLAINED, business_row=row)
            self._env.process(self._appeal(row))

    def _urge_on(self, level: NDArray[np.int8], more: float) -> tuple[int, NDArray[np.int64]]:
        """Let the urge to appeal grow: how many are impaired, and who appeals now."""
        if compiled := kernels(_SAVED_NS + 3 * level.size):
            n_impaired, appealing = compiled.urge_on(
                level, self._has_complained, self._urge, self._threshold, more
            )
            return int(n_impaired), np.asarray(appealing)
        is_impaired = level >= IMPAIRED_LEVEL
        waiting = np.flatnonzero(is_impaired & ~self._has_complained)
        self._urge[waiting] += more
        appealing = waiting[self._urge[waiting] >= self._threshold[waiting]]
        self._has_complained[appealing] = True
        return int(np.count_nonzero(is_impaired)), appealing

    def _appeal(self, row: int) -> Process:
        with self._servers.request() as server:
            yield server
            handled_s = now_s(self._env) + int(self._service_s[row])
            yield Moment(self._env, handled_s, Phase.ENFORCEMENT)
        if not self._is_confirmed[row]:
            return
        lag_s = round(self._rules.exempt_lag_h * S_PER_H)
        yield Moment(self._env, now_s(self._env) + max(1, lag_s), Phase.ORDERS)
        addresses = self._own_addresses(row)
        if addresses and self._exempt(addresses):
            self._log.record(now_s(self._env), Kind.EXEMPTED, business_row=row)

    def _own_addresses(self, row: int) -> IntervalSet:
        component = self._exposure.component_row[row][~self._world.businesses.is_third_party[row]]
        host, _, _ = self._world.components.hosts_of(component)
        return IntervalSet.from_addresses(self._world.components.address[host])
