"""The target, which rents fronts, and providers, which turn it away and move their tenants."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.actors import Actor, Shared
from sim.engine.actors.censor import CensorActor
from sim.engine.clock import Moment, Phase
from sim.engine.eventlog import BUSINESS, FRONT, PROVIDER, STANCE, Kind
from sim.engine.state import space_kernel
from sim.engine.state import target_kernel as kernel
from sim.scenario.reactions import Fronts
from sim.scenario.tables.rows import STANCES
from sim.streams import Stream, Streams
from sim.world.moves import S_PER_H, Stays
from sim.world.providers import COMPLIANT, Pools, StanceEvent

S_PER_WEEK = 7 * 24 * S_PER_H


class TargetActor(Actor):
    """The target as a SimPy actor.

    It rents nothing that is listed already. The censor may discover each front after a lag; it
    knows the addresses that a target was given from the start.
    """

    def __init__(self, shared: Shared, pools: Pools, censor: CensorActor) -> None:
        super().__init__(shared)
        self._pools = pools
        self._censor = censor
        rules, streams = self._world.censor, self._streams
        self._discovery_mean_s = rules.discovery_lag_h * S_PER_H if rules else 0.0
        # At once means in the next second: this one is already settled.
        self._monitor_lag_s, self._cancel_lag_s = (
            0 if lag_h is None else max(1, round(lag_h * S_PER_H))
            for lag_h in (pools.rules.monitor_lag_h, pools.rules.cancel_h)
        )
        # None of pools that turn it away.
        self._weight = pools.weight.copy()
        self._drift = [1.0]
        self._pool_of: list[int] = []
        # The j-th front rented takes the j-th number of each stream, under every strategy.
        self._luck = zip(
            _one_by_one(streams.generator(Stream.FRONT_POOL).random),
            _one_by_one(streams.generator(Stream.FRONT_ADDRESS).random),
            _one_by_one(streams.generator(Stream.FRONT_DISCOVERY).standard_exponential),
            strict=True,
        )

    def start(self) -> None:
        """Rent the fronts of t = 0, or take up the addresses that are given."""
        for pool, address in enumerate(self._pools.given.tolist()):
            self._add(pool, address, 0)
        if self._pools.given.size:
            return
        for _ in range(self._pools.rules.n_fronts):
            self._rent()
        for t_s in arrivals_s(self._pools.rules, self._world.horizon_s, self._streams):
            self._env.act_at(t_s, Phase.ENFORCEMENT, self._rent)

    def turn_away(self, provider_row: int) -> None:
        """Let a provider end the target's fronts there: there will be no more of them."""
        closed = self._pools.provider_row == provider_row
        self._weight[closed] = 0.0
        for row in np.flatnonzero(closed[np.array(self._pool_of, np.int64)]).tolist():
            if not kernel.evict(self._target_state.handle, row):
                continue
            self._log.record(self._env.now_s, Kind.EVICTED, FRONT, row)
            self._censor.forget_front(row)
            if kernel.give_up(self._target_state.handle, row):
                self._replace()
        self._env.is_changed = True

    def replace(self, front_row: list[int]) -> None:
        """Rent others for fronts that are lost, unless new ones arrive; give those back."""
        for row in front_row:
            self._replace()
            if self._cancel_lag_s:
                # Unless its provider ends the rental before.
                at_s = self._env.now_s + self._cancel_lag_s
                self._env.act_at(at_s, Phase.ENFORCEMENT, partial(self._cancel, row))

    def _replace(self) -> None:
        if self._pools.rules.arrivals_per_week is not None:
            return
        self._env.act_at(self._env.now_s + self._monitor_lag_s, Phase.ENFORCEMENT, self._rent)

    def _cancel(self, row: int) -> None:
        if kernel.evict(self._target_state.handle, row):
            self._log.record(self._env.now_s, Kind.CANCELLED, FRONT, row)
            self._censor.forget_front(row)
            self._env.is_changed = True

    def _rent(self) -> None:
        if not self._weight.dot(self._space.columns.n_free_of):
            return
        u, v, lag = next(self._luck)
        drawn_s = lag * self._discovery_mean_s
        t_s = self._env.now_s
        weight = self._weight_in(t_s // S_PER_WEEK)
        pool, address = space_kernel.draw_free(self._space.handle, weight, u, v)
        # Later than at the start it would be answered among the other rentals of that second.
        lag_s = max(round(drawn_s), int(t_s > 0))
        self._log.record(t_s, Kind.RENTED, FRONT, self._add(pool, address, lag_s))

    def _weight_in(self, week: int) -> NDArray[np.float64]:
        """Weights of pools in a week; the heaviest drifts."""
        sd = self._pools.rules.drift_sd_logit
        if sd is None:
            return self._weight
        for row in range(len(self._drift), week + 1):
            normal = self._streams.generator(Stream.POOL_DRIFT, (row,)).standard_normal()
            self._drift.append(self._drift[-1] * math.exp(sd * normal))
        weight = self._weight.copy()
        weight[self._pools.weight.argmax()] *= self._drift[week]
        return weight

    def _add(self, pool: int, address: int, lag_s: int) -> int:
        """Add a front that the censor may discover after a lag; return its row."""
        t_s = self._env.now_s
        row = kernel.add_front(self._target_state.handle, self._space.handle, address, t_s)
        self._pool_of.append(pool)
        self._censor.expect_front(row, address, int(self._pools.provider_row[pool]), lag_s)
        self._env.is_changed = True
        return row


def arrivals_s(rules: Fronts, horizon_s: int, streams: Streams) -> list[int]:
    """Draw when new fronts appear: week by week, so that a longer run only adds."""
    mean, shape = rules.arrivals_per_week, rules.arrivals_shape
    found: list[int] = []
    if mean is None:
        return found
    for week in range(math.ceil(horizon_s / S_PER_WEEK)):
        rng = streams.generator(Stream.FRONT_ARRIVAL, (week,))
        rate = mean if shape is None else mean * rng.standard_gamma(shape) / shape
        part = np.sort(rng.random(rng.poisson(rate)))
        # In the next second: this one is already settled.
        found += (week * S_PER_WEEK + np.floor(part * S_PER_WEEK).astype(np.int64) + 1).tolist()
    return [t_s for t_s in found if t_s < horizon_s]


def _one_by_one(draw: Callable[[int], NDArray[np.float64]]) -> Iterator[float]:
    """Random numbers one after the other, which are drawn many at once."""
    while True:
        yield from draw(64).tolist()


class Stances(Actor):
    """Providers' stances as a SimPy actor."""

    def __init__(self, shared: Shared, target: TargetActor, censor: CensorActor) -> None:
        super().__init__(shared)
        self._target, self._censor = target, censor
        self._stance: dict[int, str] = {}

    def begin(self) -> None:
        """Take the stances from before the start: who complied then has no front to evict."""
        for event in self._world.stances:
            if event.t_s < 0:
                self._take(event)

    def run(self) -> Generator[simpy.Event, Any, None]:
        """Carry out the dated changes of stance, one second after the other."""
        dated = (event for event in self._world.stances if event.t_s >= 0)
        for t_s, events in groupby(dated, key=lambda event: event.t_s):
            yield Moment(self._env, t_s, Phase.ENFORCEMENT)
            for event in events:
                self._take(event)

    def _take(self, event: StanceEvent) -> None:
        row = event.provider_row
        stance_row = STANCES.index(event.stance)
        self._log.record(self._env.now_s, Kind.STANCE, PROVIDER, row, STANCE, stance_row)
        # Only the turn acts, not a row that says again what is so already.
        has_turned = event.stance == COMPLIANT and self._stance.get(row) != COMPLIANT
        if has_turned:
            self._target.turn_away(row)
        self._stance[row] = event.stance
        self._censor.note_stance(event.t_s, row, event.stance, has_turned=has_turned)


def tenancy(shared: Shared, stays: Stays) -> Generator[simpy.Event, Any, None]:
    """Carry out the arrivals, one after the other.

    A component that a response has moved, or not moved yet, holds another seat than the arrival is
    for: then nothing happens.
    """
    env, states = shared.env, shared.states
    columns = (stays.t_s, stays.business_row, stays.role_row, stays.seat, stays.component_row)
    for t_s, business, role, seat, component in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        if t_s > env.now_s:
            yield Moment(env, t_s, Phase.TENANCY)
        current = states.columns.component_row[business]
        if stays.seat_of[current[role]] != seat:
            continue
        moved = current.copy()
        moved[role] = component
        states.move(business, moved, is_response=False)
        shared.log.record(t_s, Kind.READDRESSED, BUSINESS, business)
        env.is_changed = True
