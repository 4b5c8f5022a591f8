"""The least-collateral cover of what the censor knows."""

from sim.addresses.cover.cover import find_covers
from sim.addresses.cover.targets import Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.coverage import answerable_fronts, cut
from sim.engine.strategies.registry import register
from sim.scenario import strategies as ask


def cover(rules: int) -> Strategy:
    """Drop the known fronts by at most so many prefixes, at the least collateral.

    Really used: by nobody on record; routers' limits on rules are real. Collateral is counted in
    addresses that whois shows as rented out by providers: what a censor can know. No hindsight
    enters: the cover is made anew from the fronts known now, and replaces the one before.

    Parameters
    ----------
    rules
        Number of prefixes allowed.
    """

    def decide(observation: Observation) -> Decision:
        address = observation.fronts.address[answerable_fronts(observation)]
        if address.size == 0:
            return Decision()
        known = IntervalSet.from_addresses(address)
        targets = Targets.prepare(AddressSet(known, IntervalSet6.empty()))
        frontier = find_covers(targets, _rented_out(observation), rules)
        wanted = cut(observation, frontier.cover(rules).to_set().v4)
        if observation.in_force.count((Mechanism.DROP, wanted)):
            return Decision()
        held = observation.in_force.of(Mechanism.DROP)
        releases = tuple(Order("unblock", entry.addresses) for entry in held)
        return Decision((*releases, Order("block", wanted, reason="cover")), is_whole=True)

    return decide


def _rented_out(observation: Observation) -> Weights:
    """A weight of one on every address that a provider rents out and an entry may hold."""
    assert observation.places is not None
    rented = cut(observation, IntervalSet.union_all(observation.places.addresses))
    return Weights.on_ranges4(rented.start, rented.stop, rented.stop - rented.start)


register(ask.Cover, cover, lambda asked, _: cover(asked.rules))
