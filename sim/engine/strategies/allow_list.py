"""Everything that is not listed."""

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.registry import Given, register
from sim.scenario import strategies as ask


def allow_list(allowed: IntervalSet) -> Strategy:
    """Drop everything that is not listed.

    Really used: mobile networks in Russia, by region and on demand, since 2025; Kashmir 2020.

    Parameters
    ----------
    allowed
        Addresses that pass.
    """

    def decide(observation: Observation) -> Decision:
        if observation.in_force.of(Mechanism.DROP):
            return Decision()
        others = observation.line.everything.difference(allowed)
        order = Order("block", others, reason="not listed", operators=observation.operators)
        return Decision((order,))

    return decide


def _listed(given: Given) -> IntervalSet:
    assert given.resolved.allowed is not None
    return given.resolved.line.union(row.prefix for row in given.resolved.allowed.rows)


register(ask.AllowList, allow_list, lambda _, given: allow_list(_listed(given)))
