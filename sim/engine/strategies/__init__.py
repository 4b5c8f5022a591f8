"""Decision rules of the censor: each a pure function from what it observes to orders."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from sim.engine.decisions import Strategy
from sim.engine.strategies.registry import RULES
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import Asked
from sim.streams import Streams

# A rule registers itself when its module is imported: no list of rules is needed.
for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)


def build_strategy(resolved: Resolved, streams: Streams) -> Strategy:
    """Return the strategy that a scenario names, for the operators that it names."""
    asked = resolved.scenario.strategy
    strategy = RULES[type(asked)].build(asked, resolved, streams)
    if not isinstance(asked, Asked) or asked.operators is None:
        return strategy
    operators = frozenset(asked.operators)
    return lambda observation: strategy(replace(observation, operators=operators))
