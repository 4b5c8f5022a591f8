"""Decision rules of the censor: each a pure function from what it observes to orders.

In: the strategy section of a scenario. Out: the strategy of that id. Each id of the scenario
language has exactly one implementation here.
"""

from sim.engine.orders import Strategy
from sim.engine.strategies.none import none
from sim.engine.strategies.replay import replay, time_orders
from sim.scenario.resolve import Resolved
from sim.scenario.schema import NoBlocking, Replay
from sim.streams import Streams


def build_strategy(resolved: Resolved, streams: Streams) -> Strategy:
    """Return the strategy that a scenario names."""
    asked = resolved.scenario.strategy
    match asked:
        case Replay():
            assert resolved.orders is not None
            start = resolved.scenario.start
            return replay(time_orders(resolved.orders.rows, start, asked.order_times, streams))
        case NoBlocking():
            return none
