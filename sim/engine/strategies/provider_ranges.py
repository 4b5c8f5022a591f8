"""Ranges of the provider around an address: what whois tells a censor."""

from functools import cache, partial

import numpy as np

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.ipv6 import IPV6_BITS
from sim.addresses.sets.line import length6
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.strategies.coverage import (
    ADDRESS_BITS,
    block_around,
    enclosing,
    open_fronts,
)
from sim.engine.strategies.registry import register
from sim.scenario import strategies as ask
from sim.world.providers import Places

NETWORK_BITS = 64
"""Length of the network of one customer in IPv6."""


def covering_prefix(purity: float, shortest: int) -> Strategy:
    """Drop the largest prefix around the address that is nearly all the provider's.

    Really used: April 2018; almost every order of those days is a prefix wholly one provider's.

    Parameters
    ----------
    purity
        Least share of the prefix's addresses that must be the provider's.
    shortest
        Shortest prefix considered.
    """

    # What pressure or a limit refuses is worked out at every decision.
    around = cache(partial(largest_prefix, purity=purity, shortest=shortest))

    def decide(observation: Observation) -> Decision:
        places, fronts = _places(observation), observation.fronts
        return Decision(
            block_around(
                observation,
                open_fronts(observation),
                lambda row: around(places, int(fronts.provider_row[row]), int(fronts.address[row])),
            )
        )

    return decide


def provider_region(observation: Observation) -> Decision:
    """Drop everything the provider has in the region of the address.

    Really used: Iran and Russia against single data-centre regions.
    """

    def around(row: int) -> IntervalSet:
        places = _places(observation)
        address = observation.fronts.address[row : row + 1]
        for addresses in places.addresses:
            if addresses.contains(address)[0]:
                return addresses
        return enclosing(int(address[0]), ADDRESS_BITS, observation.line)

    return Decision(block_around(observation, open_fronts(observation), around))


def provider(observation: Observation) -> Decision:
    """Drop everything the provider has.

    Really used: whole hosting networks throttled or dropped in Russia in 2025.
    """
    return Decision(
        block_around(
            observation,
            open_fronts(observation),
            lambda row: _places(observation).provider_addresses(
                int(observation.fronts.provider_row[row])
            ),
        )
    )


def prefix_around(observation: Observation, row: int, purity: float, shortest: int) -> IntervalSet:
    """Largest prefix around a known front of which at least ``purity`` is its provider's."""
    fronts = observation.fronts
    provider_row, address = int(fronts.provider_row[row]), int(fronts.address[row])
    return largest_prefix(_places(observation), provider_row, address, purity, shortest)


def largest_prefix(
    places: Places, provider_row: int, address: int, purity: float, shortest: int
) -> IntervalSet:
    """Largest prefix around an address of which at least ``purity`` is a provider's."""
    if address >= IPV4_STOP:
        return _largest_prefix6(places, provider_row, address, purity, shortest)
    mine = places.provider_addresses(provider_row)
    length = np.arange(shortest, ADDRESS_BITS)
    size = 1 << (ADDRESS_BITS - length)
    start = address // size * size
    is_pure = mine.count_below(start + size) - mine.count_below(start) >= purity * size
    largest = int(length[is_pure.argmax()]) if is_pure.any() else ADDRESS_BITS
    return enclosing(address, largest)


def _largest_prefix6(
    places: Places, provider_row: int, position: int, purity: float, shortest: int
) -> IntervalSet:
    """The same of IPv6: no shorter than ``length6`` says, /64 at most, or the address alone."""
    (number,) = places.line.numbers(np.array([position], np.int64))
    for length in range(length6(shortest), NETWORK_BITS + 1):
        size = 1 << (IPV6_BITS - length)
        start = number // size * size
        held = places.n_below6(provider_row, start + size) - places.n_below6(provider_row, start)
        if held >= purity * size:
            return places.line.enclosing6(position, length)
    return enclosing(position, ADDRESS_BITS, places.line)


def _places(observation: Observation) -> Places:
    assert observation.places is not None
    return observation.places


register(
    ask.CoveringPrefix,
    covering_prefix,
    lambda asked, _: covering_prefix(asked.purity, asked.shortest),
)
register(ask.ProviderRegion, provider_region)
register(ask.WholeProvider, provider)
