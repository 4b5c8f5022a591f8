"""Decision rules of the censor: each a pure function from what it observes to orders.

In: the strategy section of a scenario. Out: the strategy of that id. Each id of the scenario
language has exactly one implementation here.
"""

from __future__ import annotations

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.prefixes import prefix_set
from sim.engine.orders import Strategy
from sim.engine.strategies.allow_list import allow_list
from sim.engine.strategies.calendars import rolling, time_window
from sim.engine.strategies.cover import cover
from sim.engine.strategies.escalate import escalate
from sim.engine.strategies.exact import aggregate, exact, throttle
from sim.engine.strategies.names import dns, sni
from sim.engine.strategies.negotiate import negotiate
from sim.engine.strategies.none import none
from sim.engine.strategies.provider_ranges import covering_prefix, provider, provider_region
from sim.engine.strategies.replay import replay, time_orders
from sim.scenario import strategies as ask
from sim.scenario.resolve import Resolved
from sim.streams import Streams

S_PER_H = 3600


def build_strategy(resolved: Resolved, streams: Streams) -> Strategy:
    """Return the strategy that a scenario names."""
    asked, start = resolved.scenario.strategy, resolved.scenario.start
    match asked:
        case ask.NoBlocking():
            return none
        case ask.Replay():
            assert resolved.orders is not None
            rows = resolved.orders.rows
            return replay(time_orders(rows, start, asked.order_times, streams, asked.last_order))
        case ask.Exact():
            return exact
        case ask.Aggregate():
            return aggregate(asked.length)
        case ask.CoveringPrefix():
            return covering_prefix(asked.purity, asked.shortest)
        case ask.ProviderRegion():
            return provider_region
        case ask.WholeProvider():
            return provider
        case ask.Escalate():
            return escalate(asked.lengths, _seconds(asked.patience_h), asked.goal)
        case ask.Dns():
            return dns(asked.overmatch)
        case ask.Sni():
            return sni(asked.overmatch)
        case ask.Throttle():
            return throttle(asked.length)
        case ask.TimeWindow():
            windows = [
                (int((first - start).total_seconds()), int((last - start).total_seconds()))
                for first, last in asked.windows
            ]
            return time_window(windows, asked.length)
        case ask.Rolling():
            return rolling(_seconds(asked.ttl_h), _seconds(asked.gap_h), asked.length)
        case ask.AllowList():
            assert resolved.allowed is not None
            prefixes = [row.prefix for row in resolved.allowed.rows]
            return allow_list(IntervalSet.union_all(prefix_set(*prefix) for prefix in prefixes))
        case ask.Negotiate():
            return negotiate(_seconds(asked.talks_h), asked.purity, asked.shortest)
        case ask.Cover():
            return cover(asked.rules)


def _seconds(hours: float) -> int:
    return round(hours * S_PER_H)
