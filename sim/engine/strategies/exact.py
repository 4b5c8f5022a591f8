"""Single addresses and prefixes of a given length around them."""

from sim.engine.coverage import (
    ADDRESS_BITS,
    block_around,
    enclosing_front,
    open_fronts,
)
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism
from sim.engine.strategies.registry import register
from sim.scenario import strategies as ask


def exact(observation: Observation) -> Decision:
    """Drop each discovered address alone, as /32.

    Really used: Russia's register from 2012, Austria 2022, Spain's match days, Piracy Shield.
    """
    around = enclosing_front(observation, ADDRESS_BITS)
    return Decision(block_around(observation, open_fronts(observation), around))


def aggregate(length: int) -> Strategy:
    """Drop the enclosing prefix of a given length.

    Really used: subnets in Russia's register; leased ranges in Piracy Shield.
    """

    def decide(observation: Observation) -> Decision:
        around = enclosing_front(observation, length)
        return Decision(block_around(observation, open_fronts(observation), around))

    return decide


def throttle(length: int) -> Strategy:
    """Degrade the enclosing prefix of a given length instead of dropping it.

    Really used: Russia 2021 (128 kbit/s for one service) and 2025 (16 KB cap on foreign networks).
    """

    def decide(observation: Observation) -> Decision:
        around = enclosing_front(observation, length)
        rows = open_fronts(observation, Mechanism.THROTTLE)
        return Decision(block_around(observation, rows, around, Mechanism.THROTTLE))

    return decide


register(ask.Exact, exact)
register(ask.Aggregate, aggregate, lambda asked, _: aggregate(asked.length))
register(ask.Throttle, throttle, lambda asked, _: throttle(asked.length))
