"""The censor: it discovers fronts, asks its strategy, and places the orders that fit."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import simpy

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors import Actor, Shared
from sim.engine.actors.limits import Admission, Hold, Limits, Review, admit, narrowed, within
from sim.engine.actors.limits import withdrawn as withdrawn_from_outside
from sim.engine.actors.operators import Register
from sim.engine.actors.reactions import Attention
from sim.engine.clock import Moment, Phase
from sim.engine.decisions import (
    Decision,
    Entry,
    KnownFronts,
    Mechanism,
    Observation,
    Order,
    Strategy,
)
from sim.engine.eventlog import FRONT, PUBLIC_EVENT, Kind
from sim.engine.state.ledger import SLACK
from sim.engine.state.reach_kernel import reached_share
from sim.engine.state.space import S_PER_D, S_PER_H, TargetState
from sim.world.build import World
from sim.world.providers import COMPLIANT, SILENT

ROW, ADDRESS, PROVIDER, DISCOVERED, EXEMPT = range(5)


class _KnownRows:
    """Discovered fronts as growing columns."""

    def __init__(self, exempt: IntervalSet, target: TargetState) -> None:
        self._exempt = exempt
        self._target = target
        self._row: list[int] = []
        self._columns = np.empty((5, 16), np.int64)

    def add(self, front_row: int, address: int, provider_row: int, t_s: int) -> None:
        """Note a front that is discovered."""
        n, place = len(self._row), bisect_left(self._row, front_row)
        if n == self._columns.shape[1]:
            self._columns = np.concatenate((self._columns, np.empty_like(self._columns)), axis=1)
        if place < n:
            self._columns[:, place + 1 : n + 1] = self._columns[:, place:n]
        is_exempt = bool(self._exempt) and self._exempt.holds(address)
        self._columns[:, place] = front_row, address, provider_row, t_s, is_exempt
        self._row.insert(place, front_row)

    def remove(self, front_row: int) -> int | None:
        """Forget a front; return its address, or None if it was not discovered."""
        n, place = len(self._row), bisect_left(self._row, front_row)
        if place == n or self._row[place] != front_row:
            return None
        address = self._columns.item(ADDRESS, place)
        self._columns[:, place : n - 1] = self._columns[:, place + 1 : n]
        del self._row[place]
        return address

    def seen(self) -> KnownFronts:
        """The fronts as the censor sees them until something changes."""
        columns = self._columns[:, : len(self._row)]
        return KnownFronts(
            columns[ADDRESS],
            columns[PROVIDER],
            columns[DISCOVERED],
            columns[EXEMPT] > 0,
            partial(self._target.is_held, columns[ROW]),
        )


Process = Generator[simpy.Event, Any, None]


class CensorActor(Actor):
    """The censor as a SimPy actor.

    Parameters
    ----------
    attention
        What complaints and public events raise; it is the pressure on the censor.
    """

    def __init__(
        self, shared: Shared, strategy: Strategy, register: Register, attention: Attention
    ) -> None:
        super().__init__(shared)
        world = self._world
        self._strategy = strategy
        self._register = register
        self._attention = attention
        self._limits = Limits.of(world.censor, world.exempt)
        self._end_pressure = world.censor.end_pressure if world.censor else None
        self._known = _KnownRows(world.exempt, shared.target)
        self._review = _review_of(world)
        self._n_found = 0
        self._gone: set[int] = set()
        # Known fronts that went: where they were, and when; as plain numbers, thousands of them.
        self._was_known, self._went_s = array("q"), array("q")
        self._stance = (SILENT,) * len(world.places.provider)
        self._is_due = False
        self._next_look_s: int | None = None
        self._answer = Admission()
        self._is_next_day_due = False
        self._end_s: int | None = None
        self._has_ended = False
        self._day, self._n_today = 0, 0

    def run(self) -> Process:
        """Decide at t = 0, and let public events raise attention at their second."""
        self._ask()
        dated = enumerate(self._world.pressure_events)
        events = sorted((t_s, row, adds) for row, (t_s, adds) in dated)
        for t_s, row, adds in events:
            if t_s < 0:
                self._note_public_event(t_s, row, adds)
        self._attention.note(0)
        if self._end_s == 0:
            # What was known at the start is discovered by nobody who has given up before.
            self._yield_to_pressure()
        for t_s, row, adds in events:
            if t_s >= 0:
                yield Moment(self._env, t_s, Phase.TICK)
                self._note_public_event(t_s, row, adds)

    def expect_front(self, front_row: int, address: int, provider_row: int, lag_s: int) -> None:
        """Discover a front after a lag, unless it is gone by then.

        The more were found before, the longer it takes.
        """
        saturation = self._world.censor.saturation_finds if self._world.censor else None
        if saturation is not None:
            # Whole numbers alone, so that no rounding moves a second; rounded up.
            lag_s = -(-lag_s * (saturation + self._n_found) // saturation)
        found_s = self._env.now_s + lag_s
        discover = partial(self._discover, front_row, address, provider_row)
        self._env.act_at(found_s, Phase.ORDERS, discover)

    def forget_front(self, front_row: int) -> None:
        """Look no longer at a front that is gone."""
        self._gone.add(front_row)
        address = self._known.remove(front_row)
        if address is not None:
            self._was_known.append(address)
            self._went_s.append(self._env.now_s)

    def review(self) -> Process:
        """Withdraw from time to time the entries in which the target no longer is."""
        review = self._review
        while review is not None and not self._has_ended:
            yield Moment(self._env, self._env.now_s + review.every_s, Phase.REVIEW)
            self._withdraw_silent(review)

    def obey(self) -> Process:
        """Withdraw what others decide, when they do."""
        for t_s, share in self._world.outside_withdrawals:
            yield Moment(self._env, t_s, Phase.OUTSIDE)
            for entry in withdrawn_from_outside(self._register.in_force.blocking(), share):
                self._withdraw_entry(entry)

    def note_pressure(self, t_s: int) -> None:
        """Foresee when pressure ends the block, from a second on in which its course changed."""
        limit = self._end_pressure
        if limit is not None and not self._has_ended:
            self._foresee_end(self._attention.next_above(limit, t_s))

    def note_stance(self, t_s: int, provider_row: int, stance: str, *, has_turned: bool) -> None:
        """Take note of what a provider does; withdraw its ranges after talks if it complies."""
        if stance != self._stance[provider_row] and t_s >= 0:
            self._env.act_at(t_s + 1, Phase.ORDERS, self._ask)
        self._stance = (*self._stance[:provider_row], stance, *self._stance[provider_row + 1 :])
        if has_turned and self._world.censor is not None:
            lag_s = round(self._world.censor.withdraw_lag_h * S_PER_H)
            # What was due before the start found nothing to withdraw.
            if t_s + lag_s >= 0:
                self._env.act_at(t_s + lag_s, Phase.ORDERS, lambda: self._withdraw(provider_row))

    def exempt(self, addresses: IntervalSet) -> bool:
        """Let some addresses pass from now on; return whether there was still need to."""
        if not self._has_ended:
            self._register.place(Order("block", addresses, Mechanism.EXEMPT))
            self._reopen(self._env.now_s + 1, Hold.ADDRESSES)
        return not self._has_ended

    def _note_public_event(self, t_s: int, row: int, adds: float) -> None:
        self._attention.rise(t_s, adds)
        self._log.record(max(t_s, 0), Kind.PUBLIC_EVENT, PUBLIC_EVENT, row)
        self.note_pressure(t_s)

    def _discover(self, front_row: int, address: int, provider_row: int) -> None:
        if self._has_ended or front_row in self._gone:
            return
        t_s = self._env.now_s
        self._n_found += 1
        self._known.add(front_row, address, provider_row, t_s)
        self._log.record(t_s, Kind.DISCOVERED, FRONT, front_row)
        self._ask()

    def _ask(self) -> None:
        """Have the strategy decide once in this second, after everything it may learn in it."""
        if not self._is_due and not self._has_ended:
            self._is_due = True
            self._env.act_at(self._env.now_s, Phase.DECISION, self._decide)

    def _decide(self) -> None:
        self._is_due = False
        if self._has_ended:
            return
        observation = self._observe()
        decision = self._strategy(observation)
        self._place_orders(decision, observation)
        look_s = decision.next_look_s
        if look_s is not None and look_s != self._next_look_s:
            self._next_look_s = look_s
            at_s = max(look_s, self._env.now_s + 1)
            self._env.act_at(at_s, Phase.ORDERS, lambda: self._look_again(look_s))

    def _look_again(self, look_s: int) -> None:
        if self._next_look_s == look_s:
            self._next_look_s = None
            self._ask()

    def _reopen(self, t_s: int, *freed: Hold) -> None:
        """Ask anew at a second if the last decision was refused for what has ended by then."""
        if not self._answer.holds.isdisjoint(freed):
            answer = self._answer
            self._env.act_at(t_s, Phase.ORDERS, lambda: self._ask_after(answer))

    def _ask_after(self, answer: Admission) -> None:
        """Ask unless another decision was made meanwhile, which knew what had ended."""
        if self._answer is answer:
            self._ask()

    def _await_day(self) -> None:
        """Look at the next day whether what the last decision was refused may pass then."""
        holds = self._answer.holds
        may_pass = Hold.PAUSE in holds or (Hold.DAY in holds and self._limits.orders_per_day > 0)
        if may_pass and not self._is_next_day_due:
            self._is_next_day_due = True
            next_day = self._env.now_s // S_PER_D + 1
            self._env.act_at(next_day * S_PER_D, Phase.ORDERS, self._begin_day)

    def _begin_day(self) -> None:
        self._is_next_day_due = False
        holds = self._answer.holds
        if (Hold.PAUSE in holds and not self._is_pausing(self._attention.at(self._env.now_s))) or (
            Hold.DAY in holds and self._limits.orders_per_day > 0
        ):
            self._ask()
        elif not self._has_ended:
            self._await_day()

    def _observe(self) -> Observation:
        t_s = self._env.now_s
        return Observation(
            t_s=t_s,
            fronts=self._known.seen(),
            in_force=self._register.in_force,
            reach=partial(self._reached_share, t_s),
            pressure=self._attention.at(t_s),
            stance=self._stance,
            places=self._world.places,
            exempt=self._world.exempt,
        )

    def _reached_share(self, t_s: int) -> float:
        """Share of the target's users who reach it; not known where it has no fronts."""
        has_fronts = self._world.pools is not None
        return float(reached_share(self._target_state.handle, t_s)) if has_fronts else float("nan")

    def _place_orders(self, decision: Decision, observation: Observation) -> None:
        day = self._env.now_s // S_PER_D
        if day != self._day:
            self._day, self._n_today = day, 0
        limits = self._limits
        is_pausing, waits = self._is_pausing(observation.pressure), False
        rules = self._world.censor
        if is_pausing and rules is not None and rules.narrow_length is not None:
            decision, waits = narrowed(decision, observation, rules.narrow_length)
            is_pausing = False
        if is_pausing:
            limits = replace(limits, is_pausing=True)
        self._answer = admit(
            decision.orders,
            self._register.in_force,
            self._n_today,
            limits,
            is_whole=decision.is_whole,
        )
        if waits:
            self._answer = replace(self._answer, holds=self._answer.holds | {Hold.PAUSE})
        for order in self._answer.orders:
            self._n_today += order.action == "block"
            self._register.place(order)
        self._await_day()

    def _withdraw(self, provider_row: int) -> None:
        if self._has_ended:
            return
        mine = self._world.places.provider_addresses(provider_row)
        for entry in within(self._register.in_force.blocking(), mine):
            self._withdraw_entry(entry)

    def _withdraw_silent(self, review: Review) -> None:
        if self._has_ended:
            return
        complying = [row for row, stance in enumerate(self._stance) if stance == COMPLIANT]
        places = self._world.places
        for entry in review.withdrawn(
            self._register.in_force.blocking(),
            self._env.now_s,
            self._known.seen().address,
            np.array(self._was_known, np.int64),
            np.array(self._went_s, np.int64),
            IntervalSet.union_all(places.provider_addresses(row) for row in complying),
        ):
            self._withdraw_entry(entry)

    def _withdraw_entry(self, entry: Entry) -> None:
        self._register.withdraw(entry.order.key)
        self._reopen(self._env.now_s + 1, Hold.RULES, Hold.ADDRESSES)

    def _is_pausing(self, pressure: float) -> bool:
        rules = self._world.censor
        limit = rules.pause_pressure if rules is not None else None
        return limit is not None and pressure > limit + SLACK

    def _foresee_end(self, end_s: int | None) -> None:
        self._end_s = end_s
        if end_s is not None:
            # What public events before the start bring about happens at the start.
            self._end_s = max(end_s, self._env.now_s)
            self._env.act_at(self._end_s, Phase.ORDERS, self._yield_to_pressure)

    def _yield_to_pressure(self) -> None:
        t_s = self._env.now_s
        if self._has_ended or self._end_s != t_s:
            return
        assert self._end_pressure is not None
        if not self._attention.at(t_s) > self._end_pressure + SLACK:
            # Complaints became fewer meanwhile. Half the way, so as not to come late.
            end_s = self._attention.next_above(self._end_pressure, t_s)
            self._foresee_end(None if end_s is None else t_s + max(1, (end_s - t_s) // 2))
            return
        self._has_ended = True
        for entry in self._register.in_force.blocking():
            self._register.withdraw(entry.order.key)


def _review_of(world: World) -> Review | None:
    rules = world.censor
    if rules is None or rules.review_every_d is None or rules.review_silent_d is None:
        return None
    n_addresses = rules.review_addresses if rules.review_addresses is not None else math.inf
    every_s, silent_s = rules.review_every_d * S_PER_D, rules.review_silent_d * S_PER_D
    return Review(max(1, round(every_s)), round(silent_s), n_addresses)
