"""What a censor may order, what it orders under pressure, and what it withdraws by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, compress

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import length6, n_networks
from sim.engine.decisions import (
    BLOCKING,
    NETWORK_BITS,
    NO_ADDRESSES,
    Decision,
    Entry,
    InForce,
    Key,
    Mechanism,
    Observation,
    Order,
    block_around,
    enclosing_front,
    open_fronts,
)
from sim.scenario.reactions import Censor

UNLIMITED = float("inf")


class Hold(Enum):
    """The limit that refused a block order; the first in this sequence if several did."""

    PAUSE = "pause"
    DAY = "day"
    RULES = "rules"
    ADDRESSES = "addresses"

    # The hash of Enum is a function of Python.
    __hash__ = object.__hash__


@dataclass(frozen=True)
class Limits:
    """Limits of a censor."""

    orders_per_day: float = UNLIMITED
    max_addresses: float = UNLIMITED
    max_rules: float = UNLIMITED
    """Block orders in a day, addresses listed, prefixes of entries that block."""
    exempt: IntervalSet = NO_ADDRESSES
    """Addresses cut out of every order."""
    is_pausing: bool = False
    """Whether no block order is placed at all."""

    @classmethod
    def of(cls, rules: Censor | None, exempt: IntervalSet) -> Limits:
        """Return the limits that a scenario sets; what it leaves out holds nothing back."""
        keys = "orders_per_day", "max_addresses", "max_rules"
        given = {key: getattr(rules, key, None) for key in keys}
        # Zero is a limit, and not the absence of one.
        limits = {key: limit for key, limit in given.items() if limit is not None}
        return cls(**limits, exempt=exempt)


@dataclass(slots=True, eq=False)
class Admission:
    """The orders of one decision that were placed, and why others were refused."""

    orders: list[Order] = field(default_factory=list)
    """Those that are placed, in sequence."""
    holds: frozenset[Hold] = frozenset()
    """The limits that refused the others. An order that holds only exempt addresses, or that
    withdraws what is not in force, has no hold: it never becomes possible."""


def admit(
    orders: Sequence[Order],
    in_force: InForce,
    n_today: int,
    limits: Limits,
    *,
    is_whole: bool = False,
) -> Admission:
    """Place the orders that fit, in sequence; orders that do not fit are refused.

    Parameters
    ----------
    in_force
        Entries in force before the first order.
    n_today
        Block orders already placed today.
    is_whole
        Whether nothing is admitted if an order does not fit.
    """
    then = _Then(in_force)
    admitted: list[Order] = []
    holds: set[Hold] = set()
    for wanted in orders:
        order = wanted
        if limits.exempt:
            order = replace(wanted, addresses=wanted.addresses.difference(limits.exempt))
            if wanted.addresses and not order.addresses:
                continue
        if order.action == "unblock":
            if not then.withdraw(order):
                continue
        else:
            hold = _hold_of(order, then, n_today, limits)
            if hold is not None:
                holds.add(hold)
                continue
            n_today += 1
            then.add(order)
        admitted.append(order)
    is_void = is_whole and len(admitted) < len(orders)
    return Admission([] if is_void else admitted, frozenset(holds))


class _Then:
    """The entries in force after some orders of a decision, as a difference to those of now."""

    def __init__(self, now: InForce) -> None:
        self._now = now
        self._added: list[Order] = []
        self._n_withdrawn: dict[Key, int] = {}
        self.n_rules = now.n_rules

    def add(self, order: Order) -> None:
        """Note a block order."""
        self._added.append(order)
        self.n_rules += _budgeted(order)

    def withdraw(self, order: Order) -> bool:
        """Take out an entry that an order withdraws; return whether there is one."""
        n_withdrawn = self._n_withdrawn.get(order.key, 0)
        if self._now.count(order.key) > n_withdrawn:
            self._n_withdrawn[order.key] = n_withdrawn + 1
        elif order.key in (keys := [added.key for added in self._added]):
            del self._added[keys.index(order.key)]
        else:
            return False
        self.n_rules -= _budgeted(order)
        return True

    def n_listed(self, order: Order) -> int:
        """Addresses that are listed with one more order, of the family with more."""
        exempt = self._list_addresses((Mechanism.EXEMPT,), order)
        return n_counted(self._list_addresses(BLOCKING, order).difference(exempt))

    def _list_addresses(self, mechanisms: Collection[Mechanism], order: Order) -> IntervalSet:
        if self._n_withdrawn:
            left = self._n_withdrawn.copy()
            held = []
            for entry in self._now:
                if left.get(entry.order.key, 0) > 0:
                    left[entry.order.key] -= 1
                elif entry.mechanism in mechanisms:
                    held.append(entry.addresses)
        else:
            held = [self._now.list_addresses(mechanism) for mechanism in mechanisms]
        added = (one.addresses for one in (*self._added, order) if one.mechanism in mechanisms)
        return IntervalSet.union_all([*held, *added])


def _hold_of(order: Order, then: _Then, n_today: int, limits: Limits) -> Hold | None:
    """First of the limits that a block order does not fit; None if it fits."""
    if limits.is_pausing:
        return Hold.PAUSE
    if n_today >= limits.orders_per_day:
        return Hold.DAY
    # What takes no rule, or lists nothing, cannot go over the limit on it.
    if limits.max_rules != UNLIMITED and 0 < _budgeted(order) > limits.max_rules - then.n_rules:
        return Hold.RULES
    is_limited = order.mechanism in BLOCKING and limits.max_addresses != UNLIMITED
    return Hold.ADDRESSES if is_limited and then.n_listed(order) > limits.max_addresses else None


def _budgeted(order: Order) -> int:
    """Rules that count in the censor's budget: an exemption is granted, not spent."""
    return order.n_rules if order.mechanism in BLOCKING else 0


def n_counted(addresses: IntervalSet) -> int:
    """Addresses of IPv4, or /64 networks of IPv6 where they are more: a limit holds each alone."""
    return max(addresses.n_addresses, n_networks(addresses))


def narrowed(decision: Decision, observation: Observation, length: int) -> tuple[Decision, bool]:
    """Put a prefix around each open front in place of every wider block order that holds it.

    Parameters
    ----------
    length
        Of that prefix.

    Returns
    -------
    decision
        Without the block orders that hold no open front. A replacement
        keeps only its narrow orders, and no withdrawal.
    has_silenced
        Whether there were such orders: they wait until the pressure is over.

    Notes
    -----
    An order of a name, and one that holds no more addresses than the prefix, stays as it is.
    """
    orders: list[Order] = []
    has_silenced, asked = False, None
    around = enclosing_front(observation, length)
    for order in decision.orders:
        if order.action == "unblock":
            orders += [] if decision.is_whole else [order]
        elif order.mechanism not in BLOCKING or _is_narrow(order.addresses, length):
            orders.append(order)
        else:
            if order.mechanism is not asked:
                asked = order.mechanism
                rows = open_fronts(observation, asked)
                address = observation.fronts.address[rows]
                # Mostly one front is open, and nearly no order holds it.
                few = address.tolist() if address.size < _SEVERAL else []
            if (few and not any(map(order.addresses.holds, few))) or not address.size:
                has_silenced = True
                continue
            held = rows[order.addresses.contains(address)]
            found = block_around(observation, held, around, asked) if held.size else ()
            if order.operators != observation.operators:
                found = tuple(replace(one, operators=order.operators) for one in found)
            orders += found
            has_silenced = has_silenced or not found
    return Decision(tuple(orders), decision.next_look_s), has_silenced


_SEVERAL = 8
"""So many addresses are looked up as a column."""


# The same wide orders are asked for at every decision.
@lru_cache(maxsize=2**14)
def _is_narrow(addresses: IntervalSet, length: int) -> bool:
    """Whether a set has no more of either family than a prefix of a given length."""
    most = 1 << max(NETWORK_BITS - length6(length), 0)
    return addresses.n_addresses <= 1 << (32 - length) and n_networks(addresses) <= most


_STANDING = 1 << 62
"""When a front that stands was there last."""


@dataclass(frozen=True)
class Review:
    """How often a censor looks at what is in force, and what it then withdraws."""

    every_s: int
    """Time between two reviews, the first so long after the start."""
    silent_s: int
    """Time without a known front that stands, after which an entry is withdrawn."""
    n_addresses: float
    """Addresses that one review withdraws at most."""

    def withdrawn(
        self,
        entries: Iterable[Entry],
        t_s: int,
        standing: NDArray[np.int64],
        gone: NDArray[np.int64],
        gone_s: NDArray[np.int64],
        compliant: IntervalSet,
    ) -> list[Entry]:
        """Return the entries to withdraw, oldest first.

        Parameters
        ----------
        entries
            Those in force that block, oldest first.
        standing
            Addresses of known fronts that are not gone.
        gone, gone_s
            Addresses of fronts that were known when they went, and when that was.
        compliant
            Addresses of providers that comply.

        Notes
        -----
        An entry of more addresses than are left of ``n_addresses`` is passed over. Entries of names
        are not looked at.
        """
        looked_at = [entry for entry in entries if entry.n_rules]
        if not looked_at:
            return []
        ranges = _Ranges.of([entry.addresses for entry in looked_at])
        placed_s = np.array([entry.placed_s for entry in looked_at], np.int64)
        known_s = np.append(gone_s, np.full(standing.size, _STANDING))
        last_s = np.maximum(placed_s, ranges.latest(np.append(gone, standing), known_s))
        is_due = (t_s - last_s >= self.silent_s) | ranges.are_within(compliant)
        left = self.n_addresses
        chosen: list[Entry] = []
        for row in np.flatnonzero(is_due & (last_s < _STANDING)).tolist():
            n = n_counted(looked_at[row].addresses)
            if n <= left:
                chosen.append(looked_at[row])
                left -= n
        return chosen


@dataclass(frozen=True, eq=False)
class _Ranges:
    """Intervals of some sets of addresses, none of them empty, one set after the other."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, sets: Sequence[IntervalSet]) -> _Ranges:
        """Intervals of some sets."""
        n = np.array([addresses.start.size for addresses in sets], np.int64)
        return cls(
            np.concatenate([NO_ADDRESSES.start, *(addresses.start for addresses in sets)]),
            np.concatenate([NO_ADDRESSES.stop, *(addresses.stop for addresses in sets)]),
            np.cumsum(n) - n,
        )

    def latest(self, address: NDArray[np.int64], t_s: NDArray[np.int64]) -> NDArray[np.int64]:
        """Latest time at an address that each set holds; before all times where it holds none."""
        ascending = np.argsort(address)
        low, high = np.searchsorted(address[ascending], (self.start, self.stop))
        latest = np.full(low.size, np.iinfo(np.int64).min)
        is_met = low < high
        if is_met.any():
            # Of pairs of bounds every second piece lies between two ranges; the last has an end.
            bound = np.stack((low[is_met], high[is_met]), axis=1).ravel()
            padded = np.append(t_s[ascending], 0)
            latest[is_met] = np.maximum.reduceat(padded, bound)[::2]
        return np.maximum.reduceat(latest, self.first)

    def are_within(self, addresses: IntervalSet) -> NDArray[np.bool_]:
        """Whether each set is part of another."""
        if not addresses:
            return np.zeros(self.first.size, np.bool_)
        row = np.searchsorted(addresses.start, self.start, side="right") - 1
        is_within = (row >= 0) & (self.stop <= addresses.stop[row])
        return np.logical_and.reduceat(is_within, self.first)


def within(entries: Iterable[Entry], addresses: IntervalSet) -> list[Entry]:
    """Return the entries of addresses that are all part of a set, oldest first."""
    meant = [entry for entry in entries if entry.n_rules]
    is_within = _Ranges.of([entry.addresses for entry in meant]).are_within(addresses)
    return list(compress(meant, is_within))


def withdrawn(entries: Iterable[Entry], share: float) -> list[Entry]:
    """Return the entries to withdraw: the oldest, as few as hold the share that is asked for.

    Parameters
    ----------
    entries
        Those in force that block, oldest first.

    Notes
    -----
    Entries of names are not looked at. Addresses in several entries count in each. A share is taken
    as the decimal number that it is written as, so that no rounding decides on an entry.
    """
    meant = [entry for entry in entries if entry.n_rules]
    sums = list(accumulate(n_counted(entry.addresses) for entry in meant))
    wanted = Fraction(str(share)) * sums[-1] if sums else Fraction(0)
    # An entry goes if those before it hold less than is wanted.
    return [entry for entry, before in zip(meant, [0, *sums], strict=False) if before < wanted]
