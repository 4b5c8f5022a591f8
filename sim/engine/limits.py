"""What holds a censor back: orders a day, addresses in all, rules in all, exempt addresses.

In: orders a strategy wants. Out: those that fit. Pure values; nothing is kept for later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sim.addresses.intervals import IntervalSet
from sim.engine.orders import Entry, Order

UNLIMITED = 2**62


@dataclass(frozen=True)
class Limits:
    """Limits of a censor.

    Attributes
    ----------
    orders_per_day, max_addresses, max_rules
        Block orders in a day, addresses listed, prefixes in force.
    exempt
        Addresses cut out of every order.
    """

    orders_per_day: int = UNLIMITED
    max_addresses: int = UNLIMITED
    max_rules: int = UNLIMITED
    exempt: IntervalSet = IntervalSet.empty()


def admit(
    orders: Iterable[Order], in_force: Iterable[Entry], n_today: int, limits: Limits
) -> list[Order]:
    """Orders that fit, in sequence; an order that does not fit is left out.

    Parameters
    ----------
    in_force
        Entries in force before the first order.
    n_today
        Block orders already placed today.
    """
    held = [(entry.order.key, n_rules_of(entry.order)) for entry in in_force]
    admitted = []
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
            n_rules = n_rules_of(order)
            listed = IntervalSet.union_all([order.addresses, *(key[1] for key, _ in held)])
            if (
                n_today >= limits.orders_per_day
                or listed.n_addresses > limits.max_addresses
                or n_rules + sum(n for _, n in held) > limits.max_rules
            ):
                continue
            n_today += 1
            held.append((order.key, n_rules))
        admitted.append(order)
    return admitted


def n_rules_of(order: Order) -> int:
    """Rules an order takes: prefixes of its addresses, or one for a name."""
    return max(1, order.addresses.to_prefixes()[0].size)
