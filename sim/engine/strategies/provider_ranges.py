"""Ranges of the provider around an address: what whois tells a censor."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np

from sim.addresses.sets.blocks import IPV6_BITS
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.line import IPV4, Line, length6, n_below6
from sim.engine.coverage import (
    ADDRESS_BITS,
    NETWORK_BITS,
    around_front,
    block_around,
    enclosing,
    open_fronts,
)
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import NO_ADDRESSES
from sim.engine.strategies.registry import register, seconds
from sim.scenario import strategies as ask
from sim.world.stances import HOSTILE

SetOf: TypeAlias = Callable[[Observation, int, int], IntervalSet]
"""Set around an address, given the row of its provider."""


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
    return partial(_answer, set_by("provider-prefix", purity, shortest))


def provider_region(observation: Observation) -> Decision:
    """Drop everything the provider has in the region of the address.

    Really used: Iran and Russia against single data-centre regions.
    """
    return _answer(set_by("region"), observation)


def provider(observation: Observation) -> Decision:
    """Drop everything the provider has.

    Really used: whole hosting networks throttled or dropped in Russia in 2025.
    """
    return _answer(set_by("provider"), observation)


def _answer(set_of: SetOf, observation: Observation) -> Decision:
    """Drop the set around each open front."""
    around = around_front(observation, partial(set_of, observation))
    return Decision(block_around(observation, open_fronts(observation), around))


def set_by(rule: int | str, purity: float = ask.NEARLY_ALL, shortest: int = ask.SHORTEST) -> SetOf:
    """Set that a rule puts around an address.

    Parameters
    ----------
    rule
        Length of a prefix, or what whois tells, as ``WidthRule`` of ``sim.scenario.strategies``.
    purity, shortest
        As for the covering prefix, for rules that ask for the largest prefix.
    """
    if isinstance(rule, int):
        return lambda observation, address, _: enclosing(address, rule, observation.line)
    is_prefix, is_regional = rule.endswith("-prefix"), rule.startswith("region")

    def around(observation: Observation, address: int, provider_row: int) -> IntervalSet:
        places, mine = observation.places, NO_ADDRESSES
        assert places is not None
        if not is_regional:
            mine = places.provider_addresses(provider_row)
        elif (place_row := places.place_of(address)) >= 0:
            mine = places.addresses[place_row]
        if is_prefix:
            return largest_prefix(mine, address, purity, shortest, observation.line)
        if mine.holds(address):
            return mine
        return enclosing(address, ADDRESS_BITS, observation.line)

    return around


# A strategy asks at every decision for orders that pressure or a limit refuses.
@lru_cache(maxsize=2**14)
def largest_prefix(
    mine: IntervalSet, address: int, purity: float, shortest: int, line: Line = IPV4
) -> IntervalSet:
    """Largest prefix around an address, at least ``purity`` of it in a set."""
    if address >= IPV4_STOP:
        return _largest_prefix6(mine, address, purity, shortest, line)
    length = np.arange(shortest, ADDRESS_BITS)
    size = 1 << (ADDRESS_BITS - length)
    start = address // size * size
    below = mine.count_below(np.concatenate((start, start + size)))
    is_pure = below[size.size :] - below[: size.size] >= purity * size
    largest = int(length[is_pure.argmax()]) if is_pure.any() else ADDRESS_BITS
    return enclosing(address, largest)


def _largest_prefix6(
    mine: IntervalSet, position: int, purity: float, shortest: int, line: Line
) -> IntervalSet:
    """The same of IPv6: no shorter than ``length6`` says, /64 at most, or the address alone."""
    (number,) = line.numbers(np.array([position], np.int64))
    for length in range(length6(shortest), NETWORK_BITS + 1):
        size = 1 << (IPV6_BITS - length)
        start = number // size * size
        held = n_below6(mine, start + size) - n_below6(mine, start)
        if held >= purity * size:
            return line.enclosing6(position, length)
    return enclosing(position, ADDRESS_BITS, line)


register(
    ask.CoveringPrefix,
    covering_prefix,
    lambda asked, _: covering_prefix(asked.purity, asked.shortest),
)
register(ask.ProviderRegion, provider_region)
register(ask.WholeProvider, provider)


IN_TALKS = frozenset({"constructive", "compliant"})


def negotiate(talks_s: int, purity: float, shortest: int) -> Strategy:
    """Press providers first; block, by covering prefix, only what refuses.

    Really used: letters to Google, Apple and Amazon in April 2018; Zello; VPN orders in Spain 2026.

    Parameters
    ----------
    talks_s
        Time a provider is given from the discovery of the first front there; who is hostile has
        none.
    purity, shortest
        As for the covering prefix.
    """
    largest = set_by("provider-prefix", purity, shortest)

    def decide(observation: Observation) -> Decision:
        fronts = observation.fronts
        refusing, looks_s = [], []
        for provider_row in np.unique(fronts.provider_row).tolist():
            over_s = int(fronts.discovered_s[fronts.provider_row == provider_row].min()) + talks_s
            stance = observation.stance[provider_row]
            if stance == HOSTILE:
                refusing.append(provider_row)
            elif observation.t_s < over_s:
                looks_s.append(over_s)
            elif stance not in IN_TALKS:
                refusing.append(provider_row)
        rows = open_fronts(observation)
        rows = rows[np.isin(fronts.provider_row[rows], refusing)]
        around = around_front(observation, partial(largest, observation))
        orders = block_around(observation, rows, around)
        return Decision(orders, min(looks_s, default=None))

    return decide


register(
    ask.Negotiate,
    negotiate,
    lambda asked, _: negotiate(seconds(asked.talks_h), asked.purity, asked.shortest),
)
