"""Place no order: the baseline every other strategy is compared with."""

from sim.engine.orders import Decision, Observation


def none(observation: Observation) -> Decision:
    """Do nothing, and do not look again.

    Really used: the baseline of every comparison.
    """
    return Decision((), None)
