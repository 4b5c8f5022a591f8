"""Orders by the clock: sessions of a calendar, rolling blocks, and orders with dates."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import (
    NO_ADDRESSES,
    Decision,
    Mechanism,
    Observation,
    Order,
    Strategy,
    answerable_fronts,
    block_around,
    cut,
    enclosing_front,
    open_fronts,
)
from sim.engine.strategies.registry import register, seconds
from sim.scenario import strategies as ask
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import GivenOrder, GivenOrderRow, windows_of_order
from sim.scenario.tables.seeds import table_rows
from sim.streams import Stream, Streams
from sim.world.providers import S_PER_D, seconds_since


class Course(NamedTuple):
    """State of a front in a session."""

    is_active: bool
    """Whether it could be listed."""
    was_listed: bool
    """Whether it was drawn in this session or before."""
    due_s: float
    """When it is ordered, after the start; infinite if it is not drawn."""


@dataclass(frozen=True)
class Growth:
    """Which known fronts a session lists, and when in it."""

    windows_s: Sequence[tuple[int, int]]
    """Half-open ``[start, stop)`` of each session, ascending."""
    share_at_start: float
    """Share of the session's fronts that are ordered at its start, the others until its end."""
    share_in_session: Sequence[float]
    """Share of the known fronts that the session lists, by row of session."""
    luck: Callable[[int, int], Sequence[float]]
    """From row of session and address to three even numbers in [0, 1): whether the session
    lists a front there, when, and whether the front is active."""
    odds: Callable[[int], float] = lambda _: 1.0
    """From an address to the factor by which the odds of that share differ for a front there
    that was listed before."""
    leave_per_s: float = 0.0
    return_per_s: float = 0.0
    """Rates at which fronts become inactive, and active again."""
    _courses: dict[tuple[int, int], list[Course]] = field(default_factory=dict, init=False)

    def due_s(
        self, session: int, address: Sequence[int], discovered_s: Sequence[int]
    ) -> NDArray[np.float64]:
        """When fronts are ordered in a session, after its start.

        Parameters
        ----------
        session
            Its row.
        address, discovered_s
            Of n fronts, known before the session ends: as numbers of their families (the place of
            an address on the line of a world depends on what else is in it), and when each was
            learnt.

        Returns
        -------
        shape (n,)
            Whole seconds; infinite for those that the session does not list. On average
            n * (s + (1 - s) * t / length) of n fronts are due by t, s the share at the start.
        """
        due_s = map(self._due_s, repeat(session), address, discovered_s)
        return np.fromiter(due_s, np.float64, len(address))

    @cached_property
    def _due_s(self) -> Callable[[int, int, int], float]:
        """The same of one front, which is asked for again and again."""
        return cache(self._follow)

    @cached_property
    def _begin_s(self) -> int:
        """Start of the first session of the run; a table may have earlier ones."""
        return next(max(start_s, 0) for start_s, stop_s in self.windows_s if stop_s > 0)

    def _follow(self, session: int, address: int, discovered_s: int) -> float:
        """Follow a front from the session in which it was known first."""
        first = bisect_right(self.windows_s, discovered_s, key=itemgetter(1))
        was_listed = discovered_s <= self._begin_s
        courses = self._courses.setdefault((address, discovered_s), [])
        for row in range(first + len(courses), session + 1):
            before = courses[-1] if courses else Course(True, was_listed, math.inf)
            courses.append(self._next(row, address, before, is_first=not courses))
        return courses[session - first].due_s

    def _next(self, session: int, address: int, before: Course, *, is_first: bool) -> Course:
        seen, place, stay = self.luck(session, address)
        start_s, stop_s = self.windows_s[session]
        is_active = before.is_active
        both = self.leave_per_s + self.return_per_s
        if both and not is_first:
            among = self.return_per_s / both
            kept = math.exp(both * (self.windows_s[session - 1][0] - start_s))
            is_active = stay < among + (is_active - among) * kept
        share = self.share_in_session[session]
        if before.was_listed:
            share = shift(share, self.odds(address))
        if not (is_active and seen < share):
            return Course(is_active, before.was_listed, math.inf)
        late = max(place - self.share_at_start, 0.0)
        if self.share_at_start < 1:
            late /= 1 - self.share_at_start
        return Course(is_active, True, math.ceil(late * float(stop_s - start_s)))


def shift(share: float, odds: float) -> float:
    """Share whose odds are multiplied, without the infinite odds of 1."""
    return share * odds / (share * odds + 1 - share)


def time_window(
    windows_s: Sequence[tuple[int, int]], length: int, growth: Growth | None = None
) -> Strategy:
    """Drop discovered addresses only during the sessions of a calendar.

    Really used: match days in Spain and Italy; exam hours in Iraq.

    Parameters
    ----------
    windows_s
        Half-open ``[start, stop)`` of each session, ascending.
    length
        Length of the prefix dropped around each address that is discovered.
    growth
        Which fronts a session lists, and when; None for all, from its start on.
    """
    edges = sorted(edge for window in windows_s for edge in window)

    def decide(observation: Observation) -> Decision:
        t_s = observation.t_s
        look_s = next((edge for edge in edges if edge > t_s), None)
        session = next(
            (k for k, (start, stop) in enumerate(windows_s) if start <= t_s < stop), None
        )
        if session is None:
            dropped = observation.in_force.of(Mechanism.DROP)
            return Decision(tuple(entry.withdrawal for entry in dropped), look_s)
        rows = open_fronts(observation)
        if growth is not None:
            start_s = windows_s[session][0]
            fronts = observation.fronts
            numbers = observation.line.numbers(fronts.address[rows])
            due_s = start_s + growth.due_s(session, numbers, fronts.discovered_s[rows].tolist())
            later_s = due_s[due_s > t_s].min(initial=math.inf)
            # There is an edge ahead: the end of this session.
            assert look_s is not None
            look_s = int(min(look_s, later_s))
            rows = rows[due_s <= t_s]
        around = enclosing_front(observation, length)
        return Decision(block_around(observation, rows, around), look_s)

    return decide


def rolling(ttl_s: int, gap_s: int, length: int) -> Strategy:
    """Release each entry after a time to live, and place it again after a gap.

    Really used: none on record; the anti-monopoly service doubted "rolling blackouts" in 2018.

    Parameters
    ----------
    ttl_s, gap_s
        A front's prefix is in force for ``ttl_s`` from its discovery, out of it for ``gap_s``, and
        so on. Without a gap entries are never released.
    length
        Length of the prefix dropped around each address.
    """
    cycle_s = ttl_s + gap_s

    def decide(observation: Observation) -> Decision:
        rows = answerable_fronts(observation)
        phase_s = (observation.t_s - observation.fronts.discovered_s[rows]) % cycle_s
        is_wanted = phase_s < ttl_s
        around = enclosing_front(observation, length)
        own = [cut(observation, one) for one in around(rows)]
        kept = {own[place] for place in np.flatnonzero(is_wanted).tolist()}
        # What holds a front may be a narrower entry, which goes as it is the prefix of none.
        dropped = observation.in_force.of(Mechanism.DROP)
        releases = tuple(entry.withdrawal for entry in dropped if entry.addresses not in kept)
        placed = {entry.addresses for entry in dropped}
        is_placed = np.array([addresses in placed for addresses in own], np.bool_)
        blocks = block_around(observation, rows[is_wanted & ~is_placed], around)
        if phase_s.size == 0 or gap_s == 0:
            return Decision(releases + blocks)
        left_s = np.where(is_wanted, ttl_s - phase_s, cycle_s - phase_s)
        return Decision(releases + blocks, observation.t_s + int(left_s.min()))

    return decide


def growth_of(
    asked: ask.TimeWindow, windows_s: Sequence[tuple[int, int]], streams: Streams
) -> Growth | None:
    """How lists grow; draws are by session and address, the same whatever happened before."""
    if (asked.share_at_start, asked.share_in_session, asked.front_leave_per_d) == (None,) * 3:
        return None
    median = 1.0 if asked.share_in_session is None else asked.share_in_session
    spread = asked.front_sd_logit

    @cache
    def luck(session: int, address: int) -> tuple[float, ...]:
        drawn = streams.generator(Stream.SESSION_FRONT, (session, address)).random(3)
        return tuple(drawn.tolist())

    @cache
    def odds(address: int) -> float:
        if spread is None:
            return 1.0
        normal = streams.generator(Stream.FRONT_PROPENSITY, (address,)).standard_normal()
        return math.exp(spread * normal)

    return Growth(
        windows_s,
        1.0 if asked.share_at_start is None else asked.share_at_start,
        [shift(median, math.exp(one)) for one in _levels(asked, windows_s, streams)],
        luck,
        odds,
        (asked.front_leave_per_d or 0.0) / S_PER_D,
        (asked.front_return_per_d or 0.0) / S_PER_D,
    )


def _levels(
    asked: ask.TimeWindow, windows_s: Sequence[tuple[int, int]], streams: Streams
) -> Iterator[float]:
    """How far each session's logit is from the median: a stationary course with a memory."""
    memory_d, level = asked.share_in_session_memory_d, 0.0
    for session, (start_s, _) in enumerate(windows_s):
        normal = streams.generator(Stream.SESSION_SHARE, (session,)).standard_normal()
        kept = 0.0
        if memory_d is not None and session:
            kept = math.exp((windows_s[session - 1][0] - start_s) / S_PER_D / memory_d)
        fresh = (asked.share_in_session_sd_logit or 0.0) * normal
        level = kept * level + math.sqrt(1 - kept**2) * fresh
        yield level


def _of_calendar(asked: ask.TimeWindow, resolved: Resolved, streams: Streams) -> Strategy:
    windows = asked.windows or [(row.start, row.end) for row in table_rows(resolved.sessions)]
    windows_s = seconds_of(windows, resolved.scenario.start)
    return time_window(windows_s, asked.length, growth_of(asked, windows_s, streams))


register(ask.TimeWindow, time_window, _of_calendar)
register(
    ask.Rolling,
    rolling,
    lambda asked, *_: rolling(seconds(asked.ttl_h), seconds(asked.gap_h), asked.length),
)


Window = tuple[datetime, datetime]


def seconds_of(windows: Iterable[Window], start: datetime) -> list[tuple[int, int]]:
    """Windows in seconds since the scenario's start; half-open ``[start, stop)``."""
    return [(seconds_since(start, first), seconds_since(start, last)) for first, last in windows]


def sessions_of(resolved: Resolved) -> list[tuple[int, int]]:
    """Sessions that split the hours of sites, in seconds within the run, ascending.

    Those of a table, or of the calendar; of orders without one each time in which any is in force,
    unless that is all of the run. None for other strategies.
    """
    scenario = resolved.scenario
    start, asked = scenario.start, scenario.strategy
    windows = [one for each in resolved.given_orders for one in windows_of_order(each, scenario)]
    if resolved.sessions is not None:
        windows = [(row.start, row.end) for row in resolved.sessions.rows]
    elif isinstance(asked, ask.TimeWindow):
        windows = list(asked.windows or ())
    found: list[tuple[int, int]] = []
    for first_s, last_s in sorted(seconds_of(windows, start)):
        from_s, to_s = max(first_s, 0), min(last_s, scenario.horizon_s)
        if found and from_s <= found[-1][1]:
            found[-1] = found[-1][0], max(to_s, found[-1][1])
        elif from_s < to_s:
            found.append((from_s, to_s))
    is_named = resolved.sessions is not None or isinstance(asked, ask.TimeWindow)
    # A record ends a second after what ends with it.
    is_all = len(found) == 1 and found[0][1] - found[0][0] >= scenario.horizon_s - 1
    return [] if is_all and not is_named else found


def replay(timed_orders: Sequence[tuple[int, Order]]) -> Strategy:
    """Strategy that places given orders at given times.

    Really used: this is how any past block is re-enacted.

    Parameters
    ----------
    timed_orders
        ``(t_s, order)``, sorted by time; orders of one second are placed in sequence.
    """
    times = [t_s for t_s, _ in timed_orders]

    def decide(observation: Observation) -> Decision:
        first, after = bisect_left(times, observation.t_s), bisect_right(times, observation.t_s)
        orders = tuple(order for _, order in timed_orders[first:after])
        return Decision(orders, times[after] if after < len(times) else None)

    return decide


def time_orders(asked: ask.Replay, resolved: Resolved, streams: Streams) -> list[tuple[int, Order]]:
    """Orders of a table with their times in seconds since the start, sorted by time.

    A drawn time is a whole second drawn evenly from ``[earliest, latest]``, one draw per row.
    """
    assert resolved.orders is not None
    start, rows = resolved.scenario.start, resolved.orders.rows
    u = streams.generator(Stream.ORDER_TIME).random(len(rows))
    timed = []
    for row, luck in zip(rows, u.tolist(), strict=True):
        if asked.last_order is not None and row.effective > asked.last_order:
            continue
        t_s = seconds_since(start, row.effective)
        if asked.order_times == "drawn":
            earliest_s = seconds_since(start, row.earliest or row.effective)
            latest_s = seconds_since(start, row.latest or row.effective)
            t_s = earliest_s + int(np.floor(luck * (latest_s - earliest_s + 1)))
        names = row.operators if row.operators is not None else asked.operators
        groups = None if names is None else frozenset(names)
        addresses, mechanism = resolved.line.prefix(row.prefix), Mechanism(row.mechanism)
        timed.append((t_s, Order(row.action, addresses, mechanism, operators=groups)))
    return sorted(timed, key=lambda pair: pair[0])


register(ask.Replay, replay, lambda *given: replay(time_orders(*given)))


Dated = tuple[int, int, Order]
"""Second, 0 to withdraw or 1 to block, and the order."""


def orders(dated: list[Dated]) -> Strategy:
    """Place the orders that are given, when they are given.

    Really used: lists that courts and authorities hand to operators, with their times.

    Parameters
    ----------
    dated
        Orders in the sequence of the scenario. Withdrawals of a second come first, so that what
        they free can be used.
    """
    return replay([(t_s, order) for t_s, _, order in sorted(dated, key=itemgetter(0, 1))])


def _dated(order: GivenOrder | GivenOrderRow, resolved: Resolved) -> Iterator[Dated]:
    """Orders that one given order comes to in a run."""
    scenario = resolved.scenario
    windows_s = seconds_of(windows_of_order(order, scenario), scenario.start)
    names = order.operators or getattr(scenario.strategy, "operators", None)
    mechanism, groups = Mechanism(order.mechanism), None if names is None else frozenset(names)
    sets: list[IntervalSet] = [NO_ADDRESSES]
    if order.addresses is not None:
        prefixes = resolved.prefixes_of(order.addresses)
        sets = [resolved.line.prefix(prefix) for prefix in prefixes]
    for start_s, stop_s in windows_s:
        # What began before the run is in force at its start.
        if max(start_s, 0) >= min(stop_s, scenario.horizon_s):
            continue
        for addresses in sets:
            overmatch = order.overmatch or 0.0
            block = Order("block", addresses, mechanism, overmatch, operators=groups)
            unblock = Order("unblock", addresses, mechanism, overmatch, operators=groups)
            yield max(start_s, 0), 1, block
            yield stop_s, 0, unblock


register(
    ask.Orders,
    orders,
    lambda _, resolved, __: orders(
        [one for order in resolved.given_orders for one in _dated(order, resolved)]
    ),
)
