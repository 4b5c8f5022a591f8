"""Place dated historical orders.

In: the order table of a scenario. Out: a strategy that places each order at its time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from sim.addresses.sets.line import IPV4, Line
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.registry import Given, register
from sim.scenario import strategies as ask
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
        Orders whose best estimate is later are left out; None keeps all.
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
