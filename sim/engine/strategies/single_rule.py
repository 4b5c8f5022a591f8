"""Strategies of one rule: addresses, prefixes and ranges of providers, names, all but a list."""

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
    enclosing_front,
    open_fronts,
)
from sim.engine.decisions import NO_ADDRESSES, Decision, Mechanism, Observation, Order, Strategy
from sim.engine.strategies.registry import Given, register, seconds
from sim.scenario import strategies as ask
from sim.world.providers import HOSTILE


def none(observation: Observation) -> Decision:
    """Do nothing, and do not look again.

    Really used: the baseline of every comparison.
    """
    return Decision((), None)


register(ask.NoBlocking, none)


def exact(observation: Observation) -> Decision:
    """Drop each discovered address alone, as /32.

    Really used: Russia's register from 2012, Austria 2022, Spain's match days, Piracy Shield.
    """
    return _enclose(ADDRESS_BITS, Mechanism.DROP, observation)


def aggregate(length: int) -> Strategy:
    """Drop the enclosing prefix of a given length.

    Really used: subnets in Russia's register; leased ranges in Piracy Shield.
    """
    return partial(_enclose, length, Mechanism.DROP)


def throttle(length: int) -> Strategy:
    """Degrade the enclosing prefix of a given length instead of dropping it.

    Really used: Russia 2021 (128 kbit/s for one service) and 2025 (16 KB cap on foreign networks).
    """
    return partial(_enclose, length, Mechanism.THROTTLE)


def _enclose(length: int, mechanism: Mechanism, observation: Observation) -> Decision:
    """Block the prefix of a length around each front that is open."""
    around = enclosing_front(observation, length)
    rows = open_fronts(observation, mechanism)
    return Decision(block_around(observation, rows, around, mechanism))


register(ask.Exact, exact)
register(ask.Aggregate, aggregate, lambda asked, _: aggregate(asked.length))
register(ask.Throttle, throttle, lambda asked, _: throttle(asked.length))


def dns(overmatch: float) -> Strategy:
    """Block the target's name in the operators' resolvers.

    Really used: most European orders; evaded by changing the resolver.

    Parameters
    ----------
    overmatch
        Share of other names that the entry matches by accident.
    """
    return _name(overmatch)


def sni(overmatch: float) -> Strategy:
    """Block the target's name where it shows in the TLS handshake.

    Really used: Russia since 2019; a rule on t.co in March 2021 also matched names that contain it.

    Parameters
    ----------
    overmatch
        Share of other names that the pattern matches by accident.
    """
    return _name(overmatch)


def _name(overmatch: float) -> Strategy:
    def decide(observation: Observation) -> Decision:
        if observation.in_force.of(Mechanism.NAME):
            return Decision()
        order = Order(
            "block",
            mechanism=Mechanism.NAME,
            overmatch=overmatch,
            operators=observation.operators,
        )
        return Decision((order,))

    return decide


register(ask.Dns, dns, lambda asked, _: dns(asked.overmatch))
register(ask.Sni, sni, lambda asked, _: sni(asked.overmatch))


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
        order = Order("block", others, operators=observation.operators)
        return Decision((order,))

    return decide


def _listed(given: Given) -> IntervalSet:
    assert given.resolved.allowed is not None
    return given.resolved.line.union(row.prefix for row in given.resolved.allowed.rows)


register(ask.AllowList, allow_list, lambda _, given: allow_list(_listed(given)))


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
