"""Strategies of one rule: nothing, addresses and prefixes around them, names, all but a list."""

from functools import partial

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.coverage import (
    ADDRESS_BITS,
    block_around,
    enclosing_front,
    open_fronts,
)
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.registry import Given, register
from sim.scenario import strategies as ask


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
