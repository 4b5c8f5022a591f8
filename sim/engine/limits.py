"""What holds a censor back: a day, addresses, rules, the bar under pressure, exempt addresses.

In: orders a strategy wants. Out: those that fit. Pure values; nothing is kept for later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sim.addresses.intervals import IntervalSet
from sim.engine.orders import BLOCKING, NO_ADDRESSES, Entry, Mechanism, Order, n_rules_of

UNLIMITED = 2**62
Key: TypeAlias = tuple[Mechanism, IntervalSet]


@dataclass(frozen=True)
class Limits:
    """Limits of a censor.

    Attributes
    ----------
    orders_per_day, max_addresses, max_rules
        Block orders in a day, addresses listed, prefixes of entries that block.
    order_addresses
        The bar: addresses that one block order lists outside the target's own.
    exempt
        Addresses cut out of every order.
    own
        Addresses of the target.
    """

    orders_per_day: int = UNLIMITED
    max_addresses: int = UNLIMITED
    max_rules: int = UNLIMITED
    order_addresses: float = UNLIMITED
    exempt: IntervalSet = NO_ADDRESSES
    own: IntervalSet = NO_ADDRESSES

    def under(self, pressure: float) -> Limits:
        """These limits with the bar as pressure leaves it: all of it at 0, nothing from 1 on."""
        if self.order_addresses >= UNLIMITED:
            return self
        return replace(self, order_addresses=self.order_addresses * (1.0 - min(pressure, 1.0)))


def admit(
    orders: Sequence[Order],
    in_force: Iterable[Entry],
    n_today: int,
    limits: Limits,
    *,
    is_whole: bool = False,
) -> list[Order]:
    """Orders that fit, in sequence; an order that does not fit is left out.

    Parameters
    ----------
    in_force
        Entries in force before the first order.
    n_today
        Block orders already placed today.
    is_whole
        Whether nothing is admitted if an order does not fit.
    """
    held = [(entry.order.key, _budgeted(entry.order, entry.n_rules)) for entry in in_force]
    admitted: list[Order] = []
    for wanted in orders:
        order = replace(wanted, addresses=wanted.addresses.difference(limits.exempt))
        if wanted.addresses and not order.addresses:
            continue
        if order.action == "unblock":
            row = next((row for row, (key, _) in enumerate(held) if key == order.key), None)
            if row is None:
                continue
            held.pop(row)
        else:
            n_rules = _budgeted(order, n_rules_of(order))
            # What takes no rule, or lists nothing, cannot go over the limit on it.
            if (
                n_today >= limits.orders_per_day
                or (n_rules and n_rules + sum(n for _, n in held) > limits.max_rules)
                or _is_over_the_bar(order, limits)
                or _is_too_wide(order, held, limits)
            ):
                continue
            n_today += 1
            held.append((order.key, n_rules))
        admitted.append(order)
    return [] if is_whole and len(admitted) < len(orders) else admitted


def _budgeted(order: Order, n_rules: int) -> int:
    """Rules that count in the censor's budget: an exemption is granted, not spent."""
    return n_rules if order.mechanism in BLOCKING else 0


def _is_over_the_bar(order: Order, limits: Limits) -> bool:
    """Whether one order lists more addresses outside the target's own than it may."""
    if order.mechanism not in BLOCKING or limits.order_addresses >= UNLIMITED:
        return False
    return order.addresses.difference(limits.own).n_addresses > limits.order_addresses


def _is_too_wide(order: Order, held: list[tuple[Key, int]], limits: Limits) -> bool:
    """Whether more addresses than allowed would be listed with one more order."""
    if order.mechanism not in BLOCKING or limits.max_addresses >= UNLIMITED:
        return False
    keys = [order.key, *(key for key, _ in held)]
    exempt = IntervalSet.union_all(a for mechanism, a in keys if mechanism is Mechanism.EXEMPT)
    listed = IntervalSet.union_all(a for mechanism, a in keys if mechanism in BLOCKING)
    return listed.difference(exempt).n_addresses > limits.max_addresses
