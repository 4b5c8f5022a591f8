"""Orders that are given, each with its own times, operators and mechanism.

In: orders of the scenario language. Out: the strategy ``replay`` over their dated orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from operator import itemgetter

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import Strategy
from sim.engine.orders import NO_ADDRESSES, Groups, Mechanism, Order
from sim.engine.sessions import seconds_of, windows_of_order
from sim.engine.strategies.calendars import growth_of
from sim.engine.strategies.registry import Given, register
from sim.engine.strategies.replay import replay
from sim.scenario import strategies as ask
from sim.scenario.calendars import GivenOrder, GivenOrderRow

Dated = tuple[int, int, Order]
"""Second, 0 to withdraw or 1 to block, and the order."""


def orders(dated: list[Dated]) -> Strategy:
    """Place the orders that are given, when they are given.

    Really used: lists that courts and authorities hand to operators, with their times.

    Parameters
    ----------
    dated
        Orders in the sequence in which they are given. Of one second those that withdraw come
        first, so that what they free can be used.
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
    growth = growth_of(order, windows_s, given.streams)
    mechanism, groups = Mechanism(order.mechanism), _groups(order, scenario.strategy)
    sets: list[IntervalSet] = [NO_ADDRESSES]
    if order.addresses is not None:
        prefixes = resolved.prefixes_of(order.addresses)
        sets = [resolved.line.prefix(prefix) for prefix in prefixes]
    for session, (start_s, stop_s) in enumerate(windows_s):
        due_s = np.full(len(sets), start_s, np.float64)
        if growth is not None:
            first = np.array([addresses.start[0] for addresses in sets], np.int64)
            due_s += growth.due_s(session, resolved.line.numbers(first))
        for addresses, at_s in zip(sets, due_s.tolist(), strict=True):
            # What began before the run is in force at its start.
            if max(at_s, 0) < min(stop_s, scenario.horizon_s):
                overmatch = order.overmatch or 0.0
                block = Order("block", addresses, mechanism, overmatch, operators=groups)
                unblock = Order("unblock", addresses, mechanism, overmatch, operators=groups)
                yield max(int(at_s), 0), 1, block
                yield stop_s, 0, unblock


def _groups(order: GivenOrder | GivenOrderRow, strategy: object) -> Groups:
    """Operators that an order is for: its own, or those of the strategy."""
    names = order.operators or getattr(strategy, "operators", None)
    return None if names is None else frozenset(names)


def _all(given: Given) -> list[Dated]:
    return list(chain.from_iterable(_dated(order, given) for order in given.resolved.given_orders))


register(ask.Orders, orders, lambda asked, given: orders(_all(given)))
