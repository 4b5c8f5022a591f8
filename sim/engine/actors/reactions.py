"""Businesses and users that react: responses, programs, complaints, and attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors import Actor, Shared
from sim.engine.clock import Moment, Phase
from sim.engine.eventlog import BUSINESS, PROVIDER, Kind
from sim.engine.state import pressure_kernel as kernel
from sim.engine.state import space_kernel
from sim.engine.state.ledger import SLACK
from sim.engine.state.pressure_kernel import NO_PULL, rates_of
from sim.engine.state.space import TargetState
from sim.scenario.reactions import Complaints, Reactions
from sim.scenario.tables.rows import RESPONSES
from sim.streams import Stream
from sim.world.build import World
from sim.world.moves import DOMESTIC, S_PER_D, S_PER_H, WAIT, Moves, Programs

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
        self._log.record(t_s, Kind.RESPONDED, BUSINESS, row)
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
        self._log.record(self._env.now_s, Kind.MOVED, BUSINESS, row, PROVIDER, payee_row)
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
        self._states.move(business_row, np.where(served, target, current), is_response=False)
        kind = Kind.SWITCHED_OFF if is_off else Kind.SWITCHED_BACK
        self._log.record(self._env.now_s, kind, BUSINESS, business_row)
        self._env.is_changed = True


class ComplaintActor(Actor):
    """Complaints and the hotline.

    Attributes
    ----------
    n_named
        Businesses that have appealed to the hotline.

    Parameters
    ----------
    attention
        How much is talked about; complaints raise it and it raises complaints.
    exempt
        Called with the addresses of a business whose appeal is confirmed.
    """

    def __init__(
        self,
        shared: Shared,
        rules: Complaints,
        attention: Attention,
        exempt: Callable[[IntervalSet], bool],
    ) -> None:
        super().__init__(shared)
        n, generator = self._world.businesses.n_businesses, shared.streams.generator
        self._attention = attention
        self.n_named = 0
        self._rules = rules
        self._exempt = exempt
        self._servers = simpy.Resource(self._env, rules.hotline_servers)
        # Drawn for everybody, so that the draws of a business do not depend on other complaints.
        attention.columns.due[:] = generator(Stream.COMPLAINT_BY_NAME).standard_exponential(n)
        service = generator(Stream.HOTLINE_SERVICE).standard_exponential(n)
        self._service_s = np.rint(service * rules.hotline_service_h * S_PER_H).astype(np.int64)
        self._is_confirmed = generator(Stream.HOTLINE_VERDICT).random(n) < rules.confirmed_share

    def hear(self, t_s: int) -> None:
        """Let businesses appeal by name at a tick: those whose urge is great enough."""
        attention = self._attention.columns
        urge = self._rules.named_per_d * float(attention.attention[kernel.LOUD_D])
        if urge < attention.next_due[0]:
            return
        row = np.flatnonzero(attention.is_impaired)
        due = attention.due[row]
        appeals = due <= urge
        appealing = row[appeals]
        attention.next_due[0] = due[~appeals].min(initial=math.inf)
        attention.due[appealing] = math.inf
        self.n_named += int(appealing.size)
        for row in appealing.tolist():
            self._log.record(t_s, Kind.COMPLAINED, BUSINESS, row)
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
        is_own = ~self._world.businesses.is_third_party[row]
        component = self._states.columns.component_row[row][is_own]
        addresses = self._world.places.line.at(self._world.components.addresses_of(component))
        if addresses and self._exempt(addresses):
            self._log.record(self._env.now_s, Kind.EXEMPTED, BUSINESS, row)


class Attention:
    """Attention, which fades, and which complaints raise that it makes louder.

    Between two seconds that are noted, complaints count with their mean. From one to the next
    attention then follows a logistic law, which is solved exactly.

    Parameters
    ----------
    rules
        Without any, nobody complains, and attention does not fade.
    is_raised
        Whether anybody complains: without users nobody is counted who does.

    Attributes
    ----------
    columns
        Attention and who complains.
    pressure
        The same as the compiled loops take it.
    """

    def __init__(
        self, rules: Complaints | None, world: World, target: TargetState, *, is_raised: bool = True
    ) -> None:
        n, n_operators = world.businesses.n_businesses, world.operators.n_operators
        rates = np.zeros(8)
        if rules is not None:
            rates[kernel.PER_COMPLAINT] = rules.attention_per_complaint
            rates[kernel.SNOWBALL] = rules.snowball
            rates[kernel.FADE_PER_D] = math.log(2.0) / rules.half_life_d
        if rules is not None and is_raised:
            users, n_people = world.users, 0.0
            if users is not None and users.share_target_users > 0:
                n_people = users.n_target_users / users.share_target_users
            rates[kernel.PER_BUSINESS :] = (
                rules.per_business_per_d,
                rules.per_million_users_per_d,
                rules.per_million_people_per_d or 0.0,
                rules.named_per_d,
                n_people,
            )
        self.columns = kernel.PressureColumns(
            target=target.handle,
            attention=np.zeros(3),
            as_of_s=kernel.NEVER_NOTED,
            rates=rates,
            n_hit=np.zeros(2),
            is_impaired=np.zeros(n, np.bool_),
            due=np.zeros(n),
            next_due=np.full(1, math.inf),
            n_missing=np.zeros(n_operators),
        )
        self.pressure: Any = kernel.make_pressure(self.columns)

    @property
    def n_complaints(self) -> float:
        """Complaints until the second noted last."""
        return float(self.columns.attention[kernel.N_COMPLAINTS])

    def at(self, t_s: int) -> float:
        """Attention at a second that does not lie before the one noted last."""
        return float(kernel.attention_at(self.pressure, t_s))

    def complaints(self, from_s: int, to_s: int) -> float:
        """Complaints there would be without attention, if nobody turns in that time."""
        return float(kernel.complaints(self.pressure, from_s, to_s))

    def note(self, t_s: int) -> None:
        """Let time pass until a second from which on complaints have another rate."""
        kernel.note(self.pressure, t_s)

    def rise(self, t_s: int, share: float) -> None:
        """Close a share of the distance to 1 at a second."""
        self.note(t_s)
        # A + (1 - A) * share is 1 - (1 - A) * (1 - share), and as exact where both are small.
        attention = self.columns.attention
        attention[kernel.VALUE] += (1.0 - attention[kernel.VALUE]) * share

    def next_above(self, limit: float, t_s: int) -> int | None:
        """First second after one at which attention exceeds a limit, if complaints go on as then.

        Returns
        -------
        None if it never does. Where complaints become fewer it is later than told here.
        """
        value, limit = self.at(t_s), limit + SLACK
        if value > limit:
            return t_s + 1
        per_complaint, snowball, fade_per_d = self.columns.rates[: kernel.PER_BUSINESS].tolist()
        pull = per_complaint * self.complaints(t_s, t_s + 1) * S_PER_D
        days = days_until(value, limit, pull, snowball, fade_per_d)
        return None if math.isinf(days) else t_s + max(1, math.ceil(days * S_PER_D))


def days_until(value: float, limit: float, pull: float, snowball: float, fade: float) -> float:
    """Time until attention, below a limit at the start, reaches it; infinite if it never does."""
    if pull < NO_PULL:
        return math.inf
    q, up, down = rates_of(pull, snowball, fade)
    # Attention at the end as in ``solved``, solved for what is left of exp(-2 D t).
    beyond = value * up + pull - limit * (down + q * value)
    if beyond <= 0.0:
        return math.inf
    return -math.log(beyond / (beyond + (limit - value) * (up + down))) / (up + down)
