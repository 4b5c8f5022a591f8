"""Attention: how much is talked about what the censor breaks; complaints, appeals, exemptions."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.clock import Clock, Moment, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.state import pressure_kernel as kernel
from sim.engine.state.ledger import SLACK
from sim.engine.state.pressure_kernel import NO_PULL, rates_of
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.scenario.reactions import Complaints, Users
from sim.streams import Stream, Streams
from sim.world.build import World

S_PER_H, S_PER_D = 3600, 86_400
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
    exempt
        Called with the addresses of a business whose appeal is confirmed.
    """

    def __init__(
        self,
        env: Clock,
        world: World,
        rules: Complaints,
        states: States,
        streams: Streams,
        log: EventLog,
        attention: Attention,
        exempt: Callable[[IntervalSet], bool],
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
        self._servers = simpy.Resource(env, rules.hotline_servers)
        # Drawn for everybody, so that the draws of a business do not depend on other complaints.
        threshold = streams.generator(Stream.COMPLAINT_BY_NAME).standard_exponential(n)
        service = streams.generator(Stream.HOTLINE_SERVICE).standard_exponential(n)
        self._service_s = np.rint(service * rules.hotline_service_h * S_PER_H).astype(np.int64)
        self._is_confirmed = (
            streams.generator(Stream.HOTLINE_VERDICT).random(n) < rules.confirmed_share
        )
        attention.due[:] = threshold

    def hear(self, t_s: int) -> None:
        """Let businesses appeal by name at a tick: those whose urge is great enough."""
        attention = self._attention
        urge = self._rules.named_per_d * attention.loud_d
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
        component = self._states.columns.component_row[row][
            ~self._world.businesses.is_third_party[row]
        ]
        return self._world.places.line.at(self._world.components.addresses_of(component))


def _n_internet_users(users: Users | None) -> float:
    """Number of Internet users; 0 where nobody uses the target."""
    if users is None or users.share_target_users == 0:
        return 0.0
    return users.n_target_users / users.share_target_users


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
    rates : shape (1,)
        How often each of them complains, a ``RATES``.
    n_hit : shape (2,)
    is_impaired, due : shape (n_businesses,)
    next_due : shape (1,)
        As in ``PressureColumns``.
    record : shape (1,)
        Attention as the compiled loops take it, an ``ATTENTION``.
    pressure
        Attention and who complains as they take it.
    """

    def __init__(
        self, rules: Complaints | None, world: World, target: TargetState, *, is_raised: bool = True
    ) -> None:
        n, n_operators = world.businesses.n_businesses, world.operators.n_operators
        self.rates, self.record = np.zeros(1, kernel.RATES), np.zeros(1, kernel.ATTENTION)
        if rules is not None:
            self.record["per_complaint"] = rules.attention_per_complaint
            self.record["snowball"] = rules.snowball
            self.record["fade_per_d"] = math.log(2.0) / rules.half_life_d
        if rules is not None and is_raised:
            self.rates[0] = (
                rules.per_business_per_d,
                rules.per_million_users_per_d,
                rules.per_million_people_per_d or 0.0,
                rules.named_per_d,
                _n_internet_users(world.users),
            )
        self.n_hit, self.is_impaired = np.zeros(2), np.zeros(n, np.bool_)
        self.due, self.next_due = np.zeros(n), np.full(1, math.inf)
        self.pressure: Any = kernel.make_pressure(
            kernel.PressureColumns(
                target=target.handle,
                attention=self.record,
                rates=self.rates,
                n_hit=self.n_hit,
                is_impaired=self.is_impaired,
                due=self.due,
                next_due=self.next_due,
                n_missing=np.zeros(n_operators),
            )
        )

    @property
    def n_complaints(self) -> float:
        """Complaints until the second noted last."""
        return float(self.record["n_complaints"][0])

    @property
    def loud_d(self) -> float:
        """Days until then, each counted as many times as attention made complaints louder."""
        return float(self.record["loud_d"][0])

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
        self.record["value"] += (1.0 - self.record["value"]) * share

    def next_above(self, limit: float, t_s: int) -> int | None:
        """First second after one at which attention exceeds a limit, if complaints go on as then.

        Returns
        -------
        None if it never does. Where complaints become fewer it is later than told here.
        """
        value, limit = self.at(t_s), limit + SLACK
        if value > limit:
            return t_s + 1
        rules = self.record[0]
        pull = float(rules["per_complaint"]) * self.complaints(t_s, t_s + 1) * S_PER_D
        snowball, fade_per_d = float(rules["snowball"]), float(rules["fade_per_d"])
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
