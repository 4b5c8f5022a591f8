"""Decision rules of the censor: each a pure function from what it observes to orders.

In: the strategy section of a scenario. Out: the strategy of that id. Every module of this folder
is imported, so that a rule that says what it carries out needs no list.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from sim.engine.decisions import Strategy
from sim.engine.strategies.registry import RULES, Given
from sim.scenario.resolve import Resolved
from sim.streams import Streams

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)


def build_strategy(resolved: Resolved, streams: Streams) -> Strategy:
    """Return the strategy that a scenario names."""
    asked = resolved.scenario.strategy
    return RULES[type(asked)].build(asked, Given(resolved, streams))
