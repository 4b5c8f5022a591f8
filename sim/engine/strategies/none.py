"""Place no order: the baseline every other strategy is compared with."""

from sim.engine.orders import Decision, Observation


def none(observation: Observation) -> Decision:
    """Do nothing, and do not look again."""
    return Decision((), None)
