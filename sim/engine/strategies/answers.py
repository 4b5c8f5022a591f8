"""Strategies that answer what the censor sees: by one rule, a ladder of rules, or a cover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sim.addresses.cover.frontier import find_covers
from sim.addresses.cover.tree import Targets, WeightedRanges, Weights
from sim.addresses.sets.blocks import IPV6_BITS
from sim.addresses.sets.intervals import IPV4_STOP, AddressSet, IntervalSet, IntervalSet6
from sim.addresses.sets.line import IPV4, Line, length6, n_below6, split
from sim.engine.decisions import (
    ADDRESS_BITS,
    NETWORK_BITS,
    NO_ADDRESSES,
    Decision,
    InForce,
    Mechanism,
    Observation,
    Order,
    SetOfFront,
    Strategy,
    answerable_fronts,
    around_front,
    block_around,
    cut,
    enclosing,
    enclosing_front,
    open_fronts,
)
from sim.engine.state.ledger import SLACK
from sim.engine.strategies.registry import register, seconds
from sim.scenario import strategies as ask
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.providers import HOSTILE, NOT_KNOWN, Places

if TYPE_CHECKING:
    from sim.engine.state.parts import Rows


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
register(ask.Aggregate, aggregate, lambda asked, *_: aggregate(asked.length))
register(ask.Throttle, throttle, lambda asked, *_: throttle(asked.length))


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
            "block", mechanism=Mechanism.NAME, overmatch=overmatch, operators=observation.operators
        )
        return Decision((order,))

    return decide


register(ask.Dns, dns, lambda asked, *_: dns(asked.overmatch))
register(ask.Sni, sni, lambda asked, *_: sni(asked.overmatch))


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
        return Decision((Order("block", others, operators=observation.operators),))

    return decide


def _allow_listed(_: ask.AllowList, resolved: Resolved, __: Streams) -> Strategy:
    assert resolved.allowed is not None
    return allow_list(resolved.line.union(row.prefix for row in resolved.allowed.rows))


register(ask.AllowList, allow_list, _allow_listed)


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


def largest_prefix(
    mine: IntervalSet, address: int, purity: float, shortest: int, line: Line = IPV4
) -> IntervalSet:
    """Largest prefix around an address, at least ``purity`` of it in a set."""
    if address >= IPV4_STOP:
        return _largest_prefix6(mine, address, purity, shortest, line)
    # A program that only looks at strategies needs no compiler.
    from sim.engine.state.cover_kernel import largest_length

    length = largest_length(mine.start, mine.stop, mine.n_before, address, purity, shortest)
    return enclosing(address, length)


# A strategy asks at every decision for orders that pressure or a limit refuses.
@lru_cache(maxsize=2**14)
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
    lambda asked, *_: covering_prefix(asked.purity, asked.shortest),
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
        return Decision(block_around(observation, rows, around), min(looks_s, default=None))

    return decide


register(
    ask.Negotiate,
    negotiate,
    lambda asked, *_: negotiate(seconds(asked.talks_h), asked.purity, asked.shortest),
)


StepOf: TypeAlias = Callable[[IntervalSet], int | None]
"""Step that asked for a set of addresses, the first of several; None if none did."""


def escalate(
    rules: Sequence[int | str],
    patience_s: int,
    goal: float,
    purity: float = ask.NEARLY_ALL,
    shortest: int = ask.SHORTEST,
) -> Strategy:
    """Answer every known front by a wider rule after each patience, while the goal is missed.

    Really used: April 2018, from single addresses to /15, /12 and /10 in two days.

    Parameters
    ----------
    rules
        From narrow to wide: lengths of prefixes, and rules that whois tells a censor, as
        ``Escalate.rules`` of ``sim.scenario.strategies`` names them.
    patience_s
        Time a step is given before the next.
    goal
        Share of the target's users reached below which the censor is content.
    purity, shortest
        As for the covering prefix, for rules that ask for the largest prefix.

    Notes
    -----
    The step is read off the register: it is the widest rule that an entry in force follows, and it
    began when the first entry of that rule was placed. A step that would list nothing that is not
    listed likewise is skipped.
    """
    sets = [set_by(rule, purity, shortest) for rule in rules]

    # Who holds what, and what is exempt, stays as it is in a run: what is around an address does
    # too, and entries keep their steps. Under pressure the same is asked for at every decision.
    @cache
    def known_in(places: Places | None, exempt: IntervalSet) -> tuple[StepOf, list[SetOfFront]]:
        seen = Observation(0, places=places, exempt=exempt)
        step_of: dict[IntervalSet, int] = {}
        set_at: list[SetOfFront] = [
            cache(partial(_set_at, seen, sets[: step + 1], step_of)) for step in range(len(sets))
        ]
        return step_of.get, set_at

    def decide(observation: Observation) -> Decision:
        step_of, set_at = known_in(observation.places, observation.exempt)
        step, since_s = _step(observation.in_force, step_of)
        is_over = since_s is not None and observation.t_s >= since_s + patience_s
        wider: tuple[int, tuple[Order, ...]] | None = None
        may_widen = is_over and step + 1 < len(sets)
        if may_widen and not observation.target_reached_share < goal - SLACK:
            wider = _wider(observation, set_at, step)
        if wider is not None:
            (step, orders), since_s = wider, observation.t_s
        else:
            around = around_front(observation, set_at[step])
            orders = block_around(observation, open_fronts(observation), around)
        # Before a step's patience is over it looks when it will be, however often it is asked
        # meanwhile; later a step may be refused or the goal missed at any time, and it looks often.
        over_s = (since_s if since_s is not None else observation.t_s) + patience_s
        often_s = observation.t_s + max(patience_s // 4, 1)
        is_last = step + 1 == len(sets) and wider is None
        has_more = not is_last and (orders or since_s is not None)
        look_s = over_s if over_s > observation.t_s else often_s
        return Decision(orders, look_s if has_more else None)

    return decide


def _set_at(
    observation: Observation,
    sets: Sequence[SetOf],
    step_of: dict[IntervalSet, int],
    address: int,
    provider_row: int,
) -> IntervalSet:
    """Set of the last rule around a front; notes which step asks first for this and narrower."""
    around = NO_ADDRESSES
    for step, set_of in enumerate(sets):
        around = set_of(observation, address, provider_row)
        step_of.setdefault(cut(observation, around), step)
    return around


def _wider(
    observation: Observation, set_at: Sequence[SetOfFront], step: int
) -> tuple[int, tuple[Order, ...]] | None:
    """Next step that lists something new around the known fronts, and its orders; None without."""
    n_held, rows = observation.in_force.count, answerable_fronts(observation)
    for wider in range(step + 1, len(set_at)):
        orders = block_around(observation, rows, around_front(observation, set_at[wider]))
        new = tuple(order for order in orders if not n_held(order.key))
        if new:
            return wider, new
    return None


def _step(in_force: InForce, step_of: StepOf) -> tuple[int, int | None]:
    """Step that the register shows, and when it began; the first step and None before it."""
    begun_s = in_force.begun_s(Mechanism.DROP, step_of)
    step = max((step for step in begun_s if step is not None), default=0)
    return step, begun_s.get(step)


register(
    ask.Escalate,
    escalate,
    lambda asked, *_: escalate(
        asked.lengths or asked.rules or (),
        seconds(asked.patience_h),
        asked.goal,
        asked.purity if asked.purity is not None else ask.NEARLY_ALL,
        asked.shortest if asked.shortest is not None else ask.SHORTEST,
    ),
)


def cover(rules: int) -> Strategy:
    """Drop the known fronts by at most so many prefixes, at the least collateral.

    Really used: by nobody on record; routers' limits on rules are real. Collateral is counted in
    addresses that whois shows as rented out by providers: what a censor can know. Where a front is
    of no provider in the tables, all addresses count. No hindsight enters: the cover is recomputed
    from the fronts known now, and replaces the one before. A front of IPv6 stands for its /64, and
    a /64 weighs as much as an address of IPv4: one customer's.

    Parameters
    ----------
    rules
        Number of prefixes allowed.
    """

    from sim.engine.state.cover_kernel import find_least_cover

    # What is rented out, and what is exempt, stays as it is in a run.
    rented_out, rented_out4 = cache(_rented_out), cache(_rented_out4)

    def decide(observation: Observation) -> Decision:
        address = observation.fronts.address[answerable_fronts(observation)]
        if address.size == 0:
            return Decision()
        about = observation.places, observation.exempt, _has_outsiders(observation)
        if observation.line.has_ipv6:
            known = split(observation.line.at(address))
            targets = Targets.prepare(AddressSet(known.v4, _networks(known.v6)))
            texts = find_covers(targets, rented_out(*about), rules).cover(rules).texts()
            covered = [observation.line.put(AddressSet.of(text)) for text in texts]
        else:
            bounds = find_least_cover(np.unique(address), *rented_out4(*about), rules)
            covered = [IntervalSet.from_bounds(*each) for each in zip(*bounds, strict=True)]
        # Operators enforce or leave out each prefix, as they do each address of a list.
        sets = [cut(observation, one) for one in covered]
        orders = [Order("block", one, operators=observation.operators) for one in sets]
        wanted, in_force = {order.key for order in orders}, observation.in_force
        held = in_force.of(Mechanism.DROP)
        releases = [entry.withdrawal for entry in held if entry.order.key not in wanted]
        orders = [order for order in orders if not in_force.count(order.key)]
        return Decision((*releases, *orders), is_whole=bool(releases or orders))

    return decide


def _has_outsiders(observation: Observation) -> bool:
    """Whether a known front is of no provider in the tables."""
    places, row = observation.places, observation.fronts.provider_row
    assert places is not None
    return any(places.provider[one] == NOT_KNOWN for one in np.unique(row).tolist())


def _weighed(places: Places | None, exempt: IntervalSet, has_outsiders: bool) -> IntervalSet:
    """Addresses that providers rent out, or all there are, and that an entry may hold."""
    assert places is not None
    rented = IntervalSet.union_all(places.addresses)
    return (places.line.everything if has_outsiders else rented).difference(exempt)


def _rented_out4(*about: Any) -> tuple[Rows, Rows, Rows]:
    """Ranges of IPv4 that a cover weighs, and the addresses before."""
    rented = _weighed(*about)
    return rented.start, rented.stop, rented.n_before


def _rented_out(*about: Any) -> Weights:
    """A weight of one on every address that a cover weighs."""
    rented = split(_weighed(*about))
    four, six = rented.v4, _networks(rented.v6)
    return Weights(
        WeightedRanges.of(four.start, four.stop, four.stop - four.start),
        WeightedRanges.of(six.start, six.stop, (six.stop - six.start >> 64).astype(np.float64)),
    )


def _networks(addresses: IntervalSet6) -> IntervalSet6:
    """The /64 networks that a set touches."""
    start, stop = addresses.start >> 64 << 64, -(-addresses.stop >> 64) << 64
    return IntervalSet6.from_bounds(start, stop)


register(ask.Cover, cover, lambda asked, *_: cover(asked.rules))
