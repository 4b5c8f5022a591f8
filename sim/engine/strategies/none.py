"""Place no order: the baseline every other strategy is compared with."""

from sim.engine.decisions import Decision, Observation
from sim.engine.strategies.registry import register
from sim.scenario import strategies as ask


def none(observation: Observation) -> Decision:
    """Do nothing, and do not look again.

    Really used: the baseline of every comparison.
    """
    return Decision((), None)


register(ask.NoBlocking, none)
