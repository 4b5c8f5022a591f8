"""The censor: it looks, asks its strategy, and places the orders the strategy returns.

In: a strategy. Out: orders in the register. It does not know what they do to anybody.
"""

from collections.abc import Callable, Generator
from typing import Any

import simpy

from sim.engine.clock import Moment, Phase, now_s
from sim.engine.orders import Observation, Strategy
from sim.engine.register import Register


def censor(
    env: simpy.Environment,
    strategy: Strategy,
    register: Register,
    on_change: Callable[[], None],
) -> Generator[simpy.Event, Any, None]:
    """Decide now, and again whenever the strategy asked to look."""
    while True:
        t_s = now_s(env)
        decision = strategy(Observation(t_s))
        for order in decision.orders:
            register.place(order)
        if decision.orders:
            on_change()
        if decision.next_look_s is None:
            return
        yield Moment(env, decision.next_look_s, Phase.ORDERS)
