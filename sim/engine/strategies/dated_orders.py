"""Strategies that place dated orders: those of a table, and those of the scenario itself."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4, Line
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import NO_ADDRESSES, Groups, Mechanism, Order
from sim.engine.strategies.calendars import seconds_of, windows_of_order
from sim.engine.strategies.registry import Given, register
from sim.scenario import strategies as ask
from sim.scenario.calendars import GivenOrder, GivenOrderRow
from sim.scenario.tables.rows import OrderRow
from sim.streams import Stream, Streams


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


def time_orders(
    rows: Sequence[OrderRow],
    start: datetime,
    order_times: str,
    streams: Streams,
    last_order: datetime | None = None,
    line: Line = IPV4,
    operators: Sequence[str] | None = None,
) -> list[tuple[int, Order]]:
    """Orders of a table with their times in seconds since ``start``, sorted by time.

    Parameters
    ----------
    order_times
        ``best`` takes each best estimate; ``drawn`` a whole second drawn evenly from the window
        ``[earliest, latest]``, one draw per row.
    last_order
        Orders whose best estimate is later are ignored; None keeps all.
    line
        Where their addresses lie.
    operators
        Groups of operators that an order is for whose row names none; None for all.
    """
    u = streams.generator(Stream.ORDER_TIME).random(len(rows))
    timed = []
    for row, luck in zip(rows, u.tolist(), strict=True):
        if last_order is not None and row.effective > last_order:
            continue
        t_s = _seconds(row.effective, start)
        if order_times == "drawn":
            earliest_s = _seconds(row.earliest or row.effective, start)
            latest_s = _seconds(row.latest or row.effective, start)
            t_s = earliest_s + int(np.floor(luck * (latest_s - earliest_s + 1)))
        names = row.operators if row.operators is not None else operators
        groups = None if names is None else frozenset(names)
        order = Order(
            row.action, line.prefix(row.prefix), Mechanism(row.mechanism), operators=groups
        )
        timed.append((t_s, order))
    return sorted(timed, key=lambda pair: pair[0])


def _seconds(instant: datetime, start: datetime) -> int:
    return int((instant - start).total_seconds())


def _timed(asked: ask.Replay, given: Given) -> list[tuple[int, Order]]:
    resolved = given.resolved
    assert resolved.orders is not None
    start, rows = resolved.scenario.start, resolved.orders.rows
    return time_orders(
        rows,
        start,
        asked.order_times,
        given.streams,
        asked.last_order,
        resolved.line,
        asked.operators,
    )


register(ask.Replay, replay, lambda asked, given: replay(_timed(asked, given)))


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
    ordered = sorted(dated, key=itemgetter(0, 1))
    return replay([(t_s, order) for t_s, _, order in ordered])


def _dated(order: GivenOrder | GivenOrderRow, given: Given) -> Iterator[Dated]:
    """Orders that one given order comes to in a run."""
    resolved = given.resolved
    scenario = resolved.scenario
    windows_s = seconds_of(
        windows_of_order(order, scenario.start, scenario.end, scenario.zone), scenario.start
    )
    mechanism, groups = Mechanism(order.mechanism), _groups(order, scenario.strategy)
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


def _groups(order: GivenOrder | GivenOrderRow, strategy: object) -> Groups:
    """Operators that an order is for: its own, or those of the strategy."""
    names = order.operators or getattr(strategy, "operators", None)
    return None if names is None else frozenset(names)


def _all(given: Given) -> list[Dated]:
    return list(chain.from_iterable(_dated(order, given) for order in given.resolved.given_orders))


register(ask.Orders, orders, lambda asked, given: orders(_all(given)))
