"""Decision rules of the censor: each a pure function from what it observes to orders."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.strategies.registry import RULES, Given
from sim.scenario.quantities import Model
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import Asked
from sim.streams import Streams

# A rule registers itself when its module is imported: no list of rules is needed.
for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)


def build_strategy(resolved: Resolved, streams: Streams) -> Strategy:
    """Return the strategy that a scenario names."""
    return build_asked(resolved.scenario.strategy, Given(resolved, streams))


def build_asked(asked: Model, given: Given) -> Strategy:
    """Return a strategy as it is asked for, for its operators."""
    strategy = RULES[type(asked)].build(asked, given)
    if isinstance(asked, Asked) and asked.operators is not None:
        strategy = limited(strategy, frozenset(asked.operators))
    return strategy


def limited(strategy: Strategy, operators: frozenset[str]) -> Strategy:
    """Let a strategy place orders for some groups of operators alone."""

    def decide(observation: Observation) -> Decision:
        return strategy(replace(observation, operators=operators))

    return decide
