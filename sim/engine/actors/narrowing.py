"""What a censor under pressure does instead of what its strategy asks for: narrow orders.

In: orders that a strategy wants. Out: narrow ones around the open fronts that they would hold, and
whether any of them came to nothing. Pure values.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import length6, n_networks
from sim.engine.coverage import NETWORK_BITS, block_around, enclosing_front, open_fronts
from sim.engine.decisions import Decision, Observation
from sim.engine.orders import BLOCKING, Mechanism, Order


def narrowed(decision: Decision, observation: Observation, length: int) -> tuple[Decision, bool]:
    """Put a prefix around each open front in place of every wider block order that holds it.

    Parameters
    ----------
    length
        Of that prefix.

    Returns
    -------
    decision
        Without the block orders that hold no open front. What belongs together is not taken apart:
        of a replacement only its narrow orders are left, and no withdrawal.
    has_silenced
        Whether there were such orders: they wait until the pressure is over.

    Notes
    -----
    An order of a name, and one that holds no more addresses than the prefix, stays as it is.
    """
    orders: list[Order] = []
    has_silenced = False
    open_rows: dict[Mechanism, NDArray[np.int64]] = {}
    around = enclosing_front(observation, length)
    for order in decision.orders:
        if order.action == "unblock":
            orders += [] if decision.is_whole else [order]
        elif order.mechanism not in BLOCKING or _is_narrow(order.addresses, length):
            orders.append(order)
        else:
            rows = open_rows.get(order.mechanism)
            if rows is None:
                rows = open_rows[order.mechanism] = open_fronts(observation, order.mechanism)
            if rows.size:
                rows = _within(order.addresses, observation.fronts.address, rows)
            found = block_around(observation, rows, around, order.mechanism) if rows.size else ()
            if order.operators != observation.operators:
                found = tuple(replace(one, operators=order.operators) for one in found)
            orders += found
            has_silenced = has_silenced or not found
    return Decision(tuple(orders), decision.next_look_s), has_silenced


def _within(
    addresses: IntervalSet, address: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Those of some fronts that a set holds."""
    if rows.size > 1:
        return rows[addresses.contains(address[rows])]
    # Of the many orders that are asked for around all known fronts nearly none is near.
    one = address.item(rows.item(0))
    is_near = addresses.start.item(0) <= one < addresses.stop.item(-1)
    return rows if is_near and addresses.holds(one) else rows[:0]


# The same wide orders are asked for at every decision.
@lru_cache(maxsize=2**14)
def _is_narrow(addresses: IntervalSet, length: int) -> bool:
    """Whether a set has no more of either family than a prefix of a given length."""
    most = 1 << max(NETWORK_BITS - length6(length), 0)
    return addresses.n_addresses <= 1 << (32 - length) and n_networks(addresses) <= most
