"""The least-collateral cover of what the censor knows."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sim.addresses.cover.frontier import find_covers
from sim.addresses.cover.tree import Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6
from sim.addresses.sets.line import split
from sim.engine.coverage import answerable_fronts, cut
from sim.engine.decisions import Decision, Mechanism, Observation, Order, Strategy
from sim.engine.strategies.registry import register
from sim.scenario import strategies as ask
from sim.world.providers import Places

if TYPE_CHECKING:
    from sim.engine.state.parts import Rows


def cover(rules: int) -> Strategy:
    """Drop the known fronts by at most so many prefixes, at the least collateral.

    Really used: by nobody on record; routers' limits on rules are real. Collateral is counted in
    addresses that whois shows as rented out by providers: what a censor can know. No hindsight
    enters: the cover is recomputed from the fronts known now, and replaces the one before. A front
    of IPv6 stands for its /64, and a /64 weighs as much as an address of IPv4: one customer's.

    Parameters
    ----------
    rules
        Number of prefixes allowed.
    """

    # A program that only looks at strategies needs no compiler.
    from sim.engine.state.cover_kernel import find_least_cover

    # What is rented out, and what is exempt, stays as it is in a run.
    rented_out, rented_out4 = cache(_rented_out), cache(_rented_out4)

    def decide(observation: Observation) -> Decision:
        address = observation.fronts.address[answerable_fronts(observation)]
        if address.size == 0:
            return Decision()
        about = observation.places, observation.exempt
        if observation.line.has_ipv6:
            known = split(observation.line.at(address))
            targets = Targets.prepare(AddressSet(known.v4, _networks(known.v6)))
            frontier = find_covers(targets, rented_out(*about), rules)
            covered = observation.line.put(frontier.cover(rules).to_set())
        else:
            bounds = find_least_cover(np.unique(address), *rented_out4(*about), rules)
            covered = IntervalSet.from_bounds(*bounds)
        wanted = cut(observation, covered)
        if observation.in_force.count(observation.key(Mechanism.DROP, wanted)):
            return Decision()
        held = observation.in_force.of(Mechanism.DROP)
        releases = tuple(entry.withdrawal for entry in held)
        order = Order("block", wanted, operators=observation.operators)
        return Decision((*releases, order), is_whole=True)

    return decide


def _rented_out4(places: Places | None, exempt: IntervalSet) -> tuple[Rows, Rows, Rows]:
    """Ranges of IPv4 that providers rent out and an entry may hold, and the addresses before."""
    assert places is not None
    rented = IntervalSet.union_all(places.addresses).difference(exempt)
    size = rented.stop - rented.start
    return rented.start, rented.stop, np.cumsum(size) - size


def _rented_out(places: Places | None, exempt: IntervalSet) -> Weights:
    """A weight of one on every address that a provider rents out and an entry may hold."""
    assert places is not None
    rented = split(IntervalSet.union_all(places.addresses).difference(exempt))
    four, six = rented.v4, _networks(rented.v6)
    return Weights(
        Weights.on_ranges(four.start, four.stop, four.stop - four.start).v4,
        Weights.on_ranges(six.start, six.stop, (six.stop - six.start >> 64).astype(np.float64)).v6,
    )


def _networks(addresses: IntervalSet6) -> IntervalSet6:
    """The /64 networks that a set touches."""
    start, stop = addresses.start >> 64 << 64, -(-addresses.stop >> 64) << 64
    return IntervalSet6.from_bounds(start, stop)


register(ask.Cover, cover, lambda asked, _: cover(asked.rules))
