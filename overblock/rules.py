"""What a strategy or a measure of your own needs.

``docs/how-to/write-your-own-strategy.md`` shows how to use it.
"""

from sim.engine.decisions import (
    Decision,
    Mechanism,
    Observation,
    Order,
    block_around,
    cut,
    enclosing,
    enclosing_front,
    open_fronts,
)
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.registry import Strategy
from sim.measure.measures import measure
from sim.world.build import World

__all__ = [
    "Decision",
    "Mechanism",
    "Observation",
    "Order",
    "Outcome",
    "Strategy",
    "World",
    "block_around",
    "cut",
    "enclosing",
    "enclosing_front",
    "measure",
    "open_fronts",
]
